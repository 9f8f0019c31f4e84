"""Says what an apply would do, without writing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from penstock.errors import Forbidden
from penstock.language.diff import line_diff
from penstock.language.summary import summary
from penstock.model.frozen import Json
from penstock.model.problem import Problem, Severity
from penstock.service import contract, fires, flow_test_run, override
from penstock.service.change import Change
from penstock.service.draft import Draft
from penstock.service.examination import Examination, Going, examine, warm
from penstock.service.form import instant
from penstock.service.kind import KIND
from penstock.service.objectset import ObjectSet, Reference
from penstock.service.services import Services
from penstock.service.world import World
from penstock.store import execution as executions
from penstock.store.flow import FlowRow


def plan(services: Services, change: Change, wanted: ObjectSet) -> dict[str, Json]:
    """The API's answer to ``POST /plan``; also for a set that does not hold."""
    if change.caller.access == "read":
        if wanted.tests:
            raise Forbidden(
                "Tests run what flows say, so a token that may only read cannot ask for them.",
                hint='Leave `tests` out, or use a token with the access "write".',
            )
        wanted = _without_values(wanted)
    warm(services, change.caller.tenant, wanted)
    now = services.now()
    with services.database.read() as tx:
        seen = examine(tx, services, change, wanted)
        running = executions.active_by_flow(tx, change.caller.tenant)
        told = override.warnings(tx, services, change.caller.tenant)
        for each in seen.drafts:
            reference = each.reference
            if each.action == "update":
                each.add([*fires.changes(each, seen.world, now)])
            if reference.kind == "flow" and each.action != "none":
                each.add(_finishing(each, running))
            if each.action != "none":
                each.add(told.get(reference, []))
        objects = [_draft(draft, seen, running, now=now) for draft in seen.drafts]
        objects += [_going(going, seen, running) for going in seen.goings]
        trials = flow_test_run.trials(seen.world) if wanted.tests else []
    # Tests take their time, so no transaction is open while they run.
    problems = [*seen.problems, *flow_test_run.run_trials(services, trials)]
    return {
        "valid": not any(problem.is_error for problem in problems),
        "planToken": seen.plan_token,
        "objects": objects,
        "problems": [{**problem.to_json()} for problem in problems],
    }


def _without_values(wanted: ObjectSet) -> ObjectSet:
    """The set with values of secrets as not known: who may only read may not guess them either."""
    return replace(
        wanted,
        members=tuple(
            replace(member, spec={**member.spec, "value": {"$unknown": True}})
            if member.reference.kind == "secret" and "value" in member.spec
            else member
            for member in wanted.members
        ),
    )


def _draft(
    draft: Draft, seen: Examination, running: dict[tuple[str, str], int], *, now: datetime
) -> Json:
    reference, previous = draft.reference, draft.previous
    kind = KIND[reference.kind]
    before = "" if previous is None else kind.text(seen.world.services, previous)
    diff = (
        "" if draft.action == "none" else line_diff(before, kind.draft_text(draft), str(reference))
    )
    is_flow = reference.kind == "flow"
    callers = seen.world.callers(reference.namespace, reference.id) if is_flow else []
    changes = _changes(draft, seen.world)
    return {
        "ref": str(reference),
        **reference.to_json(),
        "action": draft.action,
        "contentHash": draft.content_hash,
        "previousHash": None if previous is None else previous.content_hash,
        "revision": _revision(draft, seen),
        "diff": diff,
        "summary": _summary(draft, diff, changes),
        "changes": changes,
        "normalised": draft.normalised,
        "problems": [{**problem.to_json()} for problem in draft.problems],
        "callers": [f"{namespace}/{name}" for namespace, name in callers],
        "calls": _calls(seen, reference),
        "nextFires": [instant(at) for at in fires.of_draft(draft, now)],
        "runningExecutions": running.get((reference.namespace, reference.id), 0) if is_flow else 0,
        "touches": [*draft.touches],
    }


def _finishing(draft: Draft, running: dict[tuple[str, str], int]) -> list[Problem]:
    """What becomes of the executions that run while the text changes."""
    count = running.get((draft.reference.namespace, draft.reference.id), 0)
    if not count or draft.previous is None:
        return []
    what = "execution finishes" if count == 1 else "executions finish"
    message = f"{count} running {what} on revision {draft.previous.revision}."
    return [Problem(message, code="running", severity=Severity.WARNING)]


def _going(going: Going, seen: Examination, running: dict[tuple[str, str], int]) -> Json:
    reference, row = going.reference, going.row
    is_flow = reference.kind == "flow"
    if row is not None:
        going.problems += _left_running(going, running)
    callers = seen.world.callers(reference.namespace, reference.id) if is_flow else []
    before = "" if row is None else KIND[reference.kind].text(seen.world.services, row)
    return {
        "ref": str(reference),
        **reference.to_json(),
        "action": "none" if row is None else "delete",
        "contentHash": None,
        "previousHash": None if row is None else row.content_hash,
        "revision": 0 if row is None else row.revision,
        "changes": None,
        "diff": line_diff(before, "", str(reference)) if row is not None else "",
        "summary": f"{reference} is not there" if row is None else f"delete {reference}",
        "normalised": {},
        "problems": [{**problem.to_json()} for problem in going.problems],
        "callers": [f"{namespace}/{name}" for namespace, name in callers],
        "calls": _calls(seen, reference),
        "nextFires": [],
        "runningExecutions": running.get((reference.namespace, reference.id), 0) if is_flow else 0,
        "touches": [],
    }


def _left_running(going: Going, running: dict[tuple[str, str], int]) -> list[Problem]:
    """Executions of a flow that goes: they end as they began."""
    reference = going.reference
    count = running.get((reference.namespace, reference.id), 0)
    if reference.kind != "flow" or not count:
        return []
    what = "execution goes" if count == 1 else "executions go"
    message = f"{count} running {what} on to the end without the flow; no new one begins."
    problem = Problem(message, code="running", severity=Severity.WARNING)
    return [problem.of(str(reference))]


def _calls(seen: Examination, reference: Reference) -> list[Json]:
    """The tasks that execute a flow, and the revision that each is pinned to."""
    if reference.kind != "flow":
        return []
    return [*contract.calls_into(seen.world, reference.namespace, reference.id)]


def _revision(draft: Draft, seen: Examination) -> int:
    previous, reference = draft.previous, draft.reference
    if previous is not None and draft.action == "none":
        return previous.revision
    if reference.kind == "flow":
        return seen.world.next_revision(reference.namespace, reference.id)
    return 1 if previous is None else previous.revision + 1


def _changes(draft: Draft, world: World) -> str | None:
    """What changes in a flow, said by its parts; None when that cannot be told.

    Plugin defaults are left out: the answer depends on the two texts only, so that whoever asks
    again while a set is being written gets the same one.
    """
    source, since = draft.member.spec.get("source"), draft.member.since
    if draft.reference.kind != "flow" or not isinstance(source, str):
        return None
    if draft.action == "none" and since is None:
        return None
    parses = world.services.parses
    flow = parses.get(source, draft.content_hash).flow
    before = draft.previous if isinstance(draft.previous, FlowRow) else None
    if since is not None and (before is None or before.content_hash != since):
        # Nearly always the state is of what is stored, or of nothing: a set asks for neither.
        before = world.stored_at(draft.reference.namespace, draft.reference.id, since)
    if flow is None or before is None:
        return None if flow is None or since else summary(None, flow)
    old = parses.get(before.source, before.content_hash).flow
    return None if old is None else summary(old, flow)


def _summary(draft: Draft, diff: str, changes: str | None) -> str:
    reference = draft.reference
    if draft.action == "none":
        return f"{reference} stays as it is"
    if draft.action == "create":
        return f"create {reference}"
    if changes is not None and draft.member.since is None:
        return f"change {reference}: {changes}"
    lines = [line for line in diff.splitlines() if not line.startswith(("+++", "---"))]
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    return f"change {reference}: {added} lines added, {removed} removed"
