"""The HTTP client: retries with back-off. It blocks: for worker threads."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from penstock_provider import __version__
from penstock_provider.api import (
    API_VERSION,
    UNKNOWN_TENANT,
    ApiError,
    Response,
    Settings,
    other_version,
    refusal,
)
from penstock_provider.connection import Connections, Stream
from penstock_provider.framework.log import log
from penstock_provider.framework.values import JsonValue

if TYPE_CHECKING:
    import http.client

_NEW = "Penstock-New-Tenant"


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
        self._connections = Connections(settings)
        tenant = urllib.parse.quote(settings.tenant, safe="")
        self._root = f"{self._connections.path}/api/v1"
        self._base = f"{self._root}/tenants/{tenant}"
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
        self._connections.close()

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
            except ApiError as refused:
                if not was_new and self._expects(refused):
                    continue
                raise self._explained(refused, method) from None
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
        connection = self._connections.fresh()
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
            error = refusal(answer.status, answer.read())
            stream.close()
            raise error
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
            error = refusal(answer.status, raw)
            if answer.status in self._RETRIED:
                raise _Retry(error, _seconds(answer.getheader("Retry-After")))
            raise error
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

        kept = None if fresh else self._connections.kept()
        connection = self._connections.fresh() if kept is None else kept
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
            self._connections.keep(connection)
        return answer, raw

    def _meet(self, answer: http.client.HTTPResponse) -> None:
        """Notes the server's version; one that no longer understands us is refused."""
        self._version = answer.getheader("Penstock-Version") or self._version
        spoken = answer.getheader("Penstock-Api-Version")
        if spoken is not None and spoken != str(API_VERSION):
            raise other_version(answer.status, self._version, spoken)

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
        return other_version(error.status, answer.get("version"), answer.get("apiVersion"))

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


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


def _seconds(header: str | None) -> float | None:
    try:
        return float(header) if header else None
    except ValueError:
        return None
