"""Looks whether a resume would be taken, without doing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from penstock.engine.hold import check_resume
from penstock.engine.operation import ResumeRequested
from penstock.errors import Conflict, NotFound
from penstock.model.frozen import Json
from penstock.security.caller import Caller
from penstock.service.operation import KINDS, Resuming, options_of
from penstock.service.port import Renderer
from penstock.service.services import Services
from penstock.store import execution as rows


@dataclass(frozen=True, slots=True)
class _Ports:
    make_id: Callable[[], str]
    renderer: Renderer

    def new_id(self) -> str:
        return self.make_id()

    def render(self, value: Json, variables: Mapping[str, Json], *, typed: bool = False) -> Json:
        return self.renderer.render(value, variables, typed=typed)

    def seal(self, text: str) -> Json:
        return self.renderer.seal(text)

    def keep(self, task_id: str, task_run_id: str, name: str, records: list[Json]) -> str:
        del task_run_id, records
        raise Conflict(f"The file '{name}' of `{task_id}` is not stored: nothing runs here.")


def validate(services: Services, caller: Caller, execution_id: str, body: Json) -> dict[str, Json]:
    """Says yes. Raises `NotFound`, `Conflict`, and `InvalidInputs` for what a task asks."""
    options = options_of(KINDS["resume"], body)
    assert isinstance(options, Resuming)
    with services.database.read() as tx:
        found = rows.get(tx, caller.tenant, execution_id)
        if found is None:
            raise NotFound(f"There is no execution {execution_id}.")
        version = services.flows.at(
            tx, caller.tenant, found.namespace, found.flow_id, revision=found.flow_revision
        )
    if version is None:
        raise Conflict(f"Revision {found.flow_revision} of its flow is not stored any more.")
    KINDS["resume"].check(found)
    message = ResumeRequested(caller.actor, options.task_run_id, options.inputs)
    ports = _Ports(services.new_id, services.renderer(found))
    check_resume(version.flow, found, message, services.now(), ports)
    return {"valid": True}
