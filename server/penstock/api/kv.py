"""Key-value pairs over HTTP."""

from __future__ import annotations

import orjson
from fastapi import APIRouter, Request, Response

from penstock.api.access import Caller, Change, RawBody, Services, parse_json
from penstock.api.answer import Answer
from penstock.api.collection import Collection, put_object
from penstock.api.document import answers, body
from penstock.api.problem import invalid
from penstock.api.shape import items_of, ref
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.service import kv
from penstock.service.objectset import Reference

router = APIRouter(prefix="/kv", tags=["kv"])
_THING = ref("Kv")
_pairs = Collection(router, "kv", "Kv")
_pairs.add_list("Lists pairs by namespace and key; those that expired are gone.")
_pairs.add_get("Reads the pair of exactly this namespace.")


@router.get("/{namespace}/{key}/versions", **answers(items_of(ref("KvVersion"))))
def list_versions(services: Services, caller: Caller, *, namespace: str, key: str) -> Response:
    """Lists what the latest writes of a pair left, newest first."""
    return Answer({"items": kv.versions(services, caller, Reference("kv", namespace, key))})


@router.put(
    "/{namespace}/{key}",
    openapi_extra=body(ref("KvSpec"), plain=True),
    **answers(_THING, 409, 412, 413, also=201),
)
def put_kv(
    services: Services,
    change: Change,
    *,
    namespace: str,
    key: str,
    text: RawBody,
    request: Request,
) -> Response:
    """Creates or replaces a pair; the same body twice writes nothing.

    A body of the type `text/plain` is the value itself: as JSON when it is some, else as text
    (`"quoted"` stays text), with the headers `ttl` and `description`.
    """
    is_plain = request.headers.get("content-type", "").startswith("text/plain")
    spec = _plain(text, request) if is_plain else parse_json(text)
    return put_object(services, change, Reference("kv", namespace, key), spec, request)


_pairs.add_delete("Removes a pair.")


def _plain(text: bytes, request: Request) -> Json:
    try:
        value: Json = orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            value = text.decode()
        except UnicodeDecodeError:
            hint = "Save it as UTF-8."
            raise invalid(
                [Problem("The text is not UTF-8.", code="invalid-encoding", hint=hint)]
            ) from None
    said = {name: request.headers.get(name) for name in ("ttl", "description")}
    return {"value": value, **said}
