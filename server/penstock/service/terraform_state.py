"""States of Terraform: its `http` backend writes them here, encrypted and with versions."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass, field, replace

import orjson
from sqlalchemy import Connection

from penstock.errors import Conflict, InvalidObject, NotFound
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.security.caller import Caller
from penstock.service import terraform_lock as locking
from penstock.service.change import Change
from penstock.service.form import instant
from penstock.service.services import Services
from penstock.store import terraform_lock as locks
from penstock.store import terraform_state as rows
from penstock.store.audit import AuditRecord, append
from penstock.store.terraform_state import StateVersion

_QUICK = 1
"""A state of 5 MB takes 25 ms to pack so, and 80 ms at the default level for a third less."""
_SERIAL = re.compile(rb'("serial"\s*:\s*)(\d+)')
_MOST_SERIAL = 2**63 - 1
_ALL = 10_000


@dataclass(frozen=True, slots=True)
class State:
    """A state's content, as gzip, and which version it is."""

    version: StateVersion
    packed: bytes = field(repr=False)

    @property
    def content(self) -> bytes:
        """The bytes that Terraform wrote."""
        return gzip.decompress(self.packed)


def get(services: Services, caller: Caller, workspace: str, version: int | None = None) -> State:
    """The newest state of a workspace, or an older version. Raises `NotFound`."""
    with services.database.read() as tx:
        return _stored(tx, services, caller.tenant, workspace, version=version)


def put(
    services: Services, change: Change, workspace: str, text: bytes, *, lock_id: str | None
) -> bool:
    """Keeps a state as the newest version; tells whether it differs from the one before.

    Raises `Locked` when another run holds the lock, `Conflict` when the state does not follow the
    one that is kept: by its serial, by its lineage, or because the run's lock was taken away.
    """
    serial, lineage = _described(text)
    packed = gzip.compress(text, _QUICK, mtime=0)
    sha256 = hashlib.sha256(text).hexdigest()
    tenant = change.caller.tenant
    with services.database.transaction() as tx:
        _hold(tx, tenant, workspace, lock_id)
        before = rows.newest(tx, tenant, workspace)
        if before is not None and before.sha256 == sha256:
            return False
        if before is not None and before.sha256 is not None:
            _check_follows(before, serial, lineage)
        made = _next(services, change, workspace, before)
        described = _Described(serial, lineage, len(text), sha256, lock_id)
        _append(tx, services, change, "write", described.of(made), packed=packed)
    return True


def delete(
    services: Services, change: Change, workspace: str, *, lock_id: str | None, is_purge: bool
) -> None:
    """Takes the state away; its versions stay, and can be restored, unless they are purged too.

    Raises `NotFound`, or `Locked` when another run holds the lock.
    """
    tenant = change.caller.tenant
    with services.database.transaction() as tx:
        _hold(tx, tenant, workspace, lock_id)
        before = rows.newest(tx, tenant, workspace)
        if before is None or (before.sha256 is None and not is_purge):
            raise _absent(workspace)
        if is_purge:
            detail: dict[str, Json] = {"versions": rows.purge(tx, tenant, workspace)}
            append(tx, _audited(services, change, "purge", before, None, detail=detail))
            return
        made = _next(services, change, workspace, before)
        _append(tx, services, change, "delete", made, packed=None)


def restore(services: Services, change: Change, workspace: str, number: int) -> dict[str, Json]:
    """Makes an older version's content the newest version.

    Its serial goes on from the highest one, so that no plan which was made meanwhile fits it.
    Raises `NotFound`, or `Locked` while a run holds the lock.
    """
    tenant = change.caller.tenant
    with services.database.transaction() as tx:
        _hold(tx, tenant, workspace, None)
        old = _stored(tx, services, tenant, workspace, version=number)
        before = rows.newest(tx, tenant, workspace)
        assert before is not None
        if before.version == number:
            return version_form(before)
        text = _renumbered(old.content, rows.highest_serial(tx, tenant, workspace) + 1)
        serial, lineage = _described(text)
        described = _Described(serial, lineage, len(text), hashlib.sha256(text).hexdigest(), None)
        made = described.of(_next(services, change, workspace, before))
        packed = gzip.compress(text, _QUICK, mtime=0)
        detail: dict[str, Json] = {"restored": number}
        _append(tx, services, change, "restore", made, packed=packed, detail=detail)
    return version_form(made)


def page(
    services: Services, caller: Caller, *, after: str | None, limit: int
) -> tuple[list[Json], str | None]:
    """Workspaces with what is known of their state and lock."""
    with services.database.read() as tx:
        names = rows.workspaces(tx, caller.tenant, after=after, limit=limit + 1)
        held = locks.find_many(tx, caller.tenant, names[:limit])
        items: list[Json] = []
        for name in names[:limit]:
            newest = rows.newest(tx, caller.tenant, name)
            lock = locking.form(held.get(name))
            items.append({"workspace": name, **_newest_form(newest), "lock": lock})
    return items, names[limit - 1] if len(names) > limit else None


def versions(services: Services, caller: Caller, workspace: str) -> list[Json]:
    """The versions that are kept, newest first. Raises `NotFound`."""
    with services.database.read() as tx:
        found = rows.versions(tx, caller.tenant, workspace, limit=_ALL)
    if not found:
        raise _absent(workspace)
    return [version_form(each) for each in found]


def version_form(version: StateVersion) -> dict[str, Json]:
    """A version as listings show it; one that deletes has no serial, size and hash."""
    return {
        "version": version.version,
        "serial": version.serial,
        "lineage": version.lineage,
        "size": version.size,
        "sha256": version.sha256,
        "at": instant(version.at),
        "by": version.by,
        "runId": version.run_id,
        "lockId": version.lock_id,
    }


@dataclass(frozen=True, slots=True)
class _Described:
    serial: int
    lineage: str
    size: int
    sha256: str
    lock_id: str | None

    def of(self, version: StateVersion) -> StateVersion:
        return replace(
            version,
            serial=self.serial,
            lineage=self.lineage,
            size=self.size,
            sha256=self.sha256,
            lock_id=self.lock_id,
        )


def _described(text: bytes) -> tuple[int, str]:
    """Serial and lineage. Raises `InvalidObject`, and quotes nothing: states hold secrets."""
    try:
        document: Json = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        message = f"The state is no JSON: {error.msg.partition(':')[0]}."
        problem = Problem(message, line=error.lineno, column=error.colno, code="invalid-json")
        raise InvalidObject(message, problems=[problem]) from None
    found = document if isinstance(document, dict) else {}
    serial, lineage = found.get("serial"), found.get("lineage")
    is_number = isinstance(serial, int) and not isinstance(serial, bool)
    if not is_number or not 0 <= serial <= _MOST_SERIAL or not isinstance(lineage, str):
        message = "The body is no state of Terraform: that has a number `serial` and a `lineage`."
        raise InvalidObject(message, problems=[Problem(message, code="no-state")])
    return serial, lineage


def _hold(tx: Connection, tenant: str, workspace: str, lock_id: str | None) -> None:
    held = locks.find(tx, tenant, workspace)
    if held is not None and held.id != lock_id:
        raise locking.refusal(held)
    if held is None and lock_id is not None:
        raise Conflict(
            f"The lock {lock_id} of {workspace} was taken away from this run, so that it may "
            "write no more.",
            hint="Terraform keeps what it could not write in errored.tfstate. See what others "
            "wrote meanwhile before you push it.",
        )


def _check_follows(before: StateVersion, serial: int, lineage: str) -> None:
    if before.lineage and lineage and before.lineage != lineage:
        raise Conflict(
            f"This is another state than the one of {before.workspace}: its lineage is {lineage}, "
            f"not {before.lineage}.",
            hint="Use another workspace in the address, or delete the one that is here first.",
        )
    assert before.serial is not None
    if serial <= before.serial:
        raise Conflict(
            f"This state is older than the one of {before.workspace}, or made beside it: its "
            f"serial is {serial}, the newest one's {before.serial}.",
            hint="Plan again on the newest state. To go back to an older one: "
            f"penstock terraform-state restore {before.workspace} VERSION",
        )


def _next(
    services: Services, change: Change, workspace: str, before: StateVersion | None
) -> StateVersion:
    return StateVersion(
        tenant=change.caller.tenant,
        workspace=workspace,
        version=1 if before is None else before.version + 1,
        at=services.now(),
        by=change.caller.actor,
        run_id=change.provenance.run_id,
    )


def _append(
    tx: Connection,
    services: Services,
    change: Change,
    action: str,
    version: StateVersion,
    *,
    packed: bytes | None,
    detail: dict[str, Json] | None = None,
) -> None:
    before = rows.newest(tx, version.tenant, version.workspace)
    place = _place(version)
    box = None if packed is None else services.secrets.seal(tx, version.tenant, packed, place=place)
    assert services.state_versions is not None
    rows.append(tx, version, box, kept=services.state_versions)
    told: dict[str, Json] = {"version": version.version, "serial": version.serial, **(detail or {})}
    append(tx, _audited(services, change, action, before, version, detail=told))


def _audited(
    services: Services,
    change: Change,
    action: str,
    before: StateVersion | None,
    after: StateVersion | None,
    *,
    detail: dict[str, Json],
) -> AuditRecord:
    known = before or after
    assert known is not None
    return change.audit(
        f"terraform-state.{action}",
        f"terraform-state/{known.workspace}",
        at=services.now(),
        before=None if before is None else before.sha256,
        after=None if after is None else after.sha256,
        detail=detail,
    )


def _stored(
    tx: Connection, services: Services, tenant: str, workspace: str, *, version: int | None
) -> State:
    found = rows.find(tx, tenant, workspace, version)
    if found is None:
        raise _absent(workspace, version)
    place = _place(found.version)
    return State(found.version, services.secrets.open(tx, tenant, found.box, place=place))


def _place(version: StateVersion) -> str:
    return f"{version.tenant}/terraform-state/{version.workspace}#{version.version}"


def _renumbered(text: bytes, serial: int) -> bytes:
    """The state with another serial and otherwise to the byte the same."""
    document = orjson.loads(text)
    for found in _SERIAL.finditer(text):
        made = text[: found.start(2)] + str(serial).encode() + text[found.end(2) :]
        if orjson.loads(made) == {**document, "serial": serial}:
            return made
    return text


def _newest_form(newest: StateVersion | None) -> dict[str, Json]:
    if newest is None:
        nothing = ("version", "serial", "lineage", "size", "sha256", "updatedAt", "updatedBy")
        return dict.fromkeys(nothing)
    return {
        "version": newest.version,
        "serial": newest.serial,
        "lineage": newest.lineage,
        "size": newest.size,
        "sha256": newest.sha256,
        "updatedAt": instant(newest.at),
        "updatedBy": newest.by,
    }


def _absent(workspace: str, version: int | None = None) -> NotFound:
    if version is not None:
        return NotFound(
            f"There is no version {version} of the state {workspace}.",
            hint=f"See them with: penstock terraform-state versions {workspace}",
        )
    return NotFound(f"There is no state {workspace}.")
