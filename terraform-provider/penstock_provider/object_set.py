"""Sets of declared objects as the server takes them, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Iterable

from penstock_provider.api import Json
from penstock_provider.framework.record import record
from penstock_provider.framework.values import JsonValue
from penstock_provider.reference import Reference


@record(frozen=True)
class Item:
    """One object as it shall be; ``spec`` is its PUT body."""

    reference: Reference
    spec: Json
    if_match: str | None = None
    since: str | None = None
    """Of a flow: the content from which a plan says what changes; empty for none."""

    def to_json(self) -> Json:
        """The form in sets."""
        data = {**self.reference.to_json(), "spec": self.spec}
        if self.since is not None:
            data["since"] = self.since
        return data if self.if_match is None else {**data, "ifMatch": self.if_match}


def set_of(items: Iterable[Item], deletes: Iterable[Reference]) -> Json:
    """The body of a plan or an apply."""
    # Never "complete": what an object refers to may be another resource of the same run.
    objects: list[JsonValue] = [item.to_json() for item in items]
    gone: list[JsonValue] = [reference.to_json() for reference in deletes]
    return {"objects": objects, "deletes": gone, "complete": False}


def size_of(item: Item | Reference) -> int:
    """About how many bytes a member takes."""
    if isinstance(item, Reference):
        return 100
    texts = [value for value in item.spec.values() if isinstance(value, str)]
    others = {key: value for key, value in item.spec.items() if not isinstance(value, str)}
    return sum(map(len, texts)) + (len(json.dumps(others)) if others else 0)


def rows_of(answer: Json, name: str) -> list[Json]:
    """A list of objects of the server's answer."""
    rows = answer.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def forms_of(answer: Json) -> dict[str, Json]:
    """The full forms of what was written, by the names of the objects."""
    forms = {}
    for row in rows_of(answer, "objects"):
        form = row.get("object")
        if isinstance(form, dict):
            forms[str(row.get("ref"))] = form
    return forms
