"""Present flows in memory, so that starting an execution asks no database."""

from __future__ import annotations

import time
from collections.abc import Callable

from penstock.errors import NotFound
from penstock.service.port import FlowVersion, FlowVersions
from penstock.store import flow as rows
from penstock.store.session import Database

_SECONDS = 1.0
_SIZE = 10_000


class PresentFlows:
    """The present version of each flow, read again after a second or a change in this process.

    Another server's change counts at most a second later.
    """

    def __init__(
        self,
        database: Database,
        versions: FlowVersions,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._versions = versions
        self._monotonic = monotonic
        self._found: dict[tuple[str, str, str], tuple[float, FlowVersion]] = {}

    def known(self, tenant: str, namespace: str, flow_id: str) -> FlowVersion | None:
        """The flow when it was read a moment ago; never touches the database."""
        found = self._found.get((tenant, namespace, flow_id))
        if found is None or self._monotonic() - found[0] > _SECONDS:
            return None
        return found[1]

    def get(self, tenant: str, namespace: str, flow_id: str) -> FlowVersion:
        """The flow. Raises `NotFound` with the nearest name."""
        known = self.known(tenant, namespace, flow_id)
        if known is not None:
            return known
        # What was read before `forget` goes into what is forgotten by then.
        found, read_at = self._found, self._monotonic()
        with self._database.read() as tx:
            version = self._versions.latest(tx, tenant, namespace, flow_id)
            ids = () if version is not None else rows.ids(tx, tenant, namespace)
        if version is None:
            raise not_found(namespace, flow_id, ids)
        if len(found) >= _SIZE:
            found.clear()
        found[tenant, namespace, flow_id] = (read_at, version)
        return version

    def forget(self) -> None:
        """Something was declared: what is known may be old."""
        self._found = {}


def not_found(namespace: str, flow_id: str, ids: tuple[str, ...]) -> NotFound:
    """There is no such flow; names the nearest of the namespace's `ids`."""
    import difflib  # noqa: PLC0415 - only for this sentence

    close = difflib.get_close_matches(flow_id, ids, n=1)
    hint = f"Did you mean {namespace}/{close[0]}?" if close else None
    return NotFound(f"There is no flow {namespace}/{flow_id}.", hint=hint)
