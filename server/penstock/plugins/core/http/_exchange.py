"""One HTTP request and its answer, bounded in size, ended at once on cancel."""

from __future__ import annotations

import functools
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar, cast

from penstock.model.frozen import Json
from penstock.plugins.core.http._events import EventDecoder, ServerSentEvent
from penstock.plugins.core.http._options import (
    BasicAuth,
    BearerAuth,
    DigestAuth,
    HttpOptions,
    LogPart,
)
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, TaskFailed

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

MAX_BODY_BYTES = 10 * 1024 * 1024
_SHOWN, _LOOKED_AT = 300, 16 * 1024
_SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie", "set-cookie"}


FilePart = tuple[str, tuple[str | None, IO[bytes] | bytes, str | None]]
"""Field name, then file name, content and type, as a multipart form sends it."""


@dataclass(frozen=True, slots=True)
class Call:
    """What to send; of `content`, `fields` and `files` at most one is given."""

    method: str
    uri: str
    params: Mapping[str, str | list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    fields: Mapping[str, str | list[str]] | None = None
    files: list[FilePart] | None = None

    def with_headers(self, headers: Mapping[str, str]) -> Call:
        """The same with other headers."""
        return replace(self, headers=headers)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the address after redirects, status, headers, decoded text."""

    uri: str
    code: int
    headers: dict[str, list[str]]
    body: str

    def outputs(self, seal: Callable[[str], Json] | None = None) -> Outputs:
        """The task's outputs; with `seal` the body is a secret among them."""
        headers: Json = {name: [*values] for name, values in self.headers.items()}
        body: Outputs = (
            {"body": self.body}
            if seal is None
            else {"body": None, "encryptedBody": seal(self.body)}
        )
        return {"uri": self.uri, "code": self.code, "headers": headers, **body}


@dataclass(frozen=True, slots=True)
class Saved:
    """An answer whose body is in a file: its address, status, headers, and the file's bytes."""

    uri: str
    code: int
    headers: dict[str, list[str]]
    size: int


@dataclass
class Exchange:
    """Sends one request for a task; `stop` may come from another thread."""

    context: RunContext
    options: HttpOptions
    hides_body: bool = False
    _socket: socket.socket | None = None
    _stopped: threading.Event = field(default_factory=threading.Event)

    def send(self, call: Call) -> Answer:
        """Sends; raises `TaskFailed` with a sentence that holds neither query nor credentials."""

        def whole(response: httpx.Response, place: str) -> Answer:
            body = self._read(response, place)
            self._log_body(body)
            return self._answer(response, body, place)

        return self._exchanged(call, whole)

    def save(self, call: Call, target: Path) -> Saved:
        """Sends, and writes the body of the answer to a file as it comes."""

        def stream(response: httpx.Response, place: str) -> Saved:
            self._refuse(response, place)
            size = 0
            with target.open("wb") as file:
                for chunk in self._chunks(response, place):
                    size += file.write(chunk)
            return Saved(str(response.url), response.status_code, _by_name(response), size)

        return self._exchanged(call, stream)

    def listen(self, call: Call, on_event: Callable[[ServerSentEvent], None]) -> str:
        """Sends, and gives each event of the answer's stream until that closes; returns the
        address after redirects.
        """

        def follow(response: httpx.Response, place: str) -> str:
            self._refuse(response, place)
            decoder, size = EventDecoder(), 0
            for chunk in self._chunks(response, place):
                size += len(chunk)
                if size > MAX_BODY_BYTES:
                    raise self._too_large(response, place)
                for event in decoder.feed(chunk):
                    on_event(event)
            return str(response.url)

        return self._exchanged(call, follow)

    def _exchanged(self, call: Call, take: Callable[[httpx.Response, str], T]) -> T:
        import httpx  # noqa: PLC0415 only flows that call services pay for it

        # httpx logs every URL with its query, which may hold a secret.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self.context.on_cancel(self.stop)
        place = call.method
        try:
            with self._client() as client:
                request = self._request(client, call)
                place = f"{request.method} {_public(request.url)}"
                self._log_request(request)
                response = client.send(
                    request, stream=True, follow_redirects=self.options.follow_redirects
                )
                try:
                    if LogPart.RESPONSE_HEADERS in self.options.logs:
                        self.context.log(f"Response headers: {_headers(response.headers)}")
                    return take(response, place)
                finally:
                    response.close()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            if self._stopped.is_set():
                raise _cut_short(place) from None
            raise TaskFailed(f"{place} failed: {_cause(error)}.") from None

    def _request(self, client: httpx.Client, call: Call) -> httpx.Request:
        import httpx  # noqa: PLC0415 see above

        url = httpx.URL(call.uri)
        request = client.build_request(
            call.method,
            # The client's own `params` would drop the query that the uri already has.
            url.copy_merge_params(call.params) if call.params else url,
            headers=call.headers,
            content=call.content,
            data=call.fields,
            files=call.files,
            extensions={"trace": self._trace},
        )
        if request.url.scheme not in ("http", "https") or not request.url.host:
            raise TaskFailed("The uri must begin with http:// or https:// and name a host.")
        if isinstance(self.options.auth, BearerAuth):
            request.headers["Authorization"] = f"Bearer {self.options.auth.token}"
        return request

    def stop(self) -> None:
        """Ends the exchange at once: closing would not wake a thread that waits for bytes."""
        self._stopped.set()
        if self._socket is not None:
            try:
                # The plain method: the one of TLS sockets takes the session away under the reader.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                return

    def _trace(self, event: str, info: Mapping[str, object]) -> None:
        if not event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            return
        stream = info.get("return_value")
        extra = getattr(stream, "get_extra_info", None)
        found = extra("socket") if callable(extra) else None
        if isinstance(found, socket.socket):
            self._socket = found
        if self._stopped.is_set():
            self.stop()

    def _client(self) -> httpx.Client:
        import httpx  # noqa: PLC0415 see above

        options = self.options
        transport = cast("httpx.BaseTransport | None", self.context.transport)
        insecure = options.ssl.insecure_trust_all_certificates
        waits = options.timeout
        return httpx.Client(
            auth=_auth(options),
            proxy=None if transport is not None else _proxy(options),
            transport=transport,
            verify=False if insecure else _certificates(),
            timeout=httpx.Timeout(
                waits.read_idle_timeout.total_seconds(),
                connect=waits.connect_timeout.total_seconds(),
            ),
            # The server's own environment (.netrc, proxy variables) is no business of a flow.
            trust_env=False,
        )

    def _chunks(self, response: httpx.Response, place: str) -> Iterator[bytes]:
        yield from response.iter_bytes()
        if self._stopped.is_set():
            raise _cut_short(place)

    def _read(self, response: httpx.Response, place: str) -> bytes:
        body = bytearray()
        for chunk in self._chunks(response, place):
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise self._too_large(response, place)
        return bytes(body)

    def _too_large(self, response: httpx.Response, place: str) -> TaskFailed:
        return TaskFailed(
            f"{place} answered {response.status_code} with a body over "
            f"{MAX_BODY_BYTES // 1024 // 1024} MiB, which is more than an output may "
            "hold. Ask the service for less at a time."
        )

    def _refuse(self, response: httpx.Response, place: str) -> None:
        """Raises `TaskFailed` for a status that is none of success, before the body is used."""
        if not self._is_failure(response.status_code):
            return
        body = bytearray()
        for chunk in self._chunks(response, place):
            body += chunk
            if len(body) > _LOOKED_AT:
                break
        self._answer(response, bytes(body), place)

    def _is_failure(self, code: int) -> bool:
        options = self.options
        allowed = options.allow_failed or code in options.allowed_response_codes
        return code >= 400 and not allowed  # noqa: PLR2004 HTTP's own border of failure

    def _answer(self, response: httpx.Response, body: bytes, place: str) -> Answer:
        charset = response.charset_encoding or self.options.default_charset
        try:
            text = body.decode(charset, errors="replace")
        except LookupError:
            text = body.decode("utf-8", errors="replace")
        code = response.status_code
        answer = Answer(str(response.url), code, _by_name(response), text)
        if self._is_failure(code):
            shown = "." if self.hides_body else self._first_bytes(text)
            outputs = answer.outputs(self.context.seal if self.hides_body else None)
            raise TaskFailed(f"{place} answered {code}{shown}", outputs=outputs)
        return answer

    def _first_bytes(self, text: str) -> str:
        # Hidden first: of a secret at the cut a piece would be left that nobody knows again.
        shown = " ".join(self.context.mask(text[:_LOOKED_AT])[:_SHOWN].split())
        return f": {shown}" if shown else " without a body."

    def _log_request(self, request: httpx.Request) -> None:
        if LogPart.REQUEST_HEADERS in self.options.logs:
            self.context.log(f"Request headers: {_headers(request.headers)}")
        if LogPart.REQUEST_BODY in self.options.logs:
            self.context.log(f"Request body: {request.read().decode(errors='replace')}")

    def _log_body(self, body: bytes) -> None:
        if LogPart.RESPONSE_BODY in self.options.logs and not self.hides_body:
            self.context.log(f"Response body: {body.decode(errors='replace')}")


def _cut_short(place: str) -> TaskFailed:
    return TaskFailed(f"{place} was cut short: the task was asked to stop.")


def _by_name(response: httpx.Response) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in response.headers.multi_items():
        headers.setdefault(name, []).append(value)
    return headers


def _public(url: httpx.URL) -> str:
    return str(url.copy_with(username=None, password=None, query=None, fragment=None))


def _cause(error: Exception) -> str:
    text = str(error).strip().rstrip(".")
    return text or type(error).__name__


def _headers(headers: httpx.Headers) -> str:
    shown = [
        f"{name}: {'***' if name.lower() in _SECRET_HEADERS else value}"
        for name, value in headers.multi_items()
    ]
    return "; ".join(shown)


def _auth(options: HttpOptions) -> httpx.Auth | None:
    import httpx  # noqa: PLC0415 see above

    match options.auth:
        case BasicAuth(username=username, password=password):
            return httpx.BasicAuth(username, password)
        case DigestAuth(username=username, password=password):
            return httpx.DigestAuth(username, password)
        case BearerAuth() | None:
            return None


def _proxy(options: HttpOptions) -> httpx.Proxy | None:
    import httpx  # noqa: PLC0415 see above

    given = options.proxy
    if given is None or given.type == "DIRECT" or given.address is None:
        return None
    auth = (given.username, given.password or "") if given.username else None
    scheme = "socks5" if given.type == "SOCKS" else "http"
    return httpx.Proxy(f"{scheme}://{given.address}:{given.port}", auth=auth)


@functools.cache
def _certificates() -> ssl.SSLContext:
    """The system's authorities (a company's own among them) and the public ones of certifi."""
    import certifi  # noqa: PLC0415 see above

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
