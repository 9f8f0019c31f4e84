"""Files of namespaces over HTTP."""

from __future__ import annotations

import base64
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from penstock.api.access import Caller, Change, JsonBody, RawBody, Services, parse_json
from penstock.api.answer import Answer, declared
from penstock.api.collection import Collection, put_object
from penstock.api.document import answers, body
from penstock.api.problem import invalid
from penstock.api.shape import items_of, ref
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.service import file_content
from penstock.service.objectset import Reference

router = APIRouter(tags=["files"])
_THING = ref("File")
_NEWEST = 2**31 - 1
Revision = Annotated[int | None, Query(ge=1, le=_NEWEST, description="An older revision.")]
_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_files = Collection(router, "file", "File", at="/files")
_files.add_list("Lists files by namespace and path, without their contents.")


@router.get("/files:revisions", **answers(items_of(ref("FileRevision"))))
def list_file_revisions(
    services: Services,
    caller: Caller,
    *,
    namespace: Annotated[str, Query(description="The file's namespace.")],
    path: Annotated[str, Query(description="Its path there.")],
) -> Response:
    """Lists a file's history, newest first, deletions included."""
    reference = Reference("file", namespace, path)
    return Answer({"items": file_content.revisions(services, caller, reference)})


@router.get("/files:content", **answers(None, 304))
def get_file_content(
    services: Services,
    caller: Caller,
    *,
    namespace: Annotated[str, Query(description="The file's namespace.")],
    path: Annotated[str, Query(description="Its path there.")],
    revision: Revision = None,
) -> Response:
    """Reads a file's bytes as they were written."""
    reference = Reference("file", namespace, path)
    row, source = file_content.open_file(services, caller, reference, revision)
    with source:
        data = source.read()
    headers = {"ETag": f'"{row.content_hash}"', "X-Content-Type-Options": "nosniff"}
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.post("/files:move", openapi_extra=body(ref("FileMove")), **answers(_THING, 409, 412, 413))
def move_file(services: Services, change: Change, *, spec: JsonBody, request: Request) -> Response:
    """Gives a file another path in its namespace; nothing may be there yet."""
    texts = {name: _text(spec, name) for name in ("namespace", "from", "to")}
    reference = Reference("file", texts["namespace"], texts["from"])
    moved = file_content.move(services, change, reference, texts["to"])
    assert isinstance(moved, dict)
    return declared(request, moved)


@router.get("/files/{namespace}/{path:path}", **answers(_THING, 304))
def get_file(
    services: Services,
    caller: Caller,
    *,
    namespace: str,
    path: str,
    request: Request,
    revision: Revision = None,
) -> Response:
    """Reads what is stored of a file: size, hash, revision, owner."""
    reference = Reference("file", namespace, path)
    return declared(request, file_content.get(services, caller, reference, revision))


@router.put(
    "/files/{namespace}/{path:path}",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ref("FileSpec")}, **_BYTES},
        }
    },
    **answers(_THING, 409, 412, 413, also=201),
)
def put_file(
    services: Services,
    change: Change,
    *,
    namespace: str,
    path: str,
    data: RawBody,
    request: Request,
) -> Response:
    """Creates or replaces a file; the same content twice makes no revision.

    The body is the bytes themselves (`application/octet-stream`), or JSON (`application/json`) with
    them as `content` or `base64`.
    """
    spec: Json = (
        parse_json(data)
        if request.headers.get("content-type", "").startswith("application/json")
        else {"base64": base64.b64encode(data).decode()}
    )
    return put_object(services, change, Reference("file", namespace, path), spec, request)


_files.add_delete("Removes a file; its revisions stay until they are purged.")


def _text(spec: Json, name: str) -> str:
    value = spec.get(name) if isinstance(spec, dict) else None
    if not isinstance(value, str):
        raise invalid([Problem(f"`{name}` must be a text.", path=name, code="wrong-type")])
    return value
