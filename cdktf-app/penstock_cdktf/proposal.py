"""What a promotion would change in an environment's locks, and what stands against it. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

from penstock_cdktf.closure import Closures, ancestors
from penstock_cdktf.environment import Environment
from penstock_cdktf.flowtext import FlowRef
from penstock_cdktf.gates import Finding, Gates, judge
from penstock_cdktf.lock import Entry, Evidence, Locks, Override, with_closure
from penstock_cdktf.sources import FlowSet, FlowText

Action = Literal["create", "update", "remove", "kept", "same"]
ServerObject = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """One flow in a proposal; `kept` is a flow gone from the source which stays in the target."""

    ref: FlowRef
    action: Action
    sha256: str | None = None
    previous: str | None = None
    findings: tuple[Finding, ...] = ()
    overridden: bool = False
    evidence: Evidence | None = None
    callers: tuple[str, ...] = ()
    diff: str = ""

    @property
    def blocked(self) -> bool:
        """Whether the flow may not go: an unmet gate that is not overridden."""
        return any(finding.final or not self.overridden for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Question:
    """Everything a proposal depends on, already gathered."""

    source: FlowSet
    target: Environment
    before: Locks
    gates: Gates
    now: datetime
    evidence: Mapping[FlowRef, Evidence] = field(default_factory=dict)
    present: frozenset[ServerObject] = frozenset()
    unasked: str | None = None
    select: Sequence[str] = ()
    allow_remove: bool = False
    override: Override | None = None
    previous_text: Callable[[FlowRef], bytes | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Proposal:
    """The answer: every selected flow, and the locks as they would be."""

    items: tuple[Item, ...]
    after: Locks

    @property
    def changes(self) -> tuple[Item, ...]:
        """The flows that would change in the target."""
        return tuple(item for item in self.items if item.action in {"create", "update", "remove"})

    @property
    def blocked(self) -> tuple[Item, ...]:
        """The flows that may not go."""
        return tuple(item for item in self.items if item.blocked)

    @property
    def exit_code(self) -> int:
        """3 when something is blocked, 2 when something would change, else 0."""
        if self.blocked:
            return 3
        return 2 if self.changes else 0


def selected(ref: FlowRef, patterns: Sequence[str]) -> bool:
    """Whether a flow is meant: `shop.*` and `shop` match namespaces, `shop.a/x*` flows."""
    if not patterns:
        return True
    return any(
        fnmatchcase(str(ref) if "/" in pattern else ref.namespace, pattern) for pattern in patterns
    )


def changed_flows(source: FlowSet, before: Locks, select: Sequence[str]) -> list[FlowText]:
    """Returns the selected flows whose content is not what the target has locked."""
    return [
        flow
        for ref, flow in sorted(source.flows.items())
        if selected(ref, select) and (ref not in before or before[ref].sha256 != flow.sha256)
    ]


def objects_to_ask(
    changed: Sequence[FlowText], closures: Closures, target: Environment
) -> list[ServerObject]:
    """Returns the objects that only the target's server can know: not declared in any file."""
    wanted: set[ServerObject] = set()
    for flow in changed:
        named = closures.references(flow.ref)
        for key in named.secrets:
            if not target.has_secret(flow.ref.namespace, key):
                wanted |= {("secret", one, key) for one in ancestors(flow.ref.namespace)}
        for subflow in named.subflows:
            if subflow not in closures.flows.flows:
                wanted.add(("flow", subflow.namespace, subflow.id))
    return sorted(wanted)


def propose(question: Question, closures: Closures) -> Proposal:
    """Judges every selected flow and returns the proposal."""
    items = {
        item.ref: item
        for item in (*_judged(question, closures), *_gone(question), *_same(question))
    }
    _close(items, question, closures)
    after = _after(items, question, closures)
    callers: dict[str, list[str]] = {}
    for other, entry in sorted(after.items()):
        if other not in items or items[other].action == "same":
            for name in entry.closure:
                callers.setdefault(name, []).append(str(other))
    for ref, item in items.items():
        if item.action in {"create", "update"} and str(ref) in callers:
            items[ref] = replace(item, callers=tuple(callers[str(ref)]))
    return Proposal(tuple(items[ref] for ref in sorted(items)), after)


def _judged(question: Question, closures: Closures) -> list[Item]:
    found: list[Item] = []
    for flow in changed_flows(question.source, question.before, question.select):
        evidence = question.evidence.get(flow.ref)
        findings = [*judge(question.gates, evidence, now=question.now)]
        if flow.blob is None or flow.commit is None:
            findings.insert(
                0,
                Finding(
                    "committed",
                    f"{flow.path} is not committed as it lies in the working tree; a lock points "
                    "to a Git object. Commit it first",
                    final=True,
                ),
            )
        closures.references(flow.ref)
        if flow.ref in closures.broken:
            findings.insert(0, Finding("valid", closures.broken[flow.ref], final=True))
        if question.gates.references == "exist":
            findings += _missing(flow, question, closures)
        old = question.before.get(flow.ref)
        found.append(
            Item(
                flow.ref,
                "create" if old is None else "update",
                flow.sha256,
                old.sha256 if old else None,
                tuple(findings),
                question.override is not None,
                evidence,
                diff=_diff(flow, question) if old else "",
            )
        )
    return found


def _missing(flow: FlowText, question: Question, closures: Closures) -> list[Finding]:
    named, target = closures.references(flow.ref), question.target
    suffix = f" ({question.unasked})" if question.unasked else ""
    found: list[Finding] = []
    for key in sorted(named.secrets):
        there = any(
            ("secret", one, key) in question.present for one in ancestors(flow.ref.namespace)
        )
        if not there and not target.has_secret(flow.ref.namespace, key):
            found.append(
                Finding(
                    "references",
                    f"secret `{key}` is neither in {target.file} nor on the server{suffix}",
                )
            )
    found.extend(
        Finding(
            "references",
            f"subflow {subflow} exists neither in the source nor in `{target.name}`{suffix}",
        )
        for subflow in sorted(named.subflows)
        if subflow not in question.source.flows
        and subflow not in question.before
        and ("flow", subflow.namespace, subflow.id) not in question.present
    )
    return found


def _gone(question: Question) -> list[Item]:
    gone = [
        ref
        for ref in question.before
        if ref not in question.source.flows and selected(ref, question.select)
    ]
    if not question.allow_remove:
        return [Item(ref, "kept", None, question.before[ref].sha256) for ref in gone]
    users: dict[FlowRef, list[str]] = {ref: [] for ref in gone}
    named = {str(ref): ref for ref in gone}
    for other, entry in question.before.items():
        if other not in users:
            for name in entry.closure.keys() & named.keys():
                users[named[name]].append(f"flow {other}")
    for schedule in question.target.schedules:
        ref = FlowRef(schedule.namespace, schedule.flow)
        if ref in users:
            users[ref].append(f"schedule {schedule.namespace}/{schedule.id}")
    return [
        Item(
            ref,
            "remove",
            None,
            question.before[ref].sha256,
            (Finding("in_use", f"used by {', '.join(users[ref])}", final=True),)
            if users[ref]
            else (),
        )
        for ref in gone
    ]


def _same(question: Question) -> list[Item]:
    return [
        Item(ref, "same", flow.sha256, flow.sha256)
        for ref, flow in question.source.flows.items()
        if selected(ref, question.select)
        and ref in question.before
        and question.before[ref].sha256 == flow.sha256
    ]


def _close(items: dict[FlowRef, Item], question: Question, closures: Closures) -> None:
    """Blocks flows whose subflows would not be in the target as tested, until nothing changes."""
    if question.gates.closure == "ignore":
        return
    told: set[tuple[FlowRef, FlowRef]] = set()
    changed = True
    while changed:
        changed = False
        for ref, item in list(items.items()):
            if item.action not in {"create", "update"}:
                continue
            for member in sorted(closures.members(ref)):
                if (ref, member) in told or _arrives(member, items, question):
                    continue
                told.add((ref, member))
                changed = True
                finding = Finding("closure", _why_not_closed(member, items, question))
                items[ref] = replace(items[ref], findings=(*items[ref].findings, finding))


def _arrives(member: FlowRef, items: Mapping[FlowRef, Item], question: Question) -> bool:
    flow = question.source.flows.get(member)
    if flow is None:
        return True  # not this set's flow: a matter of references
    locked = question.before.get(member)
    if locked is not None and locked.sha256 == flow.sha256:
        return True
    return member in items and not items[member].blocked


def _why_not_closed(member: FlowRef, items: Mapping[FlowRef, Item], question: Question) -> str:
    if member in items:
        return f"its subflow {member} is blocked"
    there = question.before.get(member)
    state = f"there at {there.sha256[:12]}" if there else "not there"
    tested = question.source.flows[member].sha256[:12]
    return (
        f"its subflow {member} is {state}, tested was {tested}; promote it too "
        f"(--select '{member}')"
    )


def _after(items: Mapping[FlowRef, Item], question: Question, closures: Closures) -> Locks:
    after = dict(question.before)
    hashes: dict[str, str] = {}
    for ref, item in items.items():
        if item.blocked:
            continue
        if item.action == "remove":
            del after[ref]
        elif item.action in {"create", "update"}:
            after[ref] = _entry(question.source.flows[ref], item, question, closures)
            hashes[str(ref)] = after[ref].sha256
    return {ref: with_closure(entry, hashes) for ref, entry in after.items()}


def _entry(flow: FlowText, item: Item, question: Question, closures: Closures) -> Entry:
    if flow.blob is None or flow.commit is None:
        raise ValueError(f"{flow.ref} is not in Git.")  # such an item is blocked, finally
    override = None
    if item.findings and question.override is not None:
        gates = tuple(sorted({finding.gate for finding in item.findings}))
        override = replace(question.override, gates=gates)
    closure = closures.hashes(flow.ref)
    return Entry(flow.sha256, flow.blob, flow.commit, flow.path, closure, item.evidence, override)


def _diff(flow: FlowText, question: Question) -> str:
    old = question.previous_text(flow.ref)
    if old is None:
        return ""
    lines = difflib.unified_diff(
        old.decode(errors="replace").splitlines(),
        flow.data.decode(errors="replace").splitlines(),
        f"{question.target.name}/{flow.ref}",
        f"new/{flow.ref}",
        lineterm="",
    )
    return "\n".join(lines)
