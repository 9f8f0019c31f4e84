"""The page of the HTTP API's routes."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from penstock.api import document
from penstock.api.app import PREFIX, routers
from penstock.docs.markdown import Pages, code, page, table

_TITLES = {
    "kv": "Key-value pairs",
    "files": "Files of namespaces",
    "sets": "Sets: plan, apply, state",
    "whoami": "Who am I",
    "evidence": "Evidence of success",
    "audit": "Audit events",
    "terraform-state": "States of Terraform",
}


def openapi() -> dict[str, Any]:  # an OpenAPI document
    """The document that a server answers at ``/openapi.json``."""
    app = FastAPI(openapi_url=None)
    for router, is_tenantless in routers():
        app.include_router(router, prefix="" if is_tenantless else PREFIX)
    document.install(app)
    return app.openapi()


def pages() -> Pages:
    """``api.md``: a table of routes for each kind of thing."""
    by_tag: dict[str, list[tuple[str, str, str, str]]] = {}
    for path, operations in openapi()["paths"].items():
        for method, operation in operations.items():
            by_tag.setdefault(operation["tags"][0], []).append(
                (
                    code(method.upper()),
                    code(path.removeprefix(PREFIX)),
                    " ".join(operation["description"].split("\n\n")),
                    _query(operation),
                )
            )
    blocks = [
        f"## {_TITLES.get(tag, tag.capitalize())}\n\n"
        + table(("Method", "Path", "What it does", "Query"), by_tag[tag])
        for tag in sorted(by_tag)
    ]
    return {
        "api.md": page(
            "Routes of the HTTP API",
            f"Paths are below {code(PREFIX)}, except those of health and metrics. The whole "
            "contract, with bodies and answers, is the OpenAPI document that a server gives at "
            "`/openapi.json`. [The API by example](../api.md) shows how it is used.",
            *blocks,
        )
    }


def _query(operation: dict[str, Any]) -> str:  # an OpenAPI operation
    return ", ".join(
        code(each["name"]) for each in operation.get("parameters", ()) if each["in"] == "query"
    )
