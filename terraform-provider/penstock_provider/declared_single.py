"""What declared objects outside of namespaces have in common: a name, and an address each."""

from __future__ import annotations

import re
import urllib.parse
from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from penstock_provider.api import ApiError
from penstock_provider.declared import Declared, name_of
from penstock_provider.framework.diagnostics import Failure
from penstock_provider.framework.plan import Plan
from penstock_provider.framework.resource import Change, Leaving, Reading
from penstock_provider.framework.schema import Attribute
from penstock_provider.framework.values import STRING, State, Value
from penstock_provider.pattern import Pattern
from penstock_provider.sentences import failure, sentence, subject

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


def single_name(what: str) -> Attribute:
    """The attribute with the name of a ``what``."""

    def check(value: Value) -> str | None:
        if not isinstance(value, str) or _NAME.fullmatch(value):
            return None
        return (
            f'"{value}" is no name of a {what}: use lowercase letters, digits, ".", "_" and "-", '
            "at most 100 characters."
        )

    return Attribute(
        STRING,
        f"Name of the {what}. A change makes a new one.",
        required=True,
        replace=True,
        check=check,
    )


class DeclaredSingle(Declared):
    """One declared object with a name of its own, read and written by its address."""

    collection: ClassVar[str]
    """Where the objects are, such as `/tokens`."""
    named: ClassVar[str]
    """The attribute with the name."""

    def address(self, state: State) -> str:
        """The path of the object."""
        return f"{self.collection}/{urllib.parse.quote(name_of(state, self.named), safe='')}"

    async def plan(self, plan: Plan) -> None:
        """Says at plan what a write would be refused for."""
        planned = plan.planned
        name = planned.get(self.named)
        if not isinstance(name, str):
            return
        if plan.creating or plan.replace:
            planned["id"] = name
        objects = self.provider.planner
        if objects is None:
            return
        if plan.creating:
            twice = objects.create(self.reference(planned))
            if twice is not None:
                raise Failure(subject(twice), sentence(twice))
            await self._check_new(plan, name)
        await self.settle(plan)

    @abstractmethod
    async def settle(self, plan: Plan) -> None:
        """Says what of the object will change; the server is known."""

    async def _check_new(self, plan: Plan, name: str) -> None:
        try:
            found = await self.provider.singles.get(self.address(plan.planned))
        except ApiError as error:
            raise failure(error, f"plan {self.kind} {name}") from None
        owner = None if found is None else found.get("owner")
        if owner not in (None, self.provider.singles.owner):
            plan.diagnostics.error(
                f"{self.kind.capitalize()} {name} is declared by {owner}",
                f"{self.provider.singles.owner} may not change it. Remove it there, or choose "
                "another name; `owner` of the provider says on whose behalf this one writes.",
                path=(self.named,),
            )

    async def _write(self, change: Change, verb: str, if_match: str | None) -> State:
        name = name_of(change.planned, self.named)
        body = self.spec(change.planned, change.config)
        try:
            form = await self.provider.singles.put(self.address(change.planned), body, if_match)
        except ApiError as error:
            raise self._refused(error, f"{verb} {self.kind} {name}") from None
        self._remember(change.private, form)
        return self.state(change.planned, form)

    async def read(self, reading: Reading) -> State | None:
        """The server's form; None when it is gone."""
        try:
            form = await self.provider.singles.get(self.address(reading.state))
        except ApiError as error:
            name = name_of(reading.state, self.named)
            raise failure(error, f"read {self.kind} {name}") from None
        if form is None:
            return None
        self._remember(reading.private, form)
        return self.state(reading.state, form)

    async def delete(self, change: Change) -> None:
        """Removes the object."""
        prior: State = change.prior or {}
        try:
            await self.provider.singles.delete(self.address(prior))
        except ApiError as error:
            raise failure(error, f"delete {self.kind} {name_of(prior, self.named)}") from None

    async def leave(self, leaving: Leaving) -> None:
        """Nothing on the server refers to such an object."""

    def declares(self, values: State) -> Iterator[Pattern]:  # noqa: ARG002 (interface)
        """Nothing that anything else could refer to."""
        yield from ()
