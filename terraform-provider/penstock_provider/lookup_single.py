"""What data sources of objects outside of namespaces have in common."""

from __future__ import annotations

import urllib.parse
from typing import ClassVar

from penstock_provider.api import ApiError
from penstock_provider.framework.diagnostics import Diagnostics, Failure
from penstock_provider.framework.resource import DataSource
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import STRING, State, map_of, object_of, text
from penstock_provider.lookup import DECLARED, Fields, computed, found
from penstock_provider.provider import Penstock
from penstock_provider.sentences import failure


def single(description: str, kind: str, *, named: str, fields: Fields) -> Schema:
    """The schema of a data source for one object; ``named`` is the attribute with its name."""
    return Schema(
        description,
        {
            named: Attribute(STRING, f"Name of the {kind}.", required=True),
            "id": Attribute(STRING, "The name.", computed=True),
            **computed({**fields, **DECLARED}),
        },
    )


class LookUpSingle(DataSource[Penstock]):
    """One object by its name."""

    kind: ClassVar[str]
    collection: ClassVar[str]
    named: ClassVar[str]
    fields: ClassVar[Fields]

    async def read(self, config: State, diagnostics: Diagnostics) -> State:  # noqa: ARG002 (interface)
        """The object; a failure when there is none."""
        name = text(config[self.named])
        address = f"{self.collection}/{urllib.parse.quote(name, safe='')}"
        try:
            form = await self.provider.singles.get(address)
        except ApiError as error:
            raise failure(error, f"read {self.kind} {name}") from None
        if form is None:
            raise Failure(
                f"There is no {self.kind} {name}",
                "If this run creates it, refer to that resource's attributes, or use `depends_on`.",
                path=(self.named,),
            )
        return {self.named: name, "id": name, **found(form, {**self.fields, **DECLARED})}


def singles(description: str, kind: str, *, plural: str, fields: Fields) -> Schema:
    """The schema of a data source for all objects of a kind."""
    whole = object_of({name: of for name, (of, _) in {**fields, **DECLARED}.items()})
    return Schema(
        description,
        {
            plural: Attribute(
                map_of(whole),
                f"Name of each {kind} to its attributes: {', '.join(whole.fields or ())}.",
                computed=True,
            )
        },
    )


class SingleListing(DataSource[Penstock]):
    """All objects of a kind."""

    collection: ClassVar[str]
    plural: ClassVar[str]
    identity: ClassVar[str]
    """Where the server's forms have the name."""
    fields: ClassVar[Fields]

    async def read(self, config: State, diagnostics: Diagnostics) -> State:  # noqa: ARG002 (interface)
        """All of them, by their names."""
        try:
            forms = await self.provider.objects.pages(self.collection, {})
        except ApiError as error:
            raise failure(error, f"list the {self.plural}") from None
        chosen = {
            str(form[self.identity]): found(form, {**self.fields, **DECLARED}) for form in forms
        }
        return {**config, self.plural: dict(chosen)}
