"""Metrics for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import Counter

from penstock.api.document import answers
from penstock.telemetry.metric import CONTENT_TYPE, REGISTRY, exposition

router = APIRouter(tags=["metrics"])
IS_TENANTLESS = True

_REQUESTS = Counter(
    "penstock_http_requests_total",
    "Requests answered, by method and class of status (2xx …).",
    ["method", "status"],
    registry=REGISTRY,
)
_children: dict[tuple[str, int], Counter] = {}
_METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH"})


def count(method: str, status: int) -> None:
    """Counts a request."""
    key = (method if method in _METHODS else "other", status // 100)
    child = _children.get(key)
    if child is None:
        child = _children[key] = _REQUESTS.labels(key[0], f"{key[1]}xx")
    child.inc()


@router.get("/metrics", **answers({"type": "string"}, media_type="text/plain"))
def metrics() -> Response:
    """The server's metrics in Prometheus' text format."""
    return Response(exposition(), media_type=CONTENT_TYPE)
