"""One HTTP call to a service of a cloud. No failure quotes what was sent or what came."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field

from penstock_provider.framework.diagnostics import Failure
from penstock_provider.framework.values import JsonValue

_LARGEST = 1024 * 1024
Form = dict[str, JsonValue]


class Refused(Exception):
    """The service answered with an error; ``code`` is its own word for it, if it has one."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(status)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Call:
    """What to send, and how to say what it is for: "read secret x"."""

    url: str
    doing: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    data: bytes | None = field(default=None, repr=False)
    method: str | None = None
    seconds: float = 20
    cure: str = "Check the address and that it is reachable from here."
    """What to do when there is no usable answer."""

    def text(self) -> str:
        """The body of the answer. Raises ``Refused``, and ``Failure`` when none came."""
        import http.client  # noqa: PLC0415 (only runs with this resource need it)
        import urllib.error  # noqa: PLC0415 (as above)
        import urllib.request  # noqa: PLC0415 (as above)

        if not self.url.startswith(("https://", "http://")):
            raise Failure(f"Cannot {self.doing}", f"{self.url} is no http(s) address.")
        request = urllib.request.Request(  # noqa: S310 (checked above)
            self.url, data=self.data, headers=dict(self.headers), method=self.method
        )

        class Here(urllib.request.HTTPRedirectHandler):
            """Credentials go where they were meant to go, and nowhere else."""

            # pyrefly: ignore[bad-override] - whatever the six parts are
            def redirect_request(self, *_: object) -> None:
                return None

        opener = urllib.request.build_opener(Here)
        try:
            with opener.open(request, timeout=self.seconds) as response:
                return response.read(_LARGEST).decode()
        except urllib.error.HTTPError as error:
            with error:
                refused = Refused(error.code, _code(error.read(_LARGEST)))
        except (OSError, ValueError, http.client.HTTPException) as error:
            kind = type(error).__name__
            reason = f"{_place(self.url)} gave no usable answer ({kind}). {self.cure}"
            raise Failure(f"Cannot {self.doing}", reason) from None
        raise refused

    def json(self) -> Form:
        """The answer as a JSON object, empty when it is none."""
        text = self.text()
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        return found if isinstance(found, dict) else {}


def _place(url: str) -> str:
    """The address without a query, which may hold more than the place."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _code(body: bytes) -> str:
    """The service's own word for an error: AWS' `__type`, Azure's `error.code`."""
    try:
        found = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(found, dict):
        return ""
    inner = found.get("error")
    code = found.get("__type") or (inner.get("code") if isinstance(inner, dict) else "")
    return code.rpartition("#")[2] if isinstance(code, str) else ""


def refusal(refused: Refused, doing: str, cures: Mapping[int | str, str]) -> Failure:
    """The failure to raise; ``cures`` are what to do, by code or by status."""
    standard = "Try again; if it persists, look into the service's own logs."
    cure = cures.get(refused.code) or cures.get(refused.status) or standard
    code = f" ({refused.code})" if refused.code.isidentifier() else ""
    return Failure(f"Cannot {doing}", f"The service answered {refused.status}{code}. {cure}")
