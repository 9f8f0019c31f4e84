"""The parts that services work with, put together once by `penstock.main`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

from penstock import registry
from penstock.language.defaults import NOTHING, Inherited
from penstock.language.parse import Parsed, parse
from penstock.language.references import References, references
from penstock.model.execution import Execution
from penstock.model.flow import Flow, content_hash
from penstock.secrets.database import SecretStore
from penstock.security.token import Tokens
from penstock.service.isolation import Isolation
from penstock.service.port import Executor, FlowTests, FlowVersions, Renderer
from penstock.service.present import PresentFlows
from penstock.service.surroundings import PluginDefaults
from penstock.storage.base import Storage
from penstock.store.session import Database

_MOST_TEXT = 12 * 1024 * 1024
"""A flow takes up to 25 times the memory of its text, so this is 300 MB at worst."""


class Reading:
    """A flow's text as read once: what it means, and what it refers to."""

    __slots__ = ("__weakref__", "_references", "parsed", "source")

    def __init__(self, parsed: Parsed, source: str) -> None:
        self.parsed = parsed
        self.source = source
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
    """Parsed flow texts by content hash: a text is read once, however often it is planned or
    executed. Those used last are kept, together at most `most` characters of text.
    """

    def __init__(self, most: int = _MOST_TEXT) -> None:
        self._found: OrderedDict[str, tuple[Reading, int]] = OrderedDict()
        self._most = most
        self._size = 0
        self._lock = Lock()

    def get(self, source: str, key: str | None = None, inherited: Inherited = NOTHING) -> Reading:
        """The reading of a text in its surroundings; `key` is its content hash, when known."""
        key = (key or content_hash(source)) + inherited.key
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
                return found[0]
        # pyrefly: ignore[bad-argument-type] - cached functions are functions
        reading = Reading(parse(source, registry, inherited), source)
        with self._lock:
            if key not in self._found and len(source) <= self._most:
                self._found[key] = (reading, len(source))
                self._size += len(source)
            while self._size > self._most:
                self._size -= self._found.popitem(last=False)[1][1]
        return reading


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a service function may need.

    `changed` is called after the commit of every declared change, so that caches of flows look
    again, and when it is told true also the duty that waits for the timetable. `is_leaving` says
    that the server stops. `uploads` is a folder for files that arrive. `state_versions` is how many
    versions of a Terraform state are kept, None when this server keeps no states.
    """

    database: Database
    secrets: SecretStore
    storage: Storage
    uploads: Path
    state_versions: int | None
    tokens: Tokens
    flows: FlowVersions
    present: PresentFlows
    executor: Executor
    tests: FlowTests
    isolation: Isolation
    parses: Parses
    defaults: PluginDefaults
    renderer: Callable[[Execution], Renderer]
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    changed: Callable[[bool], None]
    is_leaving: Callable[[], bool]
