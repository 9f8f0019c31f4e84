"""What data sources have in common: one object by its name, or those of a namespace."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from penstock_provider.api import ApiError, Json
from penstock_provider.framework.diagnostics import Diagnostics, Failure
from penstock_provider.framework.record import record
from penstock_provider.framework.resource import DataSource
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import (
    BOOL,
    NUMBER,
    STRING,
    JsonValue,
    State,
    Type,
    Value,
    dynamic,
    map_of,
    object_of,
    text,
    texts,
)
from penstock_provider.provider import Penstock
from penstock_provider.reference import Reference, reference_of
from penstock_provider.sentences import failure

Fields = Mapping[str, tuple[Type, str]]
"""Attributes that are found, with type and description; the server spells them in camelCase."""

DECLARED: Fields = {
    "owner": (STRING, "On whose behalf it was declared."),
    "revision": (NUMBER, "Present revision."),
    "content_hash": (STRING, "SHA-256 of the content, hexadecimal."),
    "updated_at": (STRING, "When it was last written, in UTC."),
}
"""What every declared object has."""


def found(form: Mapping[str, JsonValue], fields: Fields) -> State:
    """The attributes of one form of the server."""
    return {name: value_of(form.get(_camel(name)), of) for name, (of, _) in fields.items()}


def value_of(value: JsonValue, of: Type) -> Value:
    """JSON of the server as a value of that type; null where it is of another one."""
    if value is None:
        return None
    if of.kind == "dynamic":
        return dynamic(value)
    if of.fields is not None and isinstance(value, dict):
        return {name: value_of(value.get(_camel(name)), field) for name, field in of.fields.items()}
    if of.element is not None and isinstance(value, dict):
        return {name: value_of(item, of.element) for name, item in value.items()}
    if of.element is not None and isinstance(value, list):
        return [value_of(item, of.element) for item in value]
    if of.kind == "number":
        return value if isinstance(value, (int, float)) else None
    if of.kind == "bool":
        return bool(value)
    return value if isinstance(value, str) else None


def computed(fields: Fields) -> dict[str, Attribute]:
    """The schema's part for what is found."""
    return {name: Attribute(of, told, computed=True) for name, (of, told) in fields.items()}


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match.group(1).upper(), name)


@record(frozen=True)
class Name:
    """The attribute that names an object in its namespace."""

    attribute: str
    told: str


def one(description: str, fields: Fields, name: Name | None = None) -> Schema:
    """The schema of a data source for one object; a namespace has no further name."""
    named = {name.attribute: Attribute(STRING, name.told, required=True)} if name else {}
    what = "The namespace" if name is None else f"`namespace/{name.attribute}`"
    return Schema(
        description,
        {
            "namespace": Attribute(STRING, "Namespace, dotted.", required=True),
            **named,
            "id": Attribute(STRING, f"{what}.", computed=True),
            **computed({**fields, **DECLARED}),
        },
    )


class LookUp(DataSource[Penstock]):
    """One object by its name."""

    kind: ClassVar[str]
    name: ClassVar[Name | None] = None
    fields: ClassVar[Fields]

    async def read(self, config: State, diagnostics: Diagnostics) -> State:  # noqa: ARG002 (interface)
        """The object; a failure when there is none."""
        attribute = None if self.name is None else self.name.attribute
        namespace = text(config["namespace"])
        identity = None if attribute is None else text(config[attribute])
        reference = Reference(self.kind, namespace, identity)
        try:
            form = await self.provider.objects.look_up(reference)
        except ApiError as error:
            raise failure(error, f"read {self.kind} {reference.name}") from None
        if form is None:
            raise Failure(
                f"There is no {self.kind} {reference.name}",
                "If this run creates it, refer to that resource's attributes, or use `depends_on`.",
                path=(attribute or "namespace",),
            )
        names: State = {"namespace": namespace, "id": reference.name}
        if attribute is not None:
            names[attribute] = identity
        return {**names, **found(form, {**self.fields, **DECLARED})}


def many(
    description: str, kind: str, *, plural: str, fields: Fields, has_labels: bool = False
) -> Schema:
    """The schema of a data source for the objects of a namespace."""
    whole = object_of({name: of for name, (of, _) in {**fields, **DECLARED}.items()})
    labels = Attribute(
        map_of(STRING), f"Only {plural} that have all of these labels.", optional=True
    )
    return Schema(
        description,
        {
            "namespace": Attribute(
                STRING, "Namespace to look into; all of them when not given.", optional=True
            ),
            "include_children": Attribute(
                BOOL, "True to look into the namespaces below, too.", optional=True
            ),
            **({"labels": labels} if has_labels else {}),
            plural: Attribute(
                map_of(whole),
                f"Import id of each {kind} to its attributes: {', '.join(whole.fields or ())}.",
                computed=True,
            ),
        },
    )


class Listing(DataSource[Penstock]):
    """The objects of a namespace."""

    collection: ClassVar[str]
    """Where the server lists them."""
    plural: ClassVar[str]
    fields: ClassVar[Fields]
    includes_children: ClassVar[bool] = False
    """What it means when nothing is said."""

    async def read(self, config: State, diagnostics: Diagnostics) -> State:  # noqa: ARG002 (interface)
        """All that fit, by their import ids."""
        chosen = {
            reference_of(form).name: found(form, {**self.fields, **DECLARED})
            for form in await self.forms(config)
        }
        return {**config, self.plural: dict(chosen)}

    async def forms(self, config: State) -> list[Json]:
        """The server's forms of those that fit."""
        namespace, labels = config.get("namespace"), texts(config.get("labels"))
        whole = config.get("include_children")
        below = self.includes_children if whole is None else whole is True
        query = {"namespace": namespace} if isinstance(namespace, str) else {}
        try:
            forms = await self.provider.objects.pages(f"/{self.collection}", query)
        except ApiError as error:
            raise failure(error, f"list the {self.plural}") from None
        return [
            form
            for form in forms
            if (below or not query or form.get("namespace") == namespace)
            and labels.items() <= _labels(form).items()
        ]


def _labels(form: Json) -> dict[str, JsonValue]:
    labels = form.get("labels")
    return labels if isinstance(labels, dict) else {}
