"""Says what inputs an execution would have, and starts nothing."""

from __future__ import annotations

from typing import Any

from penstock.engine.start import new_execution
from penstock.language.inputs import Resolved, unknown_inputs
from penstock.model.frozen import Json
from penstock.model.input import ChoiceInput
from penstock.model.problem import Problem
from penstock.model.sealed import MASK
from penstock.security.caller import Caller
from penstock.service.beginning import seen
from penstock.service.execution import Wanted, find_flow
from penstock.service.inputs import Given, examined
from penstock.service.services import Services


def validate(services: Services, caller: Caller, wanted: Wanted) -> dict[str, Json]:
    """What becomes of each input, and everything that would keep the execution from starting.

    Values of secrets are hidden. Raises `NotFound` when there is no such flow.
    """
    version = find_flow(services, caller, wanted)
    flow = version.flow
    provisional = new_execution(
        flow,
        id=services.new_id(),
        tenant=caller.tenant,
        revision=version.revision,
        content_hash=version.content_hash,
        now=services.now(),
    )
    given = Given(wanted.inputs, seen(flow, version.revision))
    found = examined(flow, given, services.renderer(provisional))
    problems = [each.problem for each in found if each.problem is not None]
    if flow.disabled:
        problems.insert(
            0,
            Problem(
                f"The flow {flow.namespace}/{flow.id} is disabled.",
                code="flow-disabled",
                hint="Remove `disabled: true` from it.",
            ),
        )
    warnings = unknown_inputs(flow.inputs, wanted.inputs)
    told: list[Json] = [{**each.to_json()} for each in (*problems, *warnings)]
    inputs: list[Json] = [_form(each) for each in found]
    return {
        "valid": not problems,
        "namespace": flow.namespace,
        "flowId": flow.id,
        "flowRevision": version.revision,
        "flowHash": version.content_hash,
        "inputs": inputs,
        "problems": told,
    }


def _form(found: Resolved) -> dict[str, Json]:
    declared = found.declared
    # Each class has its own `type`.
    kind: Any = getattr(declared, "type", None)
    choices: Json = list(declared.choices()) if isinstance(declared, ChoiceInput) else None
    is_hidden = declared.is_secret and found.value is not None
    return {
        "id": found.id,
        "type": kind,
        "displayName": declared.display_name,
        "description": declared.description,
        "required": declared.required,
        "enabled": found.enabled,
        "isDefault": found.enabled and not found.is_given and found.value is not None,
        "value": MASK if is_hidden else found.value,
        "choices": choices,
        "problem": None if found.problem is None else {**found.problem.to_json()},
    }
