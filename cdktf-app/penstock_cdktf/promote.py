"""Promotion of proven content: gathers from files, Git and servers; writes nothing but locks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from penstock_cdktf.closure import Closures
from penstock_cdktf.environment import Environment, load_environments, pick
from penstock_cdktf.errors import AppError, ServerError
from penstock_cdktf.flowtext import FlowRef
from penstock_cdktf.gates import Policy, load_policy
from penstock_cdktf.lock import Evidence, Locks, Override, read_locks, write_locks
from penstock_cdktf.proposal import (
    Proposal,
    Question,
    ServerObject,
    changed_flows,
    objects_to_ask,
    propose,
    selected,
)
from penstock_cdktf.repository import Repository
from penstock_cdktf.server import Client
from penstock_cdktf.sources import FlowSet, FlowText, read_flows


@dataclass(frozen=True, slots=True)
class Route:
    """A pair of environments between which content may go, with everything read from files."""

    root: Path
    source: Environment
    target: Environment
    policy: Policy
    repository: Repository
    environ: Mapping[str, str]

    def locks(self) -> Locks:
        """Returns what the target has locked now."""
        return read_locks(self.root, self.target.name)

    def flows(self) -> FlowSet:
        """Returns the source's flows, each with the Git object that holds exactly its bytes."""
        flows = read_flows(self.root, self.source)
        if flows.commit is not None or self.source.flows.origin == "lock":
            return flows
        return committed(flows, self.repository, self.source.flows.path)


def find_route(
    root: Path, *, source: str | None, target: str | None, environ: Mapping[str, str]
) -> Route:
    """Reads both environments; left out names follow from the one `promotion.yaml` there is.

    Raises:
        AppError: the target takes no promotions, or none from this source.
    """
    environments = load_environments(root, environ=environ)
    if target is None:
        takers = [path.parent.name for path in sorted(root.glob("environments/*/promotion.yaml"))]
        if len(takers) != 1:
            raise AppError(
                f"Say which environment with --to: {', '.join(takers) or 'none'} take promotions."
            )
        target = takers[0]
    into = pick(environments, target)
    policy = load_policy(root, target)
    if source is not None and source != policy.promotes_from:
        raise AppError(
            f"`{target}` takes promotions from `{policy.promotes_from}` ({policy.file}), not from "
            f"`{source}`."
        )
    if into.flows.origin != "lock":
        raise AppError(
            f"{into.file}: `{target}` takes promotions, so its flows must come from locks. Write "
            "`flows: {from: lock}`."
        )
    out = pick(environments, policy.promotes_from)
    return Route(root, out, into, policy, Repository(root), environ)


def committed(flows: FlowSet, repository: Repository, path: str) -> FlowSet:
    """Returns working-tree flows with blob and commit where HEAD holds exactly their bytes."""
    if not repository.exists():
        raise AppError("Promotion pins Git objects, and this folder is in no Git repository.")
    commit = repository.commit_id("HEAD")
    tree = repository.tree(commit, path)
    prefix = f"{path}/"
    held = repository.blobs(tree.values())

    def with_blob(flow: FlowText) -> FlowText:
        blob = tree.get(flow.path.removeprefix(prefix))
        same = blob is not None and held[blob] == flow.data
        return replace(flow, blob=blob, commit=commit) if same else flow

    return FlowSet({ref: with_blob(flow) for ref, flow in flows.flows.items()}, None)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asks for."""

    select: Sequence[str] = ()
    with_closure: bool = False
    allow_remove: bool = False
    override_reason: str | None = None


def plan(route: Route, wish: Wish, *, now: datetime) -> Proposal:
    """Judges what could go from the source to the target, and writes nothing.

    Raises:
        AppError: the source's server cannot be asked (unless gates are overridden), or files are
            wrong.
    """
    flows, before = route.flows(), route.locks()
    closures = Closures(flows)
    select = _widen(wish, flows, closures)
    changed = changed_flows(flows, before, select)
    override = _override(route, wish, now)
    evidence = _evidence(route, changed, optional=override is not None)
    present, unasked = _present(route, objects_to_ask(changed, closures, route.target))
    question = Question(
        source=flows,
        target=route.target,
        before=before,
        gates=route.policy.gates,
        now=now,
        evidence=evidence,
        present=present,
        unasked=unasked,
        select=select,
        allow_remove=wish.allow_remove,
        override=override,
        previous_text=_previous(route, before, changed),
    )
    return propose(question, closures)


def apply(route: Route, proposal: Proposal, *, ready: bool = False) -> tuple[str, ...]:
    """Writes the proposal into the target's locks and returns the files that changed.

    Nothing is written while a flow is blocked, unless `ready` lets the others go alone.
    """
    if proposal.blocked and not ready:
        return ()
    return write_locks(
        route.root,
        route.target.name,
        source=route.source.name,
        before=route.locks(),
        after=proposal.after,
    )


def _widen(wish: Wish, flows: FlowSet, closures: Closures) -> Sequence[str]:
    if not wish.select or not wish.with_closure:
        return wish.select
    chosen = [ref for ref in flows.flows if selected(ref, wish.select)]
    members = {str(member) for ref in chosen for member in closures.members(ref)}
    return (*wish.select, *sorted(members))


def _override(route: Route, wish: Wish, now: datetime) -> Override | None:
    if wish.override_reason is None:
        return None
    if not wish.override_reason.strip():
        raise AppError("--override-gates needs a reason, such as a ticket: it goes into the lock.")
    person = route.repository.person()
    allowed = route.policy.may_override
    if allowed and not any(f"<{one}>" in person for one in allowed):
        raise AppError(
            f"{person} may not override gates of `{route.target.name}`; {route.policy.file} allows "
            f"{', '.join(allowed)}."
        )
    at = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    return Override(wish.override_reason.strip(), person, at, ())


def _evidence(
    route: Route, changed: Sequence[FlowText], *, optional: bool
) -> dict[FlowRef, Evidence]:
    if not changed:
        return {}
    client = Client.of(route.source, route.environ)
    try:
        return client.evidence((flow.ref, flow.sha256) for flow in changed)
    except ServerError:
        # Breaking the glass must work while dev is down; the lock then says that none was seen.
        if optional:
            return {}
        raise


def _present(
    route: Route, wanted: Sequence[ServerObject]
) -> tuple[frozenset[ServerObject], str | None]:
    if not wanted:
        return frozenset(), None
    try:
        return frozenset(Client.of(route.target, route.environ).existing(wanted)), None
    except ServerError as error:
        return frozenset(), str(error).rstrip(".")


def _previous(route: Route, before: Locks, changed: Sequence[FlowText]) -> PreviousText:
    wanted = {flow.ref: before[flow.ref].blob for flow in changed if flow.ref in before}
    return PreviousText(wanted, route.repository.blobs(wanted.values()))


@dataclass(frozen=True, slots=True)
class PreviousText:
    """The texts that the target runs now, of the flows that would change."""

    blobs: Mapping[FlowRef, str]
    texts: Mapping[str, bytes]

    def __call__(self, ref: FlowRef) -> bytes | None:
        """Returns a flow's text, None for one that is new."""
        return self.texts[self.blobs[ref]] if ref in self.blobs else None
