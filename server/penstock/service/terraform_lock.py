"""Locks of Terraform's states, as its `http` backend takes and gives them back."""

from __future__ import annotations

from penstock.errors import Conflict, InvalidObject, Locked
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.service.change import Change
from penstock.service.form import instant
from penstock.service.services import Services
from penstock.store import terraform_lock as rows
from penstock.store.audit import append
from penstock.store.terraform_lock import StateLock

_SAID = ("ID", "Operation", "Info", "Who", "Version", "Created", "Path")
"""What Terraform says of a lock."""
_LONGEST = 1_000


def lock(services: Services, change: Change, workspace: str, body: Json) -> None:
    """Takes the lock for the run that `body` describes; the same run may ask again.

    Raises `Locked` while another has it. A lock has no end of its own: it stays until its run, or
    somebody by force, gives it back.
    """
    info = _info(body)
    if not info["ID"]:
        raise _invalid("`ID` of a lock must not be empty.")
    tenant, now = change.caller.tenant, services.now()
    with services.database.transaction() as tx:
        held = rows.find(tx, tenant, workspace)
        if held is not None and held.id == info["ID"]:
            return
        if held is not None:
            raise refusal(held)
        taken = StateLock(tenant, workspace, info["ID"], {**info}, now, change.caller.actor)
        rows.insert(tx, taken)
        action, detail = "terraform-state.lock", _audited(taken)
        append(tx, change.audit(action, _reference(workspace), at=now, detail=detail))


def unlock(services: Services, change: Change, workspace: str, body: Json) -> None:
    """Gives the lock back. A lock that is gone already is no error.

    A run sends what it said when it took the lock; who only names an `ID`, or nothing, takes the
    lock away from whoever has it, which the audit tells. Raises `Conflict` when the lock that is
    named is not the one that holds.
    """
    info = _info({} if body is None else body)
    tenant, now = change.caller.tenant, services.now()
    with services.database.transaction() as tx:
        held = rows.find(tx, tenant, workspace)
        if held is None:
            return
        if info["ID"] and info["ID"] != held.id:
            raise Conflict(
                f"The lock of {workspace} is not {info['ID']}: {told(held)}.",
                hint=f"Its id is {held.id}.",
            )
        rows.delete(tx, tenant, workspace)
        is_own = all(info[name] == held.info.get(name) for name in ("Operation", "Who", "Created"))
        action = "terraform-state.unlock" if is_own else "terraform-state.force-unlock"
        append(tx, change.audit(action, _reference(workspace), at=now, detail=_audited(held)))


def refusal(held: StateLock) -> Locked:
    """What those hear who come second."""
    return Locked(
        f"The state {held.workspace} is locked: {told(held)}.",
        # Of the holder Terraform shows the id and nothing else; below it, it describes itself.
        lock={**held.info, "ID": f"{held.id} ({told(held)})"},
        hint="Wait for that run. If it is dead: "
        f"penstock terraform-state unlock {held.workspace} --id {held.id}",
    )


def told(held: StateLock) -> str:
    """The holder of a lock in words."""
    who = held.info.get("Who") or "somebody"
    operation = str(held.info.get("Operation") or "").removeprefix("OperationType").lower()
    doing = f" for {operation}" if operation else ""
    return f"{who} ({held.by}) holds it{doing} since {held.at:%Y-%m-%d %H:%M:%S} UTC"


def form(held: StateLock | None) -> Json:
    """A lock as listings show it."""
    if held is None:
        return None
    return {
        "id": held.id,
        "who": held.info.get("Who"),
        "operation": held.info.get("Operation"),
        "info": held.info.get("Info"),
        "terraformVersion": held.info.get("Version"),
        "created": held.info.get("Created"),
        "lockedAt": instant(held.at),
        "lockedBy": held.by,
    }


def _info(body: Json) -> dict[str, str]:
    """What a body says of a lock; empty where it says nothing."""
    if not isinstance(body, dict):
        raise _invalid("The body must be an object with `ID`, as Terraform sends it.")
    found: dict[str, str] = {}
    for name in _SAID:
        value = body.get(name, "")
        if not isinstance(value, str) or len(value) > _LONGEST:
            raise _invalid(f"`{name}` of a lock must be a text of at most {_LONGEST} characters.")
        found[name] = value
    return found


def _invalid(message: str) -> InvalidObject:
    return InvalidObject(message, problems=[Problem(message, code="invalid-lock")])


def _audited(held: StateLock) -> dict[str, Json]:
    return {"lock": held.id, "who": held.info.get("Who"), "operation": held.info.get("Operation")}


def _reference(workspace: str) -> str:
    return f"terraform-state/{workspace}"
