"""Where a change came from."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.model.frozen import Json


@dataclass(frozen=True, slots=True)
class Provenance:
    """The commit and the run behind a write; every part may be unknown.

    It is stored beside a revision and in the audit event, and never takes part in equality.
    """

    repository: str | None = None
    commit: str | None = None
    path: str | None = None
    dirty: bool | None = None
    run_id: str | None = None
    run_url: str | None = None
    workspace: str | None = None

    def to_json(self) -> dict[str, Json]:
        """The API's form, camelCase, with null for what is unknown."""
        return {
            "repository": self.repository,
            "commit": self.commit,
            "path": self.path,
            "dirty": self.dirty,
            "runId": self.run_id,
            "runUrl": self.run_url,
            "workspace": self.workspace,
        }

    def to_row(self) -> dict[str, Json]:
        """Only what is known, by field name, for a JSON column."""
        found = ((name, getattr(self, name)) for name in self.__slots__)
        return {name: value for name, value in found if value is not None}
