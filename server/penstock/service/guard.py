"""What every write of a declared object minds: a lost race, and whose object it is."""

from __future__ import annotations

from sqlalchemy import Connection

from penstock.errors import ForeignOwner, PreconditionFailed, UnknownTenant
from penstock.model.problem import Problem
from penstock.security.caller import Caller
from penstock.service.change import Change
from penstock.store import tenant as tenants


def check_there(tx: Connection, caller: Caller) -> None:
    """Raises `UnknownTenant` when the caller's tenant has gone since the caller was let in."""
    if not tenants.exists(tx, caller.tenant):
        raise UnknownTenant(f"There is no tenant {caller.tenant}.")


def check_match(name: str, content_hash: str | None, match: str | None) -> None:
    """Raises `PreconditionFailed` when the content (None: gone) is not what the caller saw."""
    if match is None:
        return
    if content_hash is None:
        raise PreconditionFailed(
            f"{name} is not there any more; the caller saw the content {match}.",
            hint="Read it again and decide anew.",
        )
    if match not in ("*", content_hash):
        raise PreconditionFailed(
            f"{name} changed since it was read: its content is now {content_hash}, "
            f"the caller saw {match}.",
            hint="Read it again and decide anew.",
        )


def check_absent(name: str, content_hash: str | None) -> None:
    """Raises `PreconditionFailed` when there is such an object."""
    if content_hash is not None:
        raise PreconditionFailed(
            f"{name} exists already, with the content {content_hash}.",
            hint="Leave If-None-Match out to replace it.",
        )


def foreign(name: str, owner: str | None, change: Change) -> Problem | None:
    """Why the change may not touch an object of this owner (None: it is new)."""
    if owner is None or owner == change.owner or change.force:
        return None
    return Problem(
        f"{name} is declared by {owner}; {change.owner} may not change it.",
        code="foreign-owner",
        hint="Change it there, or take it over with Penstock-Force-Owner: true "
        "(the audit keeps who did).",
        object=name,
    )


def check_owner(name: str, owner: str | None, change: Change) -> None:
    """Raises `ForeignOwner` for that reason."""
    problem = foreign(name, owner, change)
    if problem is not None:
        raise ForeignOwner(problem.message, problems=[problem], hint=problem.hint)
