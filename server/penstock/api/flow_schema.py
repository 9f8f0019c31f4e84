"""The JSON Schema of flow files over HTTP, for editors."""

from __future__ import annotations

from functools import cache

import orjson
from fastapi import APIRouter, Response

from penstock import registry
from penstock.api.document import answers
from penstock.api.shape import MAP
from penstock.language.schema import flow_schema

router = APIRouter(prefix="/api/v1/schemas", tags=["schemas"])
IS_TENANTLESS = True
_MEDIA_TYPE = "application/schema+json"


@router.get("/flow", **answers(MAP, media_type=_MEDIA_TYPE))
def get_flow_schema() -> Response:
    """Gives the JSON Schema of flow files, with every installed type."""
    return Response(_packed(), media_type=_MEDIA_TYPE)


@cache
def _packed() -> bytes:
    # pyrefly: ignore[bad-argument-type] - cached functions are functions
    return orjson.dumps(flow_schema(registry, registry))
