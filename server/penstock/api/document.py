"""What a route says of itself in OpenAPI: its body, its answers, its errors."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from penstock import __version__
from penstock.api.problem import MEDIA_TYPE
from penstock.api.schema import COMPONENTS
from penstock.api.shape import Schema, ref

_ERRORS = {
    400: "HTTP itself is not right.",
    401: "No token, or one that is not known, expired or revoked.",
    403: "This token does not allow it: it may only read, or is of another tenant.",
    404: "No such object, or no such tenant for this token.",
    405: "A setting of the server does not allow it.",
    409: "In use, declared by another owner, or in a state that does not allow it.",
    412: "The object changed since it was read.",
    413: "The body is over the limit.",
    422: "Something does not hold; `problems` says what and where.",
    423: "Somebody else holds the lock; the answer has what they said of themselves.",
    429: "Too many calls without a valid token; see `Retry-After`.",
    500: "A defect of the server.",
    503: "Not now; the same call may go through later.",
}
_PROVENANCE = {
    "Penstock-Source-Repository": "Repository that the change comes from.",
    "Penstock-Source-Commit": "Its commit.",
    "Penstock-Source-Path": "The file in it.",
    "Penstock-Source-Dirty": "`true` when the file differs from the commit.",
    "Penstock-Run-Id": "The run (of CI, of Terraform) that makes the change.",
    "Penstock-Run-Url": "Where that run can be seen.",
    "Penstock-Run-Workspace": "Its workspace.",
}
_ASKING = ("/plan", "/state:read", "/flows:validate")
_COMMON = (400, 401, 403, 404, 422, 429, 500)


def answers(
    schema: Schema | None,
    *more: int,
    status: int = 200,
    also: int | None = None,
    media_type: str = "application/json",
    description: str = "Done.",
) -> dict[str, Any]:  # keyword arguments of FastAPI's route decorators
    """A route that answers `schema` (None: no body), and may fail with `more` beside the common."""
    content = {} if schema is None else {"content": {media_type: {"schema": schema}}}
    responses: dict[int, Any] = {status: {"description": description, **content}}
    if also is not None:
        responses[also] = {"description": "As it was asked, created or unchanged.", **content}
    for code in sorted({*_COMMON, *more}):
        if code < 400:  # noqa: PLR2004 - 304 has no body
            responses[code] = {"description": "The caller has this already."}
            continue
        responses[code] = {
            "description": _ERRORS[code],
            "content": {MEDIA_TYPE: {"schema": ref("Error")}},
        }
    return {"status_code": status, "response_model": None, "responses": responses}


def body(
    schema: Schema, *, yaml: bool = False, plain: bool = False, form: Schema | None = None
) -> dict[str, Any]:  # a piece of OpenAPI
    """The route's JSON body; `yaml` and `plain` allow the bare text as well, `form` a form with
    files.
    """
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    if yaml:
        content["application/yaml"] = {"schema": {"type": "string"}}
    if plain:
        content["text/plain"] = {"schema": {"type": "string"}}
    if form is not None:
        content["multipart/form-data"] = {"schema": form}
    return {"requestBody": {"required": True, "content": content}}


def _headers(method: str, path: str, operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Headers that routes read by themselves, for what kind of operation this is."""
    names: dict[str, str] = {}
    if "/{tenant}/" in path and (method == "get" or path.endswith(_ASKING)):
        names["Penstock-New-Tenant"] = (
            "`true`: a tenant that is not there yet counts as an empty one, for tokens of scope "
            "`server`."
        )
    if "412" in operation["responses"] and method in ("put", "delete"):
        names["If-Match"] = "Only if the object still has this content hash."
    if "412" in operation["responses"] and method == "put":
        names["If-None-Match"] = "`*`: only if there is no such object yet."
    if "304" in operation["responses"]:
        names["If-None-Match"] = "Answer 304 if the content hash is still this one."
    if any(each["name"] == "Penstock-Owner" for each in operation.get("parameters", ())):
        names |= _PROVENANCE
    return [
        {
            "name": name,
            "in": "header",
            "required": False,
            "description": description,
            "schema": {"type": "string"},
        }
        for name, description in names.items()
    ]


def install(app: FastAPI) -> None:
    """Gives the application its OpenAPI document, made at the first request for it."""

    def document() -> dict[str, Any]:  # an OpenAPI document
        if app.openapi_schema is None:
            made = get_openapi(
                title="Penstock",
                version=__version__,
                summary="Orchestration managed as infrastructure.",
                routes=app.routes,
            )
            parts = made.setdefault("components", {})
            found = parts.get("schemas", {})
            parts["schemas"] = {
                **{name: each for name, each in found.items() if "Validation" not in name},
                **COMPONENTS,
            }
            parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            for path, operations in made["paths"].items():
                for method, operation in operations.items():
                    if path.startswith("/api/"):
                        is_open = "/webhooks/" in path
                        operation["security"] = [] if is_open else [{"token": []}]
                    operation.setdefault("parameters", []).extend(_headers(method, path, operation))
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # pyrefly: ignore[bad-assignment] - as FastAPI documents it
