"""One shape for everything that is wrong with what a user wrote."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from penstock.model.frozen import Json


class Severity(StrEnum):
    """Whether a problem stops the change."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding: the editor's squiggle, the API's 422, the CLI's caret, Terraform's diagnostic.

    ``path`` is dotted with list indexes (``tasks[0].type``); ``line`` and ``column`` are
    1-based places in the text, or None when there is no text. ``object`` names the member
    of a set (``flow/company.team/hello``), ``file`` the file on the user's disk.
    """

    message: str
    path: str = ""
    line: int | None = None
    column: int | None = None
    code: str = "invalid"
    hint: str | None = None
    severity: Severity = Severity.ERROR
    object: str | None = None
    file: str | None = None
    rename: tuple[str, str] | None = None
    """What is written at the place, and its present spelling, for `penstock fmt`."""
    needs: tuple[str, ...] | None = None
    """Of a finding between objects: those others that its caller may still change, such as
    ``secret/company.team/KEY``, so that it need not hold any more. None of other findings.
    """

    @property
    def is_error(self) -> bool:
        """Whether this problem stops the change."""
        return self.severity is Severity.ERROR

    def of(self, reference: str) -> Problem:
        """The same problem, said of one member of a set."""
        return replace(self, object=reference)

    def to_json(self) -> dict[str, Json]:
        """The API's form."""
        return {
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "severity": self.severity.value,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "object": self.object,
            "file": self.file,
            "needs": None if self.needs is None else [*self.needs],
        }

    def sentence(self) -> str:
        """``file:line:column: message hint`` on one line, for terminals and logs."""
        place = ":".join(
            str(part) for part in (self.file, self.line, self.column) if part is not None
        )
        parts = [f"{place}:" if place else "", f"{self.path}:" if self.path else "", self.message]
        return " ".join([part for part in parts if part] + ([self.hint] if self.hint else []))
