"""Starts executions: the one call that comes a thousand times a second.

`Front` brings it here past the framework's routing; what is done here is only what the answer
needs. Nothing waits for the database while token and flow were seen a moment ago.
"""

from __future__ import annotations

from fastapi import Response
from starlette.concurrency import run_in_threadpool

from penstock.api.access import parse_json
from penstock.api.answer import Answer
from penstock.model.execution import Execution
from penstock.security.caller import Caller
from penstock.service import execution, form
from penstock.service.services import Services


async def start(services: Services, caller: Caller, body: bytes) -> Execution:
    """The execution that a body asks for, once it is committed."""
    wanted = execution.parse_wanted(parse_json(body))
    version = None
    if wanted.revision is None:
        version = services.present.known(caller.tenant, wanted.namespace, wanted.flow_id)
    if version is None:
        version = await run_in_threadpool(execution.find_flow, services, caller, wanted)
    if version.may_wait:
        ready = await run_in_threadpool(execution.prepare, services, caller, wanted, version)
    else:
        ready = execution.prepare(services, caller, wanted, version)
    return await services.executor.accept(
        ready.execution,
        ready.version,
        ready.audit,
        warnings=ready.warnings,
        refusal=ready.refusal,
    )


def answer_of(accepted: Execution) -> Response:
    """The answer about a new execution."""
    return Answer(
        form.execution(accepted),
        status_code=201,
        headers={"Location": f"/api/v1/tenants/{accepted.tenant}/executions/{accepted.id}"},
    )
