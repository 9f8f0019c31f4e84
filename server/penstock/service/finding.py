"""Findings between objects: what would dangle, or no longer fit."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from penstock.errors import InvalidInputs
from penstock.language.flow_test import check_suite, parse_suite
from penstock.language.input_order import Entry, entries
from penstock.language.inputs import is_given, pick, resolve_inputs, unknown_inputs
from penstock.language.references import References
from penstock.model.dynamic import contains_expression
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.input import ChoiceInput
from penstock.model.problem import Problem, Severity
from penstock.plugins.core.trigger.flow import Flow as FlowTrigger
from penstock.service import contract, cycle, foreign, futile, variable_use
from penstock.service.draft import Draft
from penstock.service.file import in_the_way
from penstock.service.objectset import Reference, has_unknown
from penstock.service.world import World

_ABOUT_NAMESPACE = frozenset({"id", "parents", "labels", "description"})


def of_draft(draft: Draft, world: World, severity: Severity) -> list[Problem]:
    """What does not hold between this member and the others."""
    flow = None if draft.reading is None else draft.reading.flow
    if flow is not None:
        return [
            *_subflows(draft, world, severity),
            *contract.of_caller(draft, world, severity, fit=fit),
            *_secrets(draft, flow, world, severity),
            *_variables(draft, flow, world, severity),
            *contract.of_called(draft, flow, world, severity, fit=fit),
            *foreign.denied(draft, world, severity),
            *_upstreams(draft, flow, world, severity),
            *cycle.of_draft(draft, world, severity),
            *futile.of_draft(draft, world, severity),
        ]
    if draft.reference.kind == "namespace":
        return [
            *foreign.of_namespace(draft, world, severity),
            *variable_use.of_namespace(draft, world, severity),
        ]
    if draft.reference.kind == "test":
        return _tested(draft, world, severity)
    if draft.reference.kind == "schedule":
        return _scheduled(draft, world, severity)
    if draft.reference.kind == "file":
        other = world.file_in_the_way(draft.reference)
        return [] if other is None else [in_the_way(draft.reference.id, other)]
    return []


def users(reference: Reference, world: World) -> list[str]:
    """Who would still need an object that goes: references, by name."""
    namespace, name = reference.namespace, reference.id
    if reference.kind == "flow":
        return [
            *(
                str(Reference("flow", *caller))
                for caller in world.callers(namespace, name)
                if caller != (namespace, name)
            ),
            *(
                str(Reference("schedule", namespace, schedule))
                for schedule in world.schedules_of(namespace, name)
            ),
            *(str(test) for test, _ in world.tests_of(namespace, name)),
        ]
    if reference.kind == "secret":
        return [
            str(Reference("flow", home, flow_id))
            for home, flow_id, looks_in in world.readers(name)
            if f"{looks_in}.".startswith(f"{namespace}.") and not world.has_secret(looks_in, name)
        ] + foreign.variables_with(reference, world)
    if reference.kind == "file":
        return [str(Reference("flow", *reader)) for reader in world.file_readers(namespace, name)]
    return world.inside(namespace) if reference.kind == "namespace" else []


def _subflows(draft: Draft, world: World, severity: Severity) -> list[Problem]:
    return [
        _placed(
            draft,
            each.path,
            f"There is no flow {each.namespace}/{each.id}.",
            code="unknown-subflow",
            hint=_near_flow(each.id, world.flow_ids(each.namespace)),
            severity=severity,
            needs=Reference("flow", each.namespace, each.id),
        )
        for each in _references(draft).subflows
        if not world.has_flow(each.namespace, each.id)
    ]


def _upstreams(draft: Draft, flow: Flow, world: World, severity: Severity) -> list[Problem]:
    """Flows after whose executions a trigger waits in vain."""
    named = [
        (f"triggers[{index}].{place}[{number}].flowId", each.namespace, each.flow_id)
        for index, trigger in enumerate(flow.triggers)
        if isinstance(trigger, FlowTrigger)
        for place, others in (
            ("dependsOn", trigger.depends_on),
            ("preconditions.flows", trigger.preconditions.flows if trigger.preconditions else ()),
        )
        for number, each in enumerate(others)
    ]
    return [
        _placed(
            draft,
            path,
            f"The trigger waits for a flow that is not there: {namespace}/{name}.",
            code="unknown-flow",
            hint=_near_flow(name, world.flow_ids(namespace)),
            severity=severity,
            needs=Reference("flow", namespace, name),
        )
        for path, namespace, name in named
        if name is not None
        and not contains_expression(f"{namespace} {name}")
        and not world.has_flow(namespace, name)
    ]


def _near_flow(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean `{close[0]}`?" if close else "Write it first, or in the same set."


def _secrets(draft: Draft, flow: Flow, world: World, severity: Severity) -> list[Problem]:
    found = []
    for each in _references(draft).secrets:
        namespace = each.namespace or flow.namespace
        if not world.has_secret(namespace, each.key):
            close = difflib.get_close_matches(each.key, world.secret_keys(namespace), n=1)
            found.append(
                _placed(
                    draft,
                    each.path,
                    f"The secret `{each.key}` is neither in {namespace} nor above it.",
                    code="missing-secret",
                    hint=f"Did you mean `{close[0]}`?"
                    if close
                    else f"Put it with: penstock secret put {namespace}/{each.key}.",
                    severity=severity,
                    needs=Reference("secret", namespace, each.key),
                )
            )
    return found


def _variables(draft: Draft, flow: Flow, world: World, severity: Severity) -> list[Problem]:
    wanted = _references(draft).variables
    if not wanted:
        return []
    known = world.namespaces.variables(flow.namespace)
    if "$unknown" in known:
        return []
    return [
        _placed(
            draft,
            each.path,
            f"The namespace {flow.namespace} has no variable `{each.keys[0]}`, "
            "neither itself nor from above.",
            code="missing-variable",
            hint=_near(each.keys[0], known),
            severity=severity,
            needs=f"variable/{flow.namespace}/{each.keys[0]}",
        )
        for each in wanted
        if each.keys[0] not in known and each.keys[0] not in _ABOUT_NAMESPACE
    ]


def _tested(draft: Draft, world: World, severity: Severity) -> list[Problem]:
    source = draft.member.spec.get("source")
    parsed = parse_suite(source) if isinstance(source, str) else None
    if parsed is None or parsed.suite is None:
        return []
    namespace, name = draft.reference.namespace, parsed.suite.flow_id
    if not world.has_flow(namespace, name):
        hint = _near_flow(name, world.flow_ids(namespace))
        found = parsed.problem(
            f"There is no flow {namespace}/{name}.", ("flowId",), code="unknown-flow", hint=hint
        )
        needs = (str(Reference("flow", namespace, name)),)
        return [replace(found, severity=severity, needs=needs)]
    flow = world.flow(namespace, name)
    problems = [] if flow is None else check_suite(parsed, flow)
    needs = (str(Reference("flow", namespace, name)),)
    return [replace(problem, severity=severity, needs=needs) for problem in problems]


def _scheduled(draft: Draft, world: World, severity: Severity) -> list[Problem]:
    spec, namespace = draft.member.spec, draft.reference.namespace
    name, inputs = spec.get("flowId"), spec.get("inputs", {})
    if not isinstance(name, str):
        return []
    needs = (str(Reference("flow", namespace, name)),)
    if not world.has_flow(namespace, name):
        return [
            Problem(
                f"There is no flow {namespace}/{name}.",
                path="flowId",
                code="unknown-flow",
                hint=_near_flow(name, world.flow_ids(namespace)),
                severity=severity,
                needs=needs,
            )
        ]
    flow = world.flow(namespace, name)
    if flow is None or not isinstance(inputs, dict):
        return []
    return [
        Problem(
            message,
            path=f"inputs.{key}",
            code="schedule-inputs",
            hint=hint,
            severity=severity,
            needs=needs,
        )
        for key, message, hint in fit(flow, inputs)
    ]


def fit(flow: Flow, given: Mapping[str, Json]) -> list[tuple[str, str, str | None]]:
    """Where inputs written down ahead do not fit: ``(input, sentence, hint)``.

    Values with expressions or unknown parts are taken to fit.
    """
    name = f"{flow.namespace}/{flow.id}"
    declared = {entry.id: entry for entry in entries(flow.inputs)}
    found: list[tuple[str, str, str | None]] = []
    for problem in unknown_inputs(flow.inputs, given):
        key = problem.path.removeprefix("inputs.")
        found.append((key, f"The flow {name} has no input `{key}`.", _near(key, declared)))
    for key, entry in declared.items():
        value = cast("Json", pick(given, key)) if is_given(given, key) else None
        if value is not None and not contains_expression(value) and not has_unknown(value):
            found.extend((key, wrong.message, wrong.hint) for wrong in _wrong(entry, value))
    found.extend(
        (key, f"The flow {name} needs the input `{key}`.", "Give it, or declare a default.")
        for key, entry in declared.items()
        if _is_needed(entry) and not _may_be_given(given, key)
    )
    return found


def _is_needed(entry: Entry) -> bool:
    declared = entry.declared
    return (
        declared.required
        and declared.defaults is None
        and not entry.needs
        and not entry.conditions
        and not getattr(declared, "auto_select_first", False)
    )


def _may_be_given(given: Mapping[str, Json], key: str) -> bool:
    """Whether an input is given, or a group of it that is known only when the flow runs."""
    parts = key.split(".")
    groups = (given.get(".".join(parts[:end])) for end in range(1, len(parts)))
    return is_given(given, key) or any(isinstance(group, str) for group in groups)


def _wrong(entry: Entry, value: Json) -> Sequence[Problem]:
    declared = entry.declared
    if value == "" and not declared.empty_is_value:
        return ()
    if isinstance(declared, ChoiceInput) and declared.expression is not None:
        return ()
    alone = declared.model_copy(update={"id": entry.id, "depends_on": None})
    try:
        resolve_inputs((alone,), {entry.id: value}, lambda text, _: text, seal=lambda text: text)
    except InvalidInputs as error:
        return error.problems
    return ()


def _near(key: str, declared: Mapping[str, object]) -> str | None:
    close = difflib.get_close_matches(key, declared, n=1)
    if close:
        return f"Did you mean `{close[0]}`?"
    return f"It has {', '.join(declared)}." if declared else "It has none."


def _references(draft: Draft) -> References:
    return References() if draft.reading is None else draft.reading.references


def _placed(
    draft: Draft,
    path: str,
    message: str,
    *,
    code: str,
    hint: str | None,
    severity: Severity,
    needs: Reference | str,
) -> Problem:
    place = draft.reading.place(path) if draft.reading is not None else None
    line, column = place or (None, None)
    return Problem(
        message,
        path,
        line,
        column,
        code=code,
        hint=hint,
        severity=severity,
        needs=(str(needs),),
    )
