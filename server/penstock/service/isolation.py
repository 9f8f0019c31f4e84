"""Which flows may use what a namespace holds: its secrets, pairs, files and flows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from penstock.errors import PenstockError
from penstock.store import namespace as namespaces

EVERYBODY = "*"


class NamespaceDenied(PenstockError):
    """A flow may not use what another namespace holds."""

    code = "namespace-denied"
    title = "Namespace denied"
    status = 403


@dataclass(frozen=True, slots=True)
class Isolation:
    """The rule, the same at plan and at run.

    A flow may always use what is in its own namespace and in those above it. Other namespaces
    say in `allowedNamespaces` whose flows may; the nearest list counts, the namespace's own or
    of one above it. `is_open` is for those that say nothing: whether all may.
    """

    is_open: bool = False

    def allows(self, user: str, target: str, listed: Sequence[str] | None) -> bool:
        """Whether flows of `user` may use what is in `target`, whose nearest list is `listed`."""
        if is_within(user, target):
            return True
        if listed is None:
            return self.is_open
        return is_listed(user, listed)

    def may_change(self, user: str, target: str, listed: Sequence[str] | None) -> bool:
        """Whether flows of `user` may purge, resume and toggle what is in `target`.

        Their own namespace and those below it are theirs; any other, those above as well, must
        have a list that names them.
        """
        return is_within(target, user) or (listed is not None and is_listed(user, listed))

    def check(self, tx: Connection, tenant: str, user: str, *, target: str, what: str) -> None:
        """Raises `NamespaceDenied` when flows of `user` may not use `what` of `target`."""
        if is_within(user, target):
            return
        if not self.allows(user, target, namespaces.allowed(tx, tenant, target)):
            raise NamespaceDenied(f"{denial(user, target, what)} {remedy(user, target)}")

    def check_change(
        self, tx: Connection, tenant: str, user: str, *, target: str, what: str
    ) -> None:
        """Raises `NamespaceDenied` when flows of `user` may not change `what` of `target`."""
        if not self.may_change(user, target, namespaces.allowed(tx, tenant, target)):
            said = denial(user, target, what, verb="change")
            raise NamespaceDenied(f"{said} {remedy(user, target)}")


def is_within(namespace: str, outer: str) -> bool:
    """Whether a namespace is `outer` or below it."""
    return namespace == outer or namespace.startswith(f"{outer}.")


def is_listed(namespace: str, listed: Sequence[str]) -> bool:
    """Whether a list of namespaces has it or one above it."""
    return any(each == EVERYBODY or is_within(namespace, each) for each in listed)


def denial(user: str, target: str, what: str, *, verb: str = "use") -> str:
    """Why it is not allowed."""
    return f"Flows of the namespace '{user}' may not {verb} the {what} of '{target}'."


def remedy(user: str, target: str) -> str:
    """How to mend it."""
    return f"Whoever owns '{target}' can add '{user}' to its allowedNamespaces."
