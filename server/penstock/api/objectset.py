"""Sets of objects over HTTP: plan, apply, state."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Query, Request, Response

from penstock.api.access import Caller, Change, JsonBody, Services, changes_nothing
from penstock.api.answer import Answer, etag_matches
from penstock.api.document import answers, body
from penstock.api.problem import invalid
from penstock.api.shape import TEXT, list_of, ref, thing
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.service import apply, override, plan, state
from penstock.service.objectset import KINDS, KindName, Reference, canonical_hash, parse_set

router = APIRouter(tags=["sets"])
_SET = ref("ObjectSet")
_OVERRIDES = list_of(ref("Override"))
_STATE = thing(objects=list_of(ref("Object")), overrides=_OVERRIDES)
_STATE["properties"]["actors"] = {"type": "object", "additionalProperties": TEXT}
_MAYBE_OBJECT = {"anyOf": [ref("Object"), {"type": "null"}]}


@router.post("/plan", openapi_extra=body(_SET), **answers(ref("Plan"), 409, 413))
@changes_nothing
def plan_set(services: Services, change: Change, wanted: JsonBody) -> Response:
    """Says what `POST /apply` with this set would do, without writing; also when it would fail."""
    return Answer(plan.plan(services, change, parse_set(wanted)))


@router.post("/apply", openapi_extra=body(_SET), **answers(ref("Applied"), 409, 412, 413))
def apply_set(services: Services, change: Change, wanted: JsonBody) -> Response:
    """Writes a set in one transaction, all or nothing; nothing is ever deleted implicitly."""
    return Answer(apply.apply(services, change, parse_set(wanted)).to_json())


@router.get("/state", **answers(_STATE, 304))
def get_state(
    services: Services,
    caller: Caller,
    request: Request,
    kinds: Annotated[str, Query(description="Kinds, separated by commas.")] = ",".join(KINDS),
    namespaces: Annotated[
        str, Query(description="Namespaces themselves, separated by commas; all by default.")
    ] = "",
    *,
    actors: Annotated[
        bool, Query(description="Adds `actors`: by reference who wrote each object last.")
    ] = False,
) -> Response:
    """Reads every declared object of some kinds at once."""
    wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    problems = [
        Problem(
            f"`{kind}` is no kind of object.",
            path="kinds",
            code="unknown-kind",
            hint=f"The kinds are {', '.join(KINDS)}.",
        )
        for kind in wanted
        if kind not in KINDS
    ]
    if problems:
        raise invalid(problems)
    names = [name.strip() for name in namespaces.split(",") if name.strip()]
    objects = state.everything(services, caller, cast("list[KindName]", wanted), names)
    overrides = [
        each
        for each in override.listed(services, caller)
        if ("schedule" if each["kind"] == "schedule" else "flow") in wanted
        and (not names or each["namespace"] in names)
    ]
    etag = f'"{canonical_hash([*objects, *overrides])}"'
    if etag_matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers={"ETag": etag})
    found: dict[str, Json] = {"objects": [*objects], "overrides": [*overrides]}
    if actors:
        found["actors"] = {**state.actors(services, caller, objects)}
    return Answer(found, headers={"ETag": etag})


@router.post(
    "/state:read",
    openapi_extra=body(thing(objects=list_of(ref("Reference")))),
    **answers(
        thing(objects=list_of(thing(ref=TEXT, object=_MAYBE_OBJECT)), overrides=_OVERRIDES), 413
    ),
)
@changes_nothing
def read_state(services: Services, caller: Caller, wanted: JsonBody) -> Response:
    """Reads named objects, in the order of the request, null for those that are not there."""
    objects = state.read(services, caller, wanted)
    names = [Reference.read(str(each["ref"])) for each in objects if isinstance(each, dict)]
    switched = {name for name in names if name.kind in {"flow", "schedule"}}
    overrides = override.listed(services, caller, switched) if switched else []
    return Answer({"objects": objects, "overrides": overrides})
