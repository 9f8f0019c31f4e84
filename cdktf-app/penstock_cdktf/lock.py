"""`environments/<env>/locks/<namespace>.lock.json`: which content an environment runs.

Keys are sorted and there is neither a counter nor a digest of the file: promotions of different
flows then merge, and two promotions of the same flow conflict, as they must.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from penstock_cdktf.document import JsonValue
from penstock_cdktf.errors import LockError
from penstock_cdktf.flowtext import FlowRef

_SHA256 = re.compile(r"[0-9a-f]{64}")
_OBJECT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_SUFFIX = ".lock.json"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the source environment's server counted for exactly this content."""

    success: int
    failed: int
    days: int
    first_at: str | None
    last_at: str | None
    engine: str | None
    executions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Override:
    """Who let a flow through which unmet gates, when and why."""

    reason: str
    person: str
    at: str
    gates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One pinned flow: its hash, where Git has it, and what it was tested with."""

    sha256: str
    blob: str
    commit: str
    path: str
    closure: Mapping[str, str] = field(default_factory=dict)
    evidence: Evidence | None = None
    override: Override | None = None


Locks = Mapping[FlowRef, Entry]


def dump_lock(namespace: str, source: str, entries: Mapping[str, Entry]) -> str:
    """Returns a lock file's text; `entries` by flow id, `source` the environment they came from."""
    flows = {flow: _entry_json(entry) for flow, entry in entries.items()}
    document = {"version": 1, "namespace": namespace, "from": source, "flows": flows}
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _entry_json(entry: Entry) -> dict[str, JsonValue]:
    evidence, override = entry.evidence, entry.override
    return {
        "sha256": entry.sha256,
        "blob": entry.blob,
        "commit": entry.commit,
        "path": entry.path,
        "closure": dict(entry.closure),
        "evidence": None
        if evidence is None
        else {
            "success": evidence.success,
            "failed": evidence.failed,
            "days": evidence.days,
            "first_at": evidence.first_at,
            "last_at": evidence.last_at,
            "engine": evidence.engine,
            "executions": list(evidence.executions),
        },
        "override": None
        if override is None
        else {
            "reason": override.reason,
            "person": override.person,
            "at": override.at,
            "gates": list(override.gates),
        },
    }


def parse_lock(text: str, *, file: str) -> dict[FlowRef, Entry]:
    """Reads a lock file's text.

    Raises:
        LockError: it is not JSON (a merge left its marks, for one), or a value has the wrong form.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        merge = "<<<<<<<" in text
        why = "it holds the marks of an unfinished merge" if merge else error.msg
        line = text[: text.index("<<<<<<<")].count("\n") + 1 if merge else error.lineno
        raise LockError(f"{file}:{line}: this lock is not JSON: {why}.") from None
    form = _Form(file)
    top = form.table(document, "the lock")
    if top.get("version") != 1:
        raise LockError(f"{file}: lock version {top.get('version')} is unknown; this app reads 1.")
    namespace = form.text(top, "namespace", "the lock")
    expected = Path(file).name.removesuffix(_SUFFIX)
    if namespace != expected:
        raise LockError(f"{file}: `namespace` is `{namespace}`, the file's name says `{expected}`.")
    flows = form.table(top.get("flows"), "flows")
    return {FlowRef(namespace, flow): form.entry(flow, value) for flow, value in flows.items()}


@dataclass(frozen=True, slots=True)
class _Form:
    """Checks the shape of a lock's values; every refusal names the file and the flow."""

    file: str

    def table(self, value: object, what: str) -> dict[str, JsonValue]:
        if not isinstance(value, dict):
            raise LockError(f"{self.file}: {what} must be an object.")
        return cast("dict[str, JsonValue]", value)

    def text(self, table: Mapping[str, JsonValue], key: str, what: str) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not value:
            raise LockError(f"{self.file}: {what} needs the text `{key}`.")
        return value

    def count(self, table: Mapping[str, JsonValue], key: str, what: str) -> int:
        value = table.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise LockError(f"{self.file}: {what} needs the whole number `{key}`.")
        return value

    def maybe(self, table: Mapping[str, JsonValue], key: str) -> str | None:
        value = table.get(key)
        return value if isinstance(value, str) else None

    def texts(self, value: JsonValue) -> tuple[str, ...]:
        return tuple(str(member) for member in value) if isinstance(value, list) else ()

    def entry(self, flow: str, value: object) -> Entry:
        what = f"flow `{flow}`"
        table = self.table(value, what)
        sha256 = self.text(table, "sha256", what)
        if not _SHA256.fullmatch(sha256):
            raise LockError(f"{self.file}: {what} has a `sha256` that is no SHA-256.")
        for key in ("blob", "commit"):
            if not _OBJECT.fullmatch(self.text(table, key, what)):
                raise LockError(f"{self.file}: {what} has a `{key}` that is no Git object id.")
        closure = self.table(table.get("closure") or {}, f"`closure` of {what}")
        return Entry(
            sha256,
            self.text(table, "blob", what),
            self.text(table, "commit", what),
            self.text(table, "path", what),
            {name: str(content) for name, content in closure.items()},
            self.evidence(table.get("evidence"), what),
            self.override(table.get("override"), what),
        )

    def evidence(self, value: JsonValue, what: str) -> Evidence | None:
        if value is None:
            return None
        what = f"`evidence` of {what}"
        table = self.table(value, what)
        return Evidence(
            self.count(table, "success", what),
            self.count(table, "failed", what),
            self.count(table, "days", what),
            self.maybe(table, "first_at"),
            self.maybe(table, "last_at"),
            self.maybe(table, "engine"),
            self.texts(table.get("executions")),
        )

    def override(self, value: JsonValue, what: str) -> Override | None:
        if value is None:
            return None
        what = f"`override` of {what}"
        table = self.table(value, what)
        return Override(
            self.text(table, "reason", what),
            self.text(table, "person", what),
            self.text(table, "at", what),
            self.texts(table.get("gates")),
        )


def lock_path(environment: str, namespace: str) -> str:
    """Returns the path of a namespace's lock, relative to the root."""
    return f"environments/{environment}/locks/{namespace}{_SUFFIX}"


def read_locks(root: Path, environment: str) -> dict[FlowRef, Entry]:
    """Reads every lock of an environment from the working tree; none at all is an empty answer."""
    found: dict[FlowRef, Entry] = {}
    for path in sorted(root.glob(f"environments/{environment}/locks/*{_SUFFIX}")):
        file = path.relative_to(root).as_posix()
        found.update(parse_lock(path.read_text(encoding="utf-8"), file=file))
    return found


def write_locks(
    root: Path, environment: str, *, source: str, before: Locks, after: Locks
) -> tuple[str, ...]:
    """Writes the locks whose entries changed and returns their paths relative to the root.

    Every new text is on disk beside its target before the first one is put in place, so that a
    full disk leaves the old set. A namespace without flows loses its lock.
    """
    changed = {ref.namespace for ref in before.keys() ^ after.keys()}
    changed |= {ref.namespace for ref in before.keys() & after.keys() if before[ref] != after[ref]}
    ready: list[tuple[Path, Path | None, str]] = []
    for namespace in sorted(changed):
        name = lock_path(environment, namespace)
        entries = {ref.id: entry for ref, entry in after.items() if ref.namespace == namespace}
        draft = None
        if entries:
            draft = root / f"{name}.new"
            draft.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(dump_lock(namespace, source, entries), encoding="utf-8", newline="\n")
        ready.append((root / name, draft, name))
    for target, draft, _ in ready:
        if draft is not None:
            draft.replace(target)
        else:
            target.unlink(missing_ok=True)
    return tuple(name for _, _, name in ready)


def with_closure(entry: Entry, hashes: Mapping[str, str]) -> Entry:
    """Returns the entry with the given hashes in its closure, where it names them."""
    closure = {name: hashes.get(name, content) for name, content in entry.closure.items()}
    return replace(entry, closure=closure)
