"""Reads declared objects: one, a page, all of some kinds, or named ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from penstock.errors import InvalidObject, NotFound
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.security.caller import Caller
from penstock.service.form import DeclaredRow, instant
from penstock.service.kind import KIND
from penstock.service.objectset import KEYED, KindName, Reference, parse_reference
from penstock.service.services import Services
from penstock.store import audit
from penstock.store import flow as flows

_PAGE = 1_000


def get(
    services: Services, caller: Caller, reference: Reference, *, revision: int | None = None
) -> dict[str, Json]:
    """The read form of one object; `revision` is for flows. Raises `NotFound`."""
    kind = KIND[reference.kind]
    with services.database.read() as tx:
        if revision is None:
            row = kind.find(tx, services, caller.tenant, reference)
        else:
            row = flows.find(
                tx, caller.tenant, reference.namespace, id=reference.id, revision=revision
            )
        if row is None:
            at = "" if revision is None else f" at revision {revision}"
            raise NotFound(f"There is no {reference}{at}.")
        return kind.form(tx, services, row)


def page(
    services: Services,
    caller: Caller,
    kind_name: KindName,
    *,
    namespace: str | None,
    after: tuple[str, ...] | None,
    limit: int,
) -> tuple[list[dict[str, Json]], tuple[str, ...] | None]:
    """Read forms in order, and the cursor of the next page."""
    kind = KIND[kind_name]
    with services.database.read() as tx:
        rows = kind.page(
            tx, services, caller.tenant, namespace=namespace, after=after, limit=limit + 1
        )
        forms = [kind.form(tx, services, row) for row in rows[:limit]]
    return forms, _cursor(kind_name, rows[limit - 1]) if len(rows) > limit else None


def everything(
    services: Services, caller: Caller, kinds: Sequence[KindName], namespaces: Sequence[str]
) -> list[dict[str, Json]]:
    """Every declared object of the kinds, in the namespaces themselves when some are named."""
    forms: list[dict[str, Json]] = []
    with services.database.read() as tx:
        for kind_name in kinds:
            kind = KIND[kind_name]
            for namespace in sorted(set(namespaces)) or [None]:
                after: tuple[str, ...] | None = None
                while True:
                    rows = kind.page(
                        tx, services, caller.tenant, namespace=namespace, after=after, limit=_PAGE
                    )
                    forms.extend(
                        kind.form(tx, services, row)
                        for row in rows
                        if namespace is None or row.namespace == namespace
                    )
                    if len(rows) < _PAGE:
                        break
                    after = _cursor(kind_name, rows[-1])
    return forms


def actors(services: Services, caller: Caller, forms: Sequence[dict[str, Json]]) -> dict[str, str]:
    """Who wrote each of the objects last, by their references, as far as the audit knows."""
    with services.database.read() as tx:
        return audit.actors(tx, caller.tenant, [str(_reference(form)) for form in forms])


def read(services: Services, caller: Caller, body: Json) -> list[Json]:
    """Named objects in the order of the request, with null for those that are not there."""
    items = body.get("objects") if isinstance(body, dict) else None
    problems: list[Problem] = []
    if not isinstance(items, list):
        problems.append(Problem("`objects` must be a list.", path="objects", code="wrong-type"))
        items = []
    references = [
        parse_reference(item, f"objects[{index}]", problems) for index, item in enumerate(items)
    ]
    if problems:
        raise InvalidObject(problems[0].message, problems=problems)
    answers: list[Json] = []
    with services.database.read() as tx:
        for reference in references:
            assert reference is not None
            kind = KIND[reference.kind]
            row = kind.find(tx, services, caller.tenant, reference)
            form = None if row is None else kind.form(tx, services, row)
            answers.append({"ref": str(reference), "object": form})
    return answers


def revisions(services: Services, caller: Caller, reference: Reference) -> list[Json]:
    """A flow's history, newest first. Raises `NotFound` when there never was such a flow."""
    with services.database.read() as tx:
        found = flows.revisions(tx, caller.tenant, reference.namespace, reference.id)
    if not found:
        raise NotFound(f"There is no {reference}.")
    return [
        {
            "revision": each.revision,
            "contentHash": each.content_hash or None,
            "deleted": each.deleted,
            "owner": each.owner,
            "createdAt": instant(each.created_at),
            "provenance": each.provenance.to_json(),
        }
        for each in found
    ]


def _cursor(kind: KindName, row: DeclaredRow) -> tuple[str, ...]:
    if kind == "namespace":
        return (row.namespace,)
    return (row.namespace, str(getattr(row, "key" if kind in KEYED else "id")))


def _reference(form: dict[str, Json]) -> Reference:
    kind = cast("KindName", form["kind"])
    name = {"namespace": "", **dict.fromkeys(KEYED, "key"), "file": "path"}.get(kind, "id")
    return Reference(kind, str(form["namespace"]), str(form[name]) if name else "")
