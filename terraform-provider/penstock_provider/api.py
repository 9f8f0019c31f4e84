"""The HTTP client: keep-alive, retries with back-off. It blocks: for worker threads.

Nothing of the standard library's HTTP is imported before the first request: many of the processes
that Terraform starts never send one.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from penstock_provider import __version__
from penstock_provider.framework.log import log
from penstock_provider.framework.record import field, record
from penstock_provider.framework.values import JsonValue

if TYPE_CHECKING:
    import http.client
    import socket
    import ssl

Json = dict[str, JsonValue]

API_VERSION = 1
UNKNOWN_TENANT = "unknown-tenant"
_NEW = "Penstock-New-Tenant"


@record(frozen=True)
class Settings:
    """Where the server is, who asks, and how patient to be (``timeout`` in seconds)."""

    endpoint: str
    token: str
    tenant: str = "main"
    owner: str = "terraform:default"
    ca_file: str | None = None
    timeout: float = 30
    max_retries: int = 4
    provenance: Mapping[str, str] = field(default_factory=dict)


@record(frozen=True)
class Problem:
    """One finding of the server; ``line`` and ``column`` count from 1."""

    message: str
    error: bool = True
    path: str = ""
    line: int | None = None
    column: int | None = None
    code: str = ""
    hint: str | None = None
    object: str | None = None
    needs: tuple[str, ...] | None = None
    """Other objects of which a planned change would settle it; None when it is of one alone."""

    def judged(self, *, error: bool) -> Problem:
        """The same as an error, or as a warning."""
        return self._but(error, self.hint)

    def advised(self, hint: str) -> Problem:
        """The same with another hint."""
        return self._but(self.error, hint)

    def _but(self, error: bool, hint: str | None) -> Problem:  # noqa: FBT001 (a field)
        return Problem(
            self.message,
            error,
            self.path,
            self.line,
            self.column,
            self.code,
            hint,
            self.object,
            self.needs,
        )

    @classmethod
    def read(cls, data: JsonValue) -> Problem:
        """Reads the server's form; absent fields get their defaults."""
        given = data if isinstance(data, dict) else {}
        line, column = given.get("line"), given.get("column")
        needs = given.get("needs")
        return cls(
            message=str(given.get("message") or "The server gave no reason."),
            error=given.get("severity") != "warning",
            path=str(given.get("path") or ""),
            line=line if isinstance(line, int) else None,
            column=column if isinstance(column, int) else None,
            code=str(given.get("code") or ""),
            hint=str(given["hint"]) if given.get("hint") else None,
            object=str(given["object"]) if given.get("object") else None,
            needs=tuple(str(each) for each in needs) if isinstance(needs, list) else None,
        )


class ApiError(Exception):
    """A refusal by the server (``status`` >= 400), or none reached (``status`` 0)."""

    def __init__(
        self, status: int, code: str, detail: str, *, problems: tuple[Problem, ...] = ()
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.problems = problems


@record(frozen=True)
class Response:
    """An answer below 400."""

    status: int
    etag: str | None
    raw: bytes = field(repr=False)

    @property
    def json(self) -> Json:
        """The body as an object; an ``ApiError`` when it is none (who answers there?)."""
        data = _parse(self.raw)
        if isinstance(data, dict):
            return data
        raise ApiError(0, "not-penstock", "The answer is not the JSON object that Penstock gives.")


@record(frozen=True)
class Stream:
    """An answer that is read line by line, on a connection of its own."""

    connection: http.client.HTTPConnection
    sock: socket.socket
    answer: http.client.HTTPResponse

    def interrupt(self) -> None:
        """Ends it for whoever reads; from any thread."""
        import socket  # noqa: PLC0415 (most processes never need it)

        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def close(self) -> None:
        """Frees it; nobody may be reading."""
        self.answer.close()
        self.connection.close()


class Tenancy:
    """What is known elsewhere about a tenant that the server does not have."""

    @property
    def is_declared(self) -> bool:
        """Whether this run makes it."""
        return False

    def explained(self, error: ApiError) -> ApiError:
        """The refusal with what helps."""
        return error


class Client:
    """Talks to one tenant of one server; safe to use from many threads."""

    _RETRIED: ClassVar[frozenset[int]] = frozenset({429, 500, 502, 503, 504})
    _REFUSED: ClassVar[frozenset[int]] = frozenset({429, 503})
    _ROUTELESS: ClassVar[frozenset[int]] = frozenset({404, 405})
    _MISUNDERSTOOD: ClassVar[frozenset[int]] = frozenset({400, 422})
    _LONGEST_PAUSE = 30.0

    def __init__(self, settings: Settings) -> None:
        import threading  # noqa: PLC0415 (most processes never make one)
        import urllib.parse  # noqa: PLC0415 (likewise)

        self.settings = settings
        url = urllib.parse.urlsplit(settings.endpoint)
        self._secure = url.scheme == "https"
        self._host = url.hostname or "localhost"
        self._port = url.port or (443 if self._secure else 80)
        tenant = urllib.parse.quote(settings.tenant, safe="")
        self._root = f"{url.path.rstrip('/')}/api/v1"
        self._base = f"{self._root}/tenants/{tenant}"
        self._idle: deque[http.client.HTTPConnection] = deque()
        self._tls: ssl.SSLContext | None = None
        self._version = ""
        self._stopped = threading.Event()
        self.tenancy: Tenancy = Tenancy()
        self.on_stop: list[Callable[[], None]] = []
        self._headers = {
            "Authorization": f"Bearer {settings.token}",
            "User-Agent": f"terraform-provider-penstock/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "Penstock-Owner": settings.owner,
            **settings.provenance,
        }

    def stop(self) -> None:
        """Ends all pauses between attempts and all that is followed; nothing is tried again."""
        self._stopped.set()
        for callback in [*self.on_stop]:
            callback()

    @property
    def stopped(self) -> bool:
        """True once everything shall end."""
        return self._stopped.is_set()

    def pause(self, seconds: float) -> None:
        """Waits, unless everything ends."""
        self._stopped.wait(seconds)

    def close(self) -> None:
        """Closes idle connections."""
        while self._idle:
            self._idle.pop().close()

    def request(
        self,
        method: str,
        path: str,
        body: JsonValue = None,
        *,
        headers: Mapping[str, str] | None = None,
        once: bool = False,
    ) -> Response:
        """One call, repeated while that may help; raises ``ApiError``.

        Paths are below the tenant's base; those of tenants themselves, `/tenants`, are not. What
        must not happen twice is asked for ``once``: it is repeated only when the server has
        refused to begin with it.
        """
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        attempt = 0
        while True:
            pause: float | None = None
            was_new = _NEW in self._headers
            try:
                return self._once(method, path, data, headers=headers or {}, fresh=once)
            except _Retry as retry:
                error, pause = retry.error, retry.pause
            except ApiError as refusal:
                if not was_new and self._expects(refusal):
                    continue
                raise self._explained(refusal, method) from None
            is_last = attempt >= self.settings.max_retries or self._stopped.is_set()
            if is_last or (once and error.status not in self._REFUSED):
                raise error
            attempt += 1
            delay = _delay(attempt) if pause is None else pause
            log(
                "warn",
                "trying again",
                status=error.status,
                attempt=attempt,
                seconds=round(delay, 2),
            )
            if self._stopped.wait(min(delay, self._LONGEST_PAUSE)):
                raise error

    def open(self, path: str, *, headers: Mapping[str, str]) -> Stream:
        """An answer that goes on and on; raises ``ApiError`` or ``OSError``."""
        connection = self._connection()
        try:
            connection.connect()
            sock = connection.sock
            connection.request("GET", self._base + path, headers={**self._headers, **headers})
            answer = connection.getresponse()
        except BaseException:
            connection.close()
            raise
        stream = Stream(connection, sock, answer)
        if answer.status >= 400:  # noqa: PLR2004 (HTTP's own boundary)
            refusal = _refusal(answer.status, answer.read())
            stream.close()
            raise refusal
        return stream

    def _once(
        self,
        method: str,
        path: str,
        data: bytes | None,
        *,
        headers: Mapping[str, str],
        fresh: bool = False,
    ) -> Response:
        base = self._root if path.startswith("/tenants") else self._base
        sent = {**self._headers, **headers}
        if data is not None:
            sent["Content-Type"] = "application/json"
        answer, raw = self._exchange(method, base + path, data, headers=sent, fresh=fresh)
        self._meet(answer)
        if answer.getheader("Content-Encoding") == "gzip":
            import gzip  # noqa: PLC0415 (short answers come plain)

            raw = gzip.decompress(raw)
        if answer.status >= 400:  # noqa: PLR2004 (HTTP's own boundary)
            refusal = _refusal(answer.status, raw)
            if answer.status in self._RETRIED:
                raise _Retry(refusal, _seconds(answer.getheader("Retry-After")))
            raise refusal
        return Response(answer.status, answer.getheader("ETag"), raw)

    def _exchange(
        self,
        method: str,
        address: str,
        data: bytes | None,
        *,
        headers: Mapping[str, str],
        fresh: bool,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        import http.client  # noqa: PLC0415 (most processes never need it)

        kept = None if fresh else self._kept()
        connection = self._connection() if kept is None else kept
        try:
            connection.request(method, address, body=data, headers=headers)
            answer = connection.getresponse()
            raw = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if kept is not None and isinstance(error, ConnectionError):
                # The server may have ended it at this very moment, because it was idle.
                return self._exchange(method, address, data, headers=headers, fresh=True)
            raise _Retry(self._unreachable(error), None) from None
        if answer.will_close:
            connection.close()
        else:
            self._idle.append(connection)
        return answer, raw

    def _meet(self, answer: http.client.HTTPResponse) -> None:
        """Notes the server's version; one that no longer understands us is refused."""
        self._version = answer.getheader("Penstock-Version") or self._version
        spoken = answer.getheader("Penstock-Api-Version")
        if spoken is not None and spoken != str(API_VERSION):
            raise _other_version(answer.status, self._version, spoken)

    def _expects(self, error: ApiError) -> bool:
        """Whether to ask again: the tenant is one that this run makes, and counts as empty."""
        if error.code != UNKNOWN_TENANT or not self.tenancy.is_declared:
            return False
        self._headers[_NEW] = "true"
        return True

    def _explained(self, error: ApiError, method: str) -> ApiError:
        """A refusal of what another version of the server would have understood says so."""
        if error.code == UNKNOWN_TENANT:
            return self.tenancy.explained(error)
        is_route = error.status == 405 or (error.status == 404 and method == "POST")  # noqa: PLR2004 (HTTP's numbers)
        if error.status in self._ROUTELESS and not self._version:
            return self._asked(error)
        if (is_route or error.status in self._MISUNDERSTOOD) and self._version not in {
            "",
            __version__,
        }:
            age = "older" if _numbers(self._version) < _numbers(__version__) else "newer"
            versions = (
                f"The server is Penstock {self._version}, {age} than the provider, {__version__}."
            )
            detail = f"{error.detail}\n{versions}" if error.detail else versions
            return ApiError(error.status, error.code, detail, problems=error.problems)
        return error

    def _asked(self, error: ApiError) -> ApiError:
        """Asks a server that does not tell its version with each answer."""
        try:
            answer = self._once("GET", "/whoami", None, headers={}).json
        except (ApiError, _Retry):
            return error
        if answer.get("apiVersion") == API_VERSION:
            return error
        return _other_version(error.status, answer.get("version"), answer.get("apiVersion"))

    def _kept(self) -> http.client.HTTPConnection | None:
        """An idle connection that the server has not ended in the meantime."""
        import select  # noqa: PLC0415 (most processes never need it)

        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            poll = select.poll()
            poll.register(connection.sock, select.POLLIN)
            # Nothing is expected of it, so what there is to read is its end.
            if not poll.poll(0):
                return connection
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        import http.client  # noqa: PLC0415 (most processes never need it)

        timeout = self.settings.timeout
        if not self._secure:
            return http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        if self._tls is None:
            import ssl  # noqa: PLC0415 (only https needs it)

            try:
                self._tls = ssl.create_default_context(cafile=self.settings.ca_file)
            except OSError as error:
                raise ApiError(0, "ca-file", f"`ca_file` cannot be read: {error}.") from None
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=timeout, context=self._tls
        )

    def _unreachable(self, error: Exception) -> ApiError:
        return ApiError(
            0,
            "unreachable",
            f"{self.settings.endpoint} does not answer ({type(error).__name__}: {error}).",
        )


def _delay(attempt: int) -> float:
    """Seconds: twice as many for each attempt, and not the same for all who wait."""
    import random  # noqa: PLC0415 (hardly ever)

    return 0.2 * 2**attempt * (0.5 + random.random() / 2)  # noqa: S311 (no secret)


class _Retry(Exception):
    def __init__(self, error: ApiError, pause: float | None) -> None:
        super().__init__()
        self.error = error
        self.pause = pause


def _other_version(status: int, version: JsonValue, spoken: JsonValue) -> ApiError:
    return ApiError(
        status,
        "other-version",
        f"The server is Penstock {version} with API version {spoken}; this provider, "
        f"{__version__}, needs {API_VERSION}.",
    )


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


def _parse(raw: bytes) -> JsonValue:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode(errors="replace")


def _refusal(status: int, raw: bytes) -> ApiError:
    data = _parse(raw)
    if not isinstance(data, dict) or "code" not in data:
        return ApiError(status, "", "")
    problems = data.get("problems")
    return ApiError(
        status,
        str(data["code"]),
        str(data.get("detail") or data.get("title") or ""),
        problems=tuple(Problem.read(item) for item in problems)
        if isinstance(problems, list)
        else (),
    )


def _seconds(header: str | None) -> float | None:
    try:
        return float(header) if header else None
    except ValueError:
        return None
