"""Whether locks, Git and the server of an environment say the same; and where a flow stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from penstock_cdktf.errors import GitError, ServerError
from penstock_cdktf.flowtext import FlowRef
from penstock_cdktf.lock import Entry, Evidence, Locks
from penstock_cdktf.promote import Route
from penstock_cdktf.server import Client
from penstock_cdktf.sources import sha256

State = Literal["same", "ahead", "never", "removed", "drift"]


@dataclass(frozen=True, slots=True)
class Row:
    """One flow across source, lock and target server."""

    ref: FlowRef
    state: State
    source: str | None
    locked: str | None
    running: str | None
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class Status:
    """All flows, and a note when a server could not be asked."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """4 when something drifted, 2 when the source is ahead, else 0."""
        states = {row.state for row in self.rows}
        if "drift" in states:
            return 4
        return 2 if states - {"same"} else 0


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One thing that is not as the lock says."""

    ref: FlowRef
    kind: Literal["blob", "commit", "closure", "server", "override"]
    message: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found; overrides are told but are no drift."""

    found: tuple[Disagreement, ...]
    checked: int
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """4 when locks, Git and server disagree, else 0."""
        return 4 if any(one.kind != "override" for one in self.found) else 0


def status(route: Route) -> Status:
    """Compares the source's flows, the target's locks and what the target's server runs."""
    flows, locks = route.flows().flows, route.locks()
    notes: list[str] = []
    running = _running(route, notes)
    evidence: dict[FlowRef, Evidence] = {}
    try:
        wanted = [(ref, flow.sha256) for ref, flow in sorted(flows.items())]
        evidence = Client.of(route.source, route.environ).evidence(wanted)
    except ServerError as error:
        notes.append(str(error))
    rows: list[Row] = []
    for ref in sorted(flows.keys() | locks.keys()):
        source = flows[ref].sha256 if ref in flows else None
        locked = locks[ref].sha256 if ref in locks else None
        now = running.get(ref) if running is not None else None
        state = _state(source, locked)
        # A lock which was never applied is no drift; other content than the locked one is.
        if locked and now and now != locked:
            state = "drift"
        rows.append(Row(ref, state, source, locked, now, evidence.get(ref)))
    return Status(tuple(rows), tuple(notes))


def _state(source: str | None, locked: str | None) -> State:
    if locked is None:
        return "never"
    if source is None:
        return "removed"
    return "same" if source == locked else "ahead"


def verify(route: Route, *, offline: bool = False) -> Verification:
    """Checks every lock against Git, and the server's flows against the locks."""
    locks = route.locks()
    notes: list[str] = []
    found = _against_git(route, locks)
    for ref, entry in sorted(locks.items()):
        found += _against_locks(ref, entry, locks)
        if entry.override is not None:
            one = entry.override
            gates = ", ".join(one.gates)
            message = f"{gates} overridden by {one.person} at {one.at}: {one.reason}"
            found.append(Disagreement(ref, "override", message))
    if not offline:
        found += _against_server(_running(route, notes), locks)
    return Verification(tuple(found), len(locks), tuple(notes))


def _against_git(route: Route, locks: Locks) -> list[Disagreement]:
    repository = route.repository
    texts, found = _blobs(route, locks)
    trees: dict[str, Mapping[str, str] | GitError] = {}
    for ref, entry in sorted(locks.items()):
        data = texts.get(entry.blob)
        if data is not None and sha256(data) != entry.sha256:
            message = f"blob {entry.blob[:12]} is not the locked content {entry.sha256[:12]}"
            found.append(Disagreement(ref, "blob", message))
        if entry.commit not in trees:
            try:
                trees[entry.commit] = repository.tree(entry.commit, "")
            except GitError as error:
                trees[entry.commit] = error
        tree = trees[entry.commit]
        if isinstance(tree, GitError):
            message = f"its commit {entry.commit[:12]} is not in this repository"
            found.append(Disagreement(ref, "commit", message))
        elif tree.get(entry.path) != entry.blob:
            message = f"commit {entry.commit[:12]} does not hold its blob at {entry.path}"
            found.append(Disagreement(ref, "commit", message))
    return found


def _blobs(route: Route, locks: Locks) -> tuple[dict[str, bytes], list[Disagreement]]:
    try:
        return route.repository.blobs(entry.blob for entry in locks.values()), []
    except GitError:
        pass  # one is missing: ask one by one, to say which
    texts: dict[str, bytes] = {}
    found: list[Disagreement] = []
    for ref, entry in sorted(locks.items()):
        try:
            texts.update(route.repository.blobs([entry.blob]))
        except GitError as error:
            found.append(Disagreement(ref, "blob", str(error)))
    return texts, found


def _against_locks(ref: FlowRef, entry: Entry, locks: Locks) -> list[Disagreement]:
    found: list[Disagreement] = []
    for name, content in sorted(entry.closure.items()):
        namespace, _, flow = name.rpartition("/")
        member = locks.get(FlowRef(namespace, flow))
        if member is None or member.sha256 != content:
            there = member.sha256[:12] if member else "not locked"
            message = f"its subflow {name} is {there}, its closure says {content[:12]}"
            found.append(Disagreement(ref, "closure", message))
    return found


def _against_server(running: dict[FlowRef, str] | None, locks: Locks) -> list[Disagreement]:
    if running is None:
        return []
    namespaces = {ref.namespace for ref in locks}
    found: list[Disagreement] = []
    for ref in sorted(locks.keys() | {one for one in running if one.namespace in namespaces}):
        now, locked = running.get(ref), locks.get(ref)
        if locked is None:
            message = f"the server has it at {str(now)[:12]}, no lock does"
        elif now is None:
            message = "it is locked, but the server does not have it: apply has not run"
        elif now != locked.sha256:
            message = f"the server runs {now[:12]}, the lock says {locked.sha256[:12]}"
        else:
            continue
        found.append(Disagreement(ref, "server", message))
    return found


def _running(route: Route, notes: list[str]) -> dict[FlowRef, str] | None:
    try:
        return Client.of(route.target, route.environ).flows()
    except ServerError as error:
        notes.append(str(error))
        return None
