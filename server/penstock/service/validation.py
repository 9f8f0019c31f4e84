"""Says what inputs an execution would have and which checks would fail, and starts nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from penstock.engine.start import new_execution
from penstock.language.inputs import Resolved, unknown_inputs, values_of
from penstock.model.check import Check, CheckBehavior
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.model.input import ChoiceInput
from penstock.model.problem import Problem, Severity
from penstock.model.sealed import MASK
from penstock.security.caller import Caller
from penstock.service.beginning import seen
from penstock.service.checking import broken
from penstock.service.execution import Wanted, find_flow
from penstock.service.inputs import Given, examined
from penstock.service.port import FlowVersion
from penstock.service.services import Services


def validate(services: Services, caller: Caller, wanted: Wanted) -> dict[str, Json]:
    """What becomes of each input, and everything that would keep the execution from starting.

    Values of secrets are hidden. Raises `NotFound` when there is no such flow.
    """
    version = find_flow(services, caller, wanted)
    flow = version.flow
    provisional = _provisional(services, caller, version, wanted)
    given = Given(wanted.inputs, seen(flow, version.revision))
    renderer = services.renderer(provisional)
    found = examined(flow, given, renderer)
    problems = [each.problem for each in found if each.problem is not None]
    checks: tuple[tuple[Check, str], ...] = ()
    if not problems:
        # Checks see the inputs, so they can be asked only when all of these hold.
        checks = broken(flow, replace(provisional, inputs=values_of(found)), renderer)
        problems += [_failed(check, message) for check, message in checks]
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
    shown: list[Json] = [
        {"message": message, "style": check.style.value, "behavior": check.behavior.value}
        for check, message in checks
    ]
    inputs: list[Json] = [_form(each) for each in found]
    return {
        "valid": not any(each.is_error for each in problems),
        "namespace": flow.namespace,
        "flowId": flow.id,
        "flowRevision": version.revision,
        "flowHash": version.content_hash,
        "inputs": inputs,
        "checks": shown,
        "problems": told,
    }


def _provisional(
    services: Services, caller: Caller, version: FlowVersion, wanted: Wanted
) -> Execution:
    return new_execution(
        version.flow,
        id=services.new_id(),
        tenant=caller.tenant,
        revision=version.revision,
        content_hash=version.content_hash,
        now=services.now(),
        labels=dict(wanted.labels),
    )


def _failed(check: Check, message: str) -> Problem:
    """A check that does not hold; it is no error where the execution runs all the same."""
    runs = check.behavior is CheckBehavior.CREATE_EXECUTION
    severity = Severity.WARNING if runs else Severity.ERROR
    return Problem(message, path="checks", code="check", severity=severity)


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
