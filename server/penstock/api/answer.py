"""Answers: JSON by orjson, with the validator that guards races."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Request, Response


class Answer(Response):
    """A JSON answer."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:  # whatever orjson writes
        """The bytes of the body."""
        return orjson.dumps(content)


def declared(request: Request, form: Mapping[str, Any], *, status: int = 200) -> Response:
    """A declared object with its ``ETag``; 304 without a body when the caller has it already."""
    etag = f'"{form["contentHash"]}"'
    if request.method == "GET" and etag_matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Answer(form, status_code=status, headers={"ETag": etag})


def etag_matches(given: str | None, etag: str) -> bool:
    """Whether an ``If-None-Match`` header names this tag."""
    if given is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in given.split(",")]
    return "*" in tags or etag in tags
