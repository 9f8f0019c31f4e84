"""Findings about namespaces: what flows use of others, and what they may no longer use."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from penstock.model.frozen import Json
from penstock.model.problem import Problem, Severity
from penstock.service.draft import Draft
from penstock.service.isolation import denial, remedy
from penstock.service.objectset import Reference
from penstock.service.world import World
from penstock.store.flow_reference import FlowReference

_NOUNS = {"flow": "flows", "secret": "secrets", "kv": "key-value pairs", "file": "files"}


def denied(draft: Draft, world: World, severity: Severity) -> list[Problem]:
    """What a flow uses of namespaces that do not allow it."""
    reading = draft.reading
    if reading is None or reading.flow is None:
        return []
    user = reading.flow.namespace
    found = []
    for each in reading.references.uses:
        if not world.namespaces.allows(user, each.namespace):
            line, column = reading.place(each.path) or (None, None)
            found.append(
                Problem(
                    denial(user, each.namespace, _NOUNS[each.kind]),
                    each.path,
                    line,
                    column,
                    code="namespace-denied",
                    hint=remedy(user, each.namespace),
                    severity=severity,
                    needs=(str(Reference("namespace", each.namespace)),),
                )
            )
    return found


def of_namespace(draft: Draft, world: World, severity: Severity) -> list[Problem]:
    """Flows that a namespace's list shuts out, and secrets of its variables that are missing."""
    namespace = draft.reference.namespace
    found = [
        Problem(
            f"The flow {each.namespace}/{each.flow_id} uses {_used(each)}, which this no longer "
            "allows.",
            path="allowedNamespaces",
            code="namespace-denied",
            hint=f"Add '{each.namespace}', or change that flow in the same set.",
            severity=severity,
            needs=(str(Reference("flow", each.namespace, each.flow_id)),),
        )
        for each in world.foreign_uses(namespace)
        if not world.namespaces.allows(each.namespace, each.target_namespace)
    ]
    for path, key in secrets_in(draft.member.spec.get("variables"), "variables"):
        if not world.has_secret(namespace, key):
            close = difflib.get_close_matches(key, world.secret_keys(namespace), n=1)
            found.append(
                Problem(
                    f"The secret `{key}` is neither in {namespace} nor above it.",
                    path=path,
                    code="missing-secret",
                    hint=f"Did you mean `{close[0]}`?"
                    if close
                    else f"Put it with: penstock secret put {namespace}/{key}.",
                    severity=severity,
                    needs=(str(Reference("secret", namespace, key)),),
                )
            )
    return found


def variables_with(reference: Reference, world: World) -> list[str]:
    """Namespaces of which a variable would miss a secret that goes."""
    return [
        str(Reference("namespace", name))
        for name, variables in world.namespaces.with_variables(below=reference.namespace)
        if any(key == reference.id for _, key in secrets_in(variables, ""))
        and not world.has_secret(name, reference.id)
    ]


def secrets_in(value: Json, path: str) -> Iterator[tuple[str, str]]:
    """Path and key of each secret that variables refer to."""
    if isinstance(value, dict):
        key = value.get("secret")
        if isinstance(key, str) and not value.keys() - {"secret", "subkey"}:
            yield path, key
            return
        for name, item in value.items():
            yield from secrets_in(item, f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from secrets_in(item, f"{path}[{index}]")


def _used(each: FlowReference) -> str:
    noun = "a file" if each.kind == "file" else f"the {each.kind}"
    target = f"{each.target_namespace}/{each.target_id}".rstrip("/")
    return f"{noun} {target}"
