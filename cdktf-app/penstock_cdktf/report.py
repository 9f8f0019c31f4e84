"""Proposals, states and deployments as text, Markdown (for a pull request) and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from penstock_cdktf.deployment import Outcome
from penstock_cdktf.document import JsonValue
from penstock_cdktf.lock import Evidence
from penstock_cdktf.proposal import Item, Proposal
from penstock_cdktf.verify import Status, Verification

_NONE = "-"


def _short(digest: str | None) -> str:
    return digest[:12] if digest else _NONE


def _counts(evidence: Evidence | None) -> str:
    return f"{evidence.success} ok, {evidence.failed} failed" if evidence else _NONE


def _word(item: Item) -> str:
    if item.blocked:
        return f"blocked {item.action}"
    return f"{item.action} (gates overridden)" if item.findings else item.action


def proposal_text(proposal: Proposal, *, diffs: bool = True) -> str:
    """Returns a proposal for a terminal: what changes, what is blocked and why, diffs."""
    lines: list[str] = []
    for item in proposal.items:
        if item.action == "same":
            continue
        hashes = f"{_short(item.previous)} -> {_short(item.sha256)}"
        lines.append(f"{_word(item):<16} {item.ref}  {hashes}  [{_counts(item.evidence)}]")
        lines += [f"    {finding.gate}: {finding.message}." for finding in item.findings]
        if item.callers:
            lines.append(f"    called by {', '.join(item.callers)}")
        if item.action == "kept":
            lines.append("    gone from the source; --allow-remove removes it here too")
        if diffs and item.diff:
            lines += [f"    {line}" for line in item.diff.splitlines()]
    same = sum(item.action == "same" for item in proposal.items)
    ready = len([item for item in proposal.changes if not item.blocked])
    lines.append(f"{ready} to promote, {len(proposal.blocked)} blocked, {same} the same.")
    return "\n".join(lines)


def proposal_markdown(proposal: Proposal, *, source: str, target: str) -> str:
    """Returns a proposal as Markdown, fit for a comment under a pull request."""
    lines = [f"## Promotion from {source} to {target}", ""]
    rows = [item for item in proposal.items if item.action != "same"]
    if not rows:
        return "\n".join([*lines, "Nothing to promote.", ""])
    lines += ["| Flow | Action | Content | Evidence | Unmet gates |", "|---|---|---|---|---|"]
    for item in rows:
        unmet = "<br>".join(_cell(f"{one.gate}: {one.message}") for one in item.findings) or _NONE
        content = f"`{_short(item.previous)}` → `{_short(item.sha256)}`"
        lines.append(
            f"| `{item.ref}` | {_word(item)} | {content} | {_counts(item.evidence)} | {unmet} |"
        )
    lines.append("")
    for item in rows:
        if item.diff:
            fence = "`" * max(3, _longest_ticks(item.diff) + 1)
            lines += [
                f"<details><summary>{item.ref}</summary>",
                "",
                f"{fence}diff",
                item.diff,
                fence,
                "",
                "</details>",
                "",
            ]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _longest_ticks(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest


def _evidence_json(evidence: Evidence | None) -> JsonValue:
    if evidence is None:
        return None
    return {
        "success": evidence.success,
        "failed": evidence.failed,
        "days": evidence.days,
        "firstAt": evidence.first_at,
        "lastAt": evidence.last_at,
        "engine": evidence.engine,
        "executions": list(evidence.executions),
    }


def proposal_json(
    proposal: Proposal, *, source: str, target: str, written: Sequence[str] = ()
) -> JsonValue:
    """Returns a proposal as JSON; `written` are the lock files that were changed."""
    items: list[JsonValue] = [
        {
            "namespace": item.ref.namespace,
            "id": item.ref.id,
            "action": item.action,
            "contentHash": item.sha256,
            "previousHash": item.previous,
            "blocked": item.blocked,
            "overridden": bool(item.findings) and not item.blocked,
            "findings": [{"gate": one.gate, "message": one.message} for one in item.findings],
            "evidence": _evidence_json(item.evidence),
            "callers": list(item.callers),
            "diff": item.diff,
        }
        for item in proposal.items
    ]
    return {"from": source, "to": target, "items": items, "written": list(written)}


def status_text(status: Status, *, source: str, target: str) -> str:
    """Returns the matrix of flows and environments for a terminal."""
    width = max([len(str(row.ref)) for row in status.rows], default=4)
    head = f"{'flow':<{width}}  {'state':<8} {source:<13} {target + ' lock':<13} "
    lines = [head + f"{target + ' server':<13} evidence"]
    lines += [
        f"{row.ref!s:<{width}}  {row.state:<8} {_short(row.source):<13} {_short(row.locked):<13} "
        f"{_short(row.running):<13} {_counts(row.evidence)}"
        for row in status.rows
    ]
    return "\n".join([*lines, *status.notes])


def status_json(status: Status, *, source: str, target: str) -> JsonValue:
    """Returns the matrix as JSON."""
    rows: list[JsonValue] = [
        {
            "namespace": row.ref.namespace,
            "id": row.ref.id,
            "state": row.state,
            "source": row.source,
            "locked": row.locked,
            "running": row.running,
            "evidence": _evidence_json(row.evidence),
        }
        for row in status.rows
    ]
    return {"from": source, "to": target, "flows": rows, "notes": list(status.notes)}


def verification_text(verification: Verification) -> str:
    """Returns what a verification found for a terminal."""
    lines = [f"{one.kind:<9} {one.ref}: {one.message}" for one in verification.found]
    wrong = sum(one.kind != "override" for one in verification.found)
    lines += [*verification.notes, f"{verification.checked} locked flows checked, {wrong} wrong."]
    return "\n".join(lines)


def verification_json(verification: Verification) -> JsonValue:
    """Returns what a verification found as JSON."""
    found: list[JsonValue] = [
        {
            "namespace": one.ref.namespace,
            "id": one.ref.id,
            "kind": one.kind,
            "message": one.message,
        }
        for one in verification.found
    ]
    return {"checked": verification.checked, "found": found, "notes": list(verification.notes)}


def outcome_text(outcome: Outcome) -> str:
    """Returns what came of a plan or apply for a terminal."""
    lines: list[str] = []
    conformance = outcome.conformance
    if conformance is not None:
        lines += [f"flow {change}" for change in conformance.changes]
        lines += [f"not as locked: {one}" for one in conformance.mismatches]
        lines += [f"drift: {one}" for one in conformance.drift]
        if conformance.mismatches:
            lines.append("The plan is not what the locks say; nothing of it may be applied.")
        elif conformance.drift and not outcome.applied:
            lines.append("`env apply --heal` lets the locks win.")
        else:
            lines.append("The plan is what the locks say.")
    word = "applied" if outcome.applied else ("to be changed" if outcome.changed else "up to date")
    return "\n".join([*lines, f"{outcome.environment}: {word}."])


def outcome_json(outcome: Outcome) -> JsonValue:
    """Returns what came of a plan or apply as JSON."""
    conformance = outcome.conformance
    return {
        "environment": outcome.environment,
        "changed": outcome.changed,
        "applied": outcome.applied,
        "conformance": None
        if conformance is None
        else {
            "changes": cast("list[JsonValue]", list(conformance.changes)),
            "mismatches": cast("list[JsonValue]", list(conformance.mismatches)),
            "drift": cast("list[JsonValue]", list(conformance.drift)),
        },
    }
