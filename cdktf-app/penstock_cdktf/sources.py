"""The flow texts of an environment: from a commit, from its locks, or from the working tree."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from penstock_cdktf.environment import Environment
from penstock_cdktf.errors import AppError, InvalidFileError, LockError, Position, Problem
from penstock_cdktf.flowtext import FlowRef, check_identity, expected_ref
from penstock_cdktf.lock import Locks, lock_path, read_locks
from penstock_cdktf.repository import Repository


@dataclass(frozen=True, slots=True)
class FlowText:
    """One flow's exact bytes and where Git has them; no blob and commit from the working tree."""

    ref: FlowRef
    path: str
    data: bytes
    sha256: str
    blob: str | None
    commit: str | None


@dataclass(frozen=True, slots=True)
class FlowSet:
    """All flows of an environment; `commit` is None when they come from the working tree."""

    flows: Mapping[FlowRef, FlowText]
    commit: str | None

    def of(self, namespace: str) -> dict[str, FlowText]:
        """Returns the flows of one namespace by id."""
        return {ref.id: flow for ref, flow in self.flows.items() if ref.namespace == namespace}


def sha256(data: bytes) -> str:
    """Returns the SHA-256 of exact bytes, in hexadecimal: the identity of a flow's content."""
    return hashlib.sha256(data).hexdigest()


def read_commit(repository: Repository, *, ref: str, path: str) -> FlowSet:
    """Reads the flows of a commit out of Git objects; the working tree is not looked at.

    Raises:
        GitError: no such ref, or an object is missing.
        InvalidFileError: a flow's id or namespace does not fit its path.
    """
    commit = repository.commit_id(ref)
    tree = repository.tree(commit, path)
    named = _named(tree, path)
    blobs = repository.blobs(tree[name] for name in named.values())
    texts = {name: blobs[tree[name]] for name in named.values()}
    return FlowSet(_checked(named, texts, path=path, blobs=tree, commit=commit), commit)


def read_worktree(root: Path, *, path: str) -> FlowSet:
    """Reads the flows as they lie on disk, committed or not, in Git or not."""
    base = root / path
    files = {file.relative_to(base).as_posix(): file for file in sorted(base.rglob("*.y*ml"))}
    named = _named(files, path)
    texts = {name: files[name].read_bytes() for name in named.values()}
    return FlowSet(_checked(named, texts, path=path, blobs={}, commit=None), None)


def read_locked(repository: Repository, locks: Locks, *, environment: str) -> FlowSet:
    """Reads the locked flows by blob, and hashes each again.

    Raises:
        LockError: a blob's content is not what the lock says was tested.
        GitError: a blob is not in this repository.
    """
    blobs = repository.blobs(entry.blob for entry in locks.values())
    flows: dict[FlowRef, FlowText] = {}
    for ref, entry in locks.items():
        data = blobs[entry.blob]
        found = sha256(data)
        if found != entry.sha256:
            raise LockError(
                f"{lock_path(environment, ref.namespace)}: flow `{ref.id}` is locked at sha256 "
                f"{entry.sha256[:12]}…, but its blob {entry.blob[:12]} has {found[:12]}…. "
                "Promote it again, or restore the lock from Git."
            )
        check_identity(data, ref, file=entry.path)
        flows[ref] = FlowText(ref, entry.path, data, found, entry.blob, entry.commit)
    return FlowSet(flows, repository.commit_id("HEAD"))


def read_flows(root: Path, environment: Environment, *, dirty: bool = False) -> FlowSet:
    """Reads an environment's flows from where its settings say.

    Args:
        root: the folder that holds `environments/`.
        environment: whose flows.
        dirty: take the working tree instead of the commit.

    Raises:
        AppError: `dirty` for an environment that follows locks, or no Git where Git is needed.
    """
    source = environment.flows
    repository = Repository(root)
    if source.origin == "lock":
        if dirty:
            raise AppError(
                f"`{environment.name}` runs what its locks pin; uncommitted flows cannot reach it. "
                "Promote them instead."
            )
        locks = read_locks(root, environment.name)
        if not locks:
            return FlowSet({}, None)
        return read_locked(repository, locks, environment=environment.name)
    if dirty or source.origin == "worktree":
        return read_worktree(root, path=source.path)
    if not repository.exists():
        raise AppError(
            f"{environment.file}: flows come from Git, and {root} is in no Git repository. Use "
            "`--dirty`, or `flows: {from: worktree}`."
        )
    return read_commit(repository, ref=source.ref, path=source.path)


def _named(names: Mapping[str, object], path: str) -> dict[FlowRef, str]:
    found: dict[FlowRef, str] = {}
    problems: list[Problem] = []
    for name in sorted(names):
        ref = expected_ref(name)
        at = Position(f"{path}/{name}", 1, 1)
        if ref is not None and ref in found:
            problems.append(Problem(at, f"{ref} is already in {path}/{found[ref]}.", "Keep one."))
        elif ref is not None:
            found[ref] = name
        elif name.endswith((".yml", ".yaml")):
            problems.append(
                Problem(
                    at,
                    "A flow's file is named <namespace as folders>/<id>.yaml.",
                    "Rename it." if "/" in name else "Put it into its namespace's folder.",
                )
            )
    if problems:
        raise InvalidFileError(problems)
    return found


def _checked(
    named: Mapping[FlowRef, str],
    texts: Mapping[str, bytes],
    *,
    path: str,
    blobs: Mapping[str, str],
    commit: str | None,
) -> dict[FlowRef, FlowText]:
    flows: dict[FlowRef, FlowText] = {}
    problems: list[Problem] = []
    for ref, name in named.items():
        data, file = texts[name], f"{path}/{name}"
        try:
            check_identity(data, ref, file=file)
        except InvalidFileError as error:
            problems.extend(error.problems)
        flows[ref] = FlowText(ref, file, data, sha256(data), blobs.get(name), commit)
    if problems:
        raise InvalidFileError(problems)
    return flows
