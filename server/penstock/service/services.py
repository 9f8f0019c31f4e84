"""The parts that services work with, put together once by `penstock.main`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from penstock import registry
from penstock.language.parse import Parsed, parse
from penstock.model.execution import Execution
from penstock.model.flow import content_hash
from penstock.secrets.database import SecretStore
from penstock.security.token import Tokens
from penstock.service.port import Executor, FlowVersions, Renderer
from penstock.service.present import PresentFlows
from penstock.store.session import Database

_PARSES = 2_000


class Parses:
    """Parsed flow texts by content hash: a text is read once, however often it is planned."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, Parsed] = OrderedDict()
        self._lock = Lock()

    def get(self, source: str) -> Parsed:
        """The parse of a text."""
        key = content_hash(source)
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
                return found
        found = parse(source, registry)  # pyrefly: ignore[bad-argument-type] - cached functions are functions
        with self._lock:
            self._found[key] = found
            if len(self._found) > _PARSES:
                self._found.popitem(last=False)
        return found


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a service function may need.

    `changed` is called after the commit of every declared change, so that duties that wait
    for the timetable and caches of flows look again.
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
    changed: Callable[[], None]
