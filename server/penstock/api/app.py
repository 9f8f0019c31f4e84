"""Puts the HTTP application together."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

import penstock.api
from penstock import __version__
from penstock.api import document, problem
from penstock.api.front import Front
from penstock.api.limit import BodyLimit
from penstock.api.metric import count
from penstock.errors import PenstockError
from penstock.service.services import Services

PREFIX = "/api/v1/tenants/{tenant}"
_WORTH_COMPRESSING = 1_000


def create(
    services: Services,
    *,
    max_body: int,
    max_set_body: int,
    max_upload: int,
    is_ready: Callable[[], bool],
) -> Front:
    """The application; `is_ready` says whether executions are taken."""
    app = FastAPI(
        title="Penstock",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False},
        exception_handlers={
            PenstockError: problem.on_known,
            HTTPException: problem.on_http,
            RequestValidationError: problem.on_validation,
            OperationalError: problem.on_outage,
            PoolExhausted: problem.on_outage,
            Exception: problem.on_unknown,
        },
    )
    app.state.services = services
    app.state.is_ready = is_ready
    app.add_middleware(GZipMiddleware, minimum_size=_WORTH_COMPRESSING, compresslevel=5)
    app.add_middleware(BodyLimit, single=max_body, whole=max_set_body)
    for router, is_tenantless in routers():
        app.include_router(router, prefix="" if is_tenantless else PREFIX)
    document.install(app)
    return Front(app, services, max_body=max_body, max_upload=max_upload, count=count)


def routers() -> Iterator[tuple[APIRouter, bool]]:
    """Every module of this package that has a `router`, and whether it is outside of tenants."""
    for found in pkgutil.iter_modules(penstock.api.__path__):
        module = importlib.import_module(f"penstock.api.{found.name}")
        router = getattr(module, "router", None)
        if isinstance(router, APIRouter):
            yield router, getattr(module, "IS_TENANTLESS", False)
