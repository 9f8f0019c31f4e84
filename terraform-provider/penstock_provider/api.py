"""What the server's API and the provider say to each other: settings, answers, refusals."""

from __future__ import annotations

import json
from collections.abc import Mapping

from penstock_provider import __version__
from penstock_provider.framework.record import field, record
from penstock_provider.framework.values import JsonValue

Json = dict[str, JsonValue]

API_VERSION = 1
UNKNOWN_TENANT = "unknown-tenant"


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


def other_version(status: int, version: JsonValue, spoken: JsonValue) -> ApiError:
    """The refusal of a server whose API is another one."""
    return ApiError(
        status,
        "other-version",
        f"The server is Penstock {version} with API version {spoken}; this provider, "
        f"{__version__}, needs {API_VERSION}.",
    )


def _parse(raw: bytes) -> JsonValue:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode(errors="replace")


def refusal(status: int, raw: bytes) -> ApiError:
    """An answer from 400 on; what is no answer of Penstock has no code."""
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
