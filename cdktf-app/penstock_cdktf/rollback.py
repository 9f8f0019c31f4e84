"""Going back: older lock entries, out of Git's history, become the present ones."""

from __future__ import annotations

from collections.abc import Sequence

from penstock_cdktf.errors import AppError, did_you_mean
from penstock_cdktf.flowtext import FlowRef
from penstock_cdktf.lock import Locks, lock_path, parse_lock, with_closure, write_locks
from penstock_cdktf.promote import Route
from penstock_cdktf.proposal import selected


def roll_back(
    route: Route, *, flow: str | None, to: str | None, select: Sequence[str] = ()
) -> tuple[str, ...]:
    """Restores older entries and returns the lock files that changed; committing them is yours.

    Args:
        route: whose target's locks.
        flow: `namespace/id`: this flow goes back to the newest entry with another content.
        to: a commit: all flows (or those `select` means) go back to what was locked then.
        select: patterns that limit `to`.

    Raises:
        AppError: neither or both are given, there is no older entry, or its text is lost.
    """
    if (flow is None) == (to is None):
        raise AppError("Say what to roll back: one flow as namespace/id, or --to COMMIT.")
    before = route.locks()
    older = _one(route, before, flow) if flow is not None else _all(route, before, str(to), select)
    route.repository.blobs(entry.blob for entry in older.values())
    hashes = {str(ref): entry.sha256 for ref, entry in older.items()}
    after = {ref: with_closure(entry, hashes) for ref, entry in older.items()}
    return write_locks(
        route.root,
        route.target.name,
        source=route.policy.promotes_from,
        before=before,
        after=after,
    )


def _one(route: Route, before: Locks, flow: str) -> Locks:
    namespace, _, name = flow.rpartition("/")
    ref = FlowRef(namespace, name)
    if ref not in before:
        hint = did_you_mean(flow, [str(one) for one in before])
        raise AppError(f"`{route.target.name}` has no flow {flow} locked. {hint}")
    file = lock_path(route.target.name, namespace)
    for commit in route.repository.history(file):
        text = route.repository.file_at(commit, file)
        entry = parse_lock(text.decode(), file=file).get(ref) if text else None
        if entry is not None and entry.sha256 != before[ref].sha256:
            return {**before, ref: entry}
    raise AppError(
        f"Git knows no older content of {flow} in {file}; there is nothing to go back to."
    )


def _all(route: Route, before: Locks, to: str, select: Sequence[str]) -> Locks:
    repository, folder = route.repository, f"environments/{route.target.name}/locks"
    commit = repository.commit_id(to)
    tree = repository.tree(commit, folder)
    texts = repository.blobs(tree.values())
    meant = False
    after = {ref: entry for ref, entry in before.items() if not selected(ref, select)}
    for name, blob in tree.items():
        for ref, entry in parse_lock(texts[blob].decode(), file=f"{folder}/{name}").items():
            if selected(ref, select):
                after[ref] = entry
                meant = True
    if not meant:
        raise AppError(
            f"Commit {commit[:12]} has no locks of `{route.target.name}` that are meant."
        )
    return after
