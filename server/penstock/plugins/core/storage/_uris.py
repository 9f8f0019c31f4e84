"""A list of files as people give it: a list, JSON text of one, or one URI."""

from __future__ import annotations

import orjson

from penstock.sdk.task import TaskFailed


def uris_of(given: tuple[str, ...] | str, name: str) -> tuple[str, ...]:
    """The URIs of a property; `name` is the property's, for the sentence."""
    if not isinstance(given, str):
        return given
    text = given.strip()
    if not text.startswith("["):
        return (text,) if text else ()
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, list) or not all(isinstance(uri, str) for uri in found):
        raise TaskFailed(f"`{name}` must be a list of URIs, or JSON text of one.")
    return tuple(found)
