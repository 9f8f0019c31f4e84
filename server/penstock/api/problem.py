"""Errors as problem+json: the one place where the error family meets HTTP."""

from __future__ import annotations

import re
from collections.abc import Sequence

import orjson
import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from penstock.errors import (
    BodyTooLarge,
    InvalidObject,
    Locked,
    NotFound,
    PenstockError,
    RateLimited,
    SwitchedOff,
    Unauthenticated,
)
from penstock.model.problem import Problem
from penstock.store.session import outage

_WEBHOOK = re.compile(r"(/webhooks?/[^/]*/[^/]*/).*")
_log = structlog.get_logger("penstock.api")
MEDIA_TYPE = "application/problem+json"
_BODY_TOO_LARGE, _NOT_FOUND, _NOT_ALLOWED = 413, 404, 405


class MethodNotAllowed(PenstockError):
    """The path exists, the method does not."""

    status = 405
    code = "method-not-allowed"
    title = "Method not allowed"


class BadRequest(PenstockError):
    """HTTP itself is not right."""

    status = 400
    code = "bad-request"
    title = "Bad request"


def body_of(error: PenstockError) -> bytes:
    """The JSON of an error."""
    return orjson.dumps(
        {
            "type": f"urn:penstock:problem:{error.code}",
            "title": error.title,
            "status": error.status,
            "code": error.code,
            "detail": error.message if error.hint is None else f"{error.message} {error.hint}",
            "problems": [problem.to_json() for problem in error.problems],
            # Terraform reads the holder of a lock out of the answer that refuses it.
            **(error.lock if isinstance(error, Locked) else {}),
        }
    )


def response_of(error: PenstockError) -> Response:
    """The answer to an error."""
    headers = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after)
    elif isinstance(error, SwitchedOff):
        headers["Allow"] = ""
    return Response(
        body_of(error), status_code=error.status, media_type=MEDIA_TYPE, headers=headers
    )


async def on_known(request: Request, error: Exception) -> Response:
    """Answers an error of the family."""
    del request
    assert isinstance(error, PenstockError)
    return response_of(error)


async def on_http(request: Request, error: Exception) -> Response:
    """Answers what the framework found: an unknown path, a wrong method, too large a body."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == _NOT_FOUND:
        return response_of(
            NotFound(f"There is nothing at {path}.", hint="GET /openapi.json lists every path.")
        )
    if error.status_code == _BODY_TOO_LARGE:
        return response_of(too_large(request.scope.get("penstock.limit")))
    if error.status_code == _NOT_ALLOWED:
        answer = response_of(MethodNotAllowed(f"{path} does not take {request.method}."))
        answer.headers.update(error.headers or {})
        return answer
    return response_of(BadRequest(str(error.detail)))


async def on_validation(request: Request, error: Exception) -> Response:
    """Answers a query, path or header parameter that does not hold; never quotes it."""
    del request
    assert isinstance(error, RequestValidationError)
    problems = [
        Problem(
            f"`{detail['loc'][-1]}`: {str(detail['msg'])[0].lower()}{str(detail['msg'])[1:]}.",
            path=".".join(str(part) for part in detail["loc"][1:]),
            code="invalid-parameter",
        )
        for detail in error.errors()
    ]
    return response_of(invalid(problems))


async def on_unknown(request: Request, error: Exception) -> Response:
    """Answers a defect of ours, without telling its inside; the log has it."""
    del request
    return response_of(unknown(error))


async def on_outage(request: Request, error: Exception) -> Response:
    """Answers that the database cannot do this now."""
    _log.error("the database fails", path=loggable(request.url.path), error=unknown(error).message)
    return response_of(unknown(error))


def unknown(error: Exception) -> PenstockError:
    """What the caller hears about an error that nobody expected here."""
    return outage(error) or internal()


def internal() -> PenstockError:
    """What the caller hears about a defect."""
    return PenstockError(
        "The server has a defect and could not do this.", hint="Its log says more."
    )


def too_large(limit: int | None = None) -> BodyTooLarge:
    """The body is over its limit."""
    most = "" if limit is None else f" of {limit} bytes"
    return BodyTooLarge(
        f"The body is larger than the limit{most}.",
        hint="Send less at once, or start the server with larger PENSTOCK_MAX_BODY "
        "or PENSTOCK_MAX_SET_BODY.",
    )


def invalid(problems: Sequence[Problem]) -> InvalidObject:
    """Something does not hold; the first problem is the headline."""
    return InvalidObject(problems[0].message, problems=problems, hint=problems[0].hint)


def loggable(path: str) -> str:
    """A path without the key of a webhook."""
    return _WEBHOOK.sub(r"\1…", path)
