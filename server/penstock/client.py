"""The API's client: what the command line speaks through."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from penstock.errors import PenstockError, Unavailable
from penstock.model.problem import Problem, Severity

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from penstock.model.frozen import Json

_SECONDS = 60.0
_PAGE = 1_000


class Refused(PenstockError):
    """The server's answer is an error; status, code and problems are the server's."""

    def __init__(
        self, message: str, *, status: int, code: str, title: str, problems: list[Problem]
    ) -> None:
        super().__init__(message, problems=problems)
        self.status = status
        self.code = code
        self.title = title


Asked = str | int | Sequence[str] | None
"""A parameter of a query; several texts are given one by one, None is left out."""


class Client:
    """Calls one server in one tenant. Paths are relative to the tenant, such as ``flows/a/b``;
    those of the whole server begin with a slash, such as ``/tenants``.
    """

    def __init__(self, url: str, token: str | None, *, tenant: str = "main") -> None:
        import httpx  # noqa: PLC0415 - commands without a server stay fast

        self._httpx = httpx
        self.url = url.rstrip("/")
        self._base = f"{self.url}/api/v1/tenants/{quote(tenant, safe='')}/"
        headers = {} if token is None else {"Authorization": f"Bearer {token.strip()}"}
        self._http = httpx.Client(headers=headers, timeout=_SECONDS, trust_env=False)

    def close(self) -> None:
        """Closes idle connections."""
        self._http.close()

    def get(self, path: str, /, **query: Asked) -> Any:  # a JSON document
        """Reads something."""
        return self._call("GET", path, query=query)

    def put(
        self, path: str, body: Json | bytes, headers: Mapping[str, str] | None = None
    ) -> tuple[Any, bool]:  # a JSON document
        """Creates or replaces something; tells whether it is new. Bytes are sent as YAML."""
        response = self._send("PUT", path, body=body, headers=headers)
        return response.json(), response.status_code == 201  # noqa: PLR2004 - Created

    def post(
        self, path: str, body: Json = None, headers: Mapping[str, str] | None = None
    ) -> Any:  # a JSON document
        """Asks for something to be done."""
        response = self._send("POST", path, body=body, headers=headers)
        return response.json() if response.content else None

    def post_form(self, path: str, texts: Mapping[str, str], files: Mapping[str, Path]) -> Any:
        # a JSON document
        """Asks for something to be done with files, which are read as they are sent."""
        with ExitStack() as opened:
            parts = {
                name: (path.name, opened.enter_context(path.open("rb")))
                for name, path in files.items()
            }
            try:
                response = self._http.post(
                    self._base + path, data=dict(texts), files=parts, timeout=None
                )
            except self._httpx.TransportError as error:
                raise self._unreachable(error) from None
        if response.is_error:
            raise _refused(response)
        return response.json()

    def delete(self, path: str, headers: Mapping[str, str] | None = None, **query: Asked) -> None:
        """Removes something."""
        self._send("DELETE", path, headers=headers, query=query)

    def read(self, path: str, query: Mapping[str, str]) -> bytes:
        """Reads an answer that is no JSON."""
        return self._send("GET", path, query=query).content

    def pages(self, path: str, **query: Asked) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page."""
        cursor: str | None = None
        while True:
            found = self.get(path, **{"limit": _PAGE, **query, "cursor": cursor})
            yield from found["items"]
            cursor = found["nextCursor"]
            if cursor is None:
                return

    def events(self, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Server-sent events, as name and JSON, until the server ends the stream."""
        try:
            with self._http.stream("GET", self._base + path, timeout=None) as response:
                if response.is_error:
                    response.read()
                    raise _refused(response)
                name = "message"
                for line in response.iter_lines():
                    field, _, value = line.partition(": ")
                    if field == "event":
                        name = value
                    elif field == "data":
                        yield name, json.loads(value)
        except self._httpx.TransportError as error:
            raise self._unreachable(error) from None

    def _call(self, method: str, path: str, *, query: Mapping[str, Asked]) -> Any:
        # a JSON document
        return self._send(method, path, query=query).json()

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Asked] | None = None,
        body: Json | bytes = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        content = body if isinstance(body, bytes) else None
        sent = dict(headers or {})
        if isinstance(body, bytes):
            sent.setdefault("Content-Type", "application/yaml")
        elif body is not None:
            sent["Content-Type"] = "application/json"
            content = json.dumps(body, ensure_ascii=False).encode()
        known = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            response = self._http.request(
                method, self._address(path), params=known, content=content, headers=sent
            )
        except self._httpx.TransportError as error:
            raise self._unreachable(error) from None
        if response.is_error:
            raise _refused(response)
        return response

    def _address(self, path: str) -> str:
        return f"{self.url}/api/v1{path}" if path.startswith("/") else self._base + path

    def _unreachable(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"Cannot reach {self.url}: {error}.",
            hint="Is the server running (penstock server), and is --url or PENSTOCK_URL right?",
        )


def segment(text: str) -> str:
    """A name as one segment of a path."""
    return quote(text, safe="")


def problem_of(found: Mapping[str, Any]) -> Problem:
    """A problem as the API writes it."""
    return Problem(
        message=str(found.get("message", "")),
        path=str(found.get("path") or ""),
        line=cast("int | None", found.get("line")),
        column=cast("int | None", found.get("column")),
        code=str(found.get("code", "invalid")),
        hint=cast("str | None", found.get("hint")),
        severity=Severity(found.get("severity", "error")),
        object=cast("str | None", found.get("object")),
        file=cast("str | None", found.get("file")),
    )


def _refused(response: httpx.Response) -> PenstockError:
    try:
        found = response.json()
    except ValueError:
        found = None
    if not isinstance(found, dict) or "code" not in found:
        return Refused(
            f"{response.request.url.host} answered {response.status_code}; "
            "it does not seem to be a Penstock server.",
            status=response.status_code,
            code="unexpected-answer",
            title="Unexpected answer",
            problems=[],
        )
    return Refused(
        str(found.get("detail", "")),
        status=response.status_code,
        code=str(found["code"]),
        title=str(found.get("title", "")),
        problems=[problem_of(each) for each in found.get("problems", [])],
    )
