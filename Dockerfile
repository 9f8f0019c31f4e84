# docker build -t penstock . && docker run --init -p 8484:8484 -v penstock:/data penstock
# (--init: what scripts leave behind becomes a child of the first process, which must collect it)
FROM python:3.12-slim AS build
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --wheel-dir /wheels -c constraints.txt '.[duckdb,postgres]'

FROM python:3.12-slim
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels 'penstock[duckdb,postgres]' \
 && useradd --create-home --uid 10001 penstock \
 && install -d -o penstock -g penstock /data
USER penstock
WORKDIR /data
VOLUME /data
EXPOSE 8484
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD \
    ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8484/health/live', timeout=2)"]
ENTRYPOINT ["penstock"]
CMD ["server", "--host", "0.0.0.0", "--data", "/data"]
