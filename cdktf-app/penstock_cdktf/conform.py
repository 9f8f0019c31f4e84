"""Whether a Terraform plan does exactly what the locks say: no flow more, none less, no other text.

Reads the JSON of `terraform show -json <plan>`; pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from penstock_cdktf.document import JsonValue
from penstock_cdktf.flowtext import FlowRef
from penstock_cdktf.lock import Locks
from penstock_cdktf.sources import sha256

_SET = "penstock_flows"
_SINGLE = "penstock_flow"


@dataclass(frozen=True, slots=True)
class Conformance:
    """What a plan does to flows, as sentences; `changes` is information, the others stop.

    `mismatches`: the plan is not what the locks say. `drift`: somebody changed flows behind
    Terraform's back; the plan would put them right.
    """

    changes: tuple[str, ...]
    mismatches: tuple[str, ...]
    drift: tuple[str, ...]


def check(plan: Mapping[str, JsonValue], locks: Locks) -> Conformance:
    """Compares a plan's flows with the locks.

    Args:
        plan: the plan as JSON.
        locks: what the environment has locked.
    """
    before: dict[FlowRef, str] = {}
    planned: dict[FlowRef, str] = {}
    mismatches: list[str] = []
    for resource in _rows(plan.get("resource_changes")):
        address = str(resource.get("address"))
        change = _table(resource.get("change"))
        if resource.get("type") == _SINGLE and change.get("after") is not None:
            mismatches.append(f"{address} is not of the locks' making: they emit {_SET} only.")
        if resource.get("type") != _SET:
            continue
        before |= _hashes(change.get("before"))
        if _unknown(change.get("after_unknown")):
            mismatches.append(f"{address}: its texts are not known before the apply.")
        planned |= _hashes(change.get("after"))
    locked = {ref: entry.sha256 for ref, entry in locks.items()}
    mismatches += _differences(planned, locked)
    return Conformance(tuple(_changes(before, planned)), tuple(mismatches), tuple(_drift(plan)))


def _differences(planned: Mapping[FlowRef, str], locked: Mapping[FlowRef, str]) -> list[str]:
    found: list[str] = []
    for ref in sorted(planned.keys() | locked.keys()):
        one, other = planned.get(ref), locked.get(ref)
        if one is None:
            found.append(f"{ref} is locked at {str(other)[:12]}, but the plan does not have it.")
        elif other is None:
            found.append(f"{ref} is in the plan at {one[:12]}, but no lock pins it.")
        elif one != other:
            found.append(f"{ref} is planned at {one[:12]}, but locked at {other[:12]}.")
    return found


def _changes(before: Mapping[FlowRef, str], after: Mapping[FlowRef, str]) -> list[str]:
    found: list[str] = []
    for ref in sorted(before.keys() | after.keys()):
        one, other = before.get(ref), after.get(ref)
        if one is None:
            found.append(f"create {ref} {str(other)[:12]}")
        elif other is None:
            found.append(f"delete {ref} {one[:12]}")
        elif one != other:
            found.append(f"update {ref} {one[:12]} -> {other[:12]}")
    return found


def _drift(plan: Mapping[str, JsonValue]) -> list[str]:
    found: list[str] = []
    for resource in _rows(plan.get("resource_drift")):
        if resource.get("type") != _SET:
            continue
        change = _table(resource.get("change"))
        known, there = _hashes(change.get("before")), _hashes(change.get("after"))
        for ref in sorted(known.keys() | there.keys()):
            if ref not in there:
                found.append(f"{ref} was deleted on the server.")
            elif ref not in known:
                found.append(f"{ref} appeared on the server.")
            elif known[ref] != there[ref]:
                now, then = there[ref][:12], known[ref][:12]
                found.append(f"{ref} was changed on the server: {now}, applied was {then}.")
    return found


def _hashes(value: JsonValue) -> dict[FlowRef, str]:
    table = _table(value)
    namespace = str(table.get("namespace"))
    return {
        FlowRef(namespace, name): sha256(text.encode())
        for name, text in _table(table.get("sources")).items()
        if isinstance(text, str)
    }


def _unknown(value: JsonValue) -> bool:
    sources = _table(value).get("sources")
    if isinstance(sources, Mapping):
        return any(one is True for one in sources.values())
    return sources is True


def _table(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _rows(value: JsonValue) -> list[Mapping[str, JsonValue]]:
    return [_table(row) for row in value] if isinstance(value, list) else []
