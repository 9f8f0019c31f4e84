"""Brings back an execution that is over, because somebody asks something of it."""

from __future__ import annotations

from penstock.errors import Conflict, NotFound
from penstock.runtime.active import Active, Draft, draft_of
from penstock.runtime.child import Children
from penstock.runtime.clock import Clock
from penstock.runtime.flows import FlowVersion, InvalidFlow
from penstock.runtime.functions import World
from penstock.runtime.rendering import Renderer
from penstock.store import event as event_store
from penstock.store import execution as execution_store
from penstock.store import log as log_store


def recall(children: Children, world: World, clock: Clock, tenant: str, execution_id: str) -> Draft:
    """The draft of an ended execution as its rows have it. Raises `NotFound` and `Conflict`."""
    with world.database.read() as tx:
        found = execution_store.get(tx, tenant, execution_id)
        if found is None:
            raise NotFound(f"There is no execution {execution_id}.")
        events = event_store.last_numbers(tx, [execution_id])
        lines = log_store.last_numbers(tx, [execution_id])
        version: FlowVersion | None
        reason = "it is not stored any more"
        try:
            version = children.flows.at(
                tx, tenant, found.namespace, found.flow_id, found.flow_revision
            )
        except InvalidFlow as error:
            version, reason = None, str(error)
    if version is None:
        raise Conflict(
            f"Revision {found.flow_revision} of flow {found.namespace}/{found.flow_id} cannot be "
            f"executed: {reason}."
        )
    active = Active(found, version, Renderer(world, clock, found))
    active.event_seq = events.get(execution_id, 0)
    active.log_seq = lines.get(execution_id, 0)
    active.has_timers = True
    draft = draft_of(active)
    draft.is_over = True
    return draft
