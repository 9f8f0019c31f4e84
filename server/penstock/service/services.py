"""The parts that services work with, put together once by `penstock.main`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from penstock import registry
from penstock.language.parse import Parsed, parse
from penstock.language.references import References, references
from penstock.model.execution import Execution
from penstock.model.flow import Flow, content_hash
from penstock.secrets.database import SecretStore
from penstock.security.token import Tokens
from penstock.service.port import Executor, FlowVersions, Renderer
from penstock.service.present import PresentFlows
from penstock.store.session import Database

_PARSES = 2_000


class Reading:
    """A flow's text as read once: what it means, and what it refers to."""

    __slots__ = ("_references", "parsed")

    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        self._references: References | None = None

    @property
    def flow(self) -> Flow | None:
        """The flow, unless there are errors."""
        return self.parsed.flow

    @property
    def references(self) -> References:
        """Its literal references; none of a text with errors."""
        if self._references is None:
            flow = self.parsed.flow
            self._references = References() if flow is None else references(flow)
        return self._references

    def place(self, path: str) -> tuple[int, int] | None:
        """Line and column of a path in the text."""
        return self.parsed.place(path)


class Parses:
    """Parsed flow texts by content hash: a text is read once, however often it is planned."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, Reading] = OrderedDict()
        self._lock = Lock()

    def get(self, source: str) -> Reading:
        """The reading of a text."""
        key = content_hash(source)
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
                return found
        # pyrefly: ignore[bad-argument-type] - cached functions are functions
        found = Reading(parse(source, registry))
        with self._lock:
            self._found[key] = found
            if len(self._found) > _PARSES:
                self._found.popitem(last=False)
        return found


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a service function may need.

    `changed` is called after the commit of every declared change, so that caches of flows look
    again, and when it is told true also the duty that waits for the timetable. `is_leaving` says that
    the server stops.
    """

    database: Database
    secrets: SecretStore
    tokens: Tokens
    flows: FlowVersions
    present: PresentFlows
    executor: Executor
    parses: Parses
    renderer: Callable[[Execution], Renderer]
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    changed: Callable[[bool], None]
    is_leaving: Callable[[], bool]
