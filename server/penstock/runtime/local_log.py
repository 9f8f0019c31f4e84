"""Reads the log of everything that runs in a store of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from penstock.model.execution import Execution
from penstock.store import execution as execution_store
from penstock.store import log as log_store
from penstock.store.log import LogLine
from penstock.store.session import Database

_PAGE = 1_000
_EXECUTIONS = 100


class LocalLog:
    """Hands each line of all executions of a tenant to `on_line` once, in order of time."""

    def __init__(
        self, database: Database, tenant: str, on_line: Callable[[Execution, LogLine], None]
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._on_line = on_line
        self._seen: dict[str, Execution] = {}
        self._read: dict[str, int] = {}

    def read(self, active: Collection[str]) -> None:
        """Hands on what the `active` executions, and those that are new, have written since."""
        self._hand_on({*self._discover(), *active})

    def read_rest(self) -> None:
        """Hands on all that is left, when nothing runs any more."""
        self._discover()
        self._hand_on(self._seen)

    def _hand_on(self, ids: Iterable[str]) -> None:
        found: list[tuple[LogLine, Execution]] = []
        for id_ in ids:
            lines = self._lines(id_, self._read.get(id_, 0))
            if lines:
                self._read[id_] = lines[-1].seq
                found += [(line, self._seen[id_]) for line in lines]
        for line, execution in sorted(found, key=lambda pair: pair[0].at):
            self._on_line(execution, line)

    def _discover(self) -> list[str]:
        """The executions that began since; they are stored in the order of their creation."""
        fresh: list[str] = []
        cursor: str | None = None
        while True:
            with self._database.read() as tx:
                page = execution_store.page(tx, self._tenant, cursor=cursor, limit=_EXECUTIONS)
            new = [each for each in page.items if each.id not in self._seen]
            self._seen.update((each.id, each) for each in new)
            fresh += [each.id for each in new]
            cursor = page.next_cursor
            if cursor is None or len(new) < len(page.items):
                return fresh

    def _lines(self, execution_id: str, after: int) -> list[LogLine]:
        lines: list[LogLine] = []
        while True:
            with self._database.read() as tx:
                page = log_store.page(tx, self._tenant, execution_id, after=after, limit=_PAGE)
            lines += page
            if len(page) < _PAGE:
                return lines
            after = page[-1].seq
