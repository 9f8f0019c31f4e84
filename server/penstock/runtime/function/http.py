"""The function `http`: a request while an expression is rendered."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError
from penstock.expression.value import Value, from_json, to_json, to_text
from penstock.runtime.function._reach import Reach, text

if TYPE_CHECKING:
    import httpx

_SECONDS = 10.0
_MOST_SECONDS = 60.0
_MOST_BYTES = 10 * 1024 * 1024


@named("http")
def http(  # noqa: PLR0917 - positional in templates
    reach: Reach,
    uri: Value,
    method: Value = "GET",
    query: Value = None,
    body: Value = None,
    content_type: Value = None,
    headers: Value = None,
    options: Value = None,
    accept: Value = None,
) -> Value:
    """What a service answers: the value of JSON, otherwise the text, up to 10 MiB.

    Only properties of tasks that run in a worker may wait for it: it is an error in `runIf`,
    in conditions and in the properties of flowable tasks. A status of 400 or more is an error.

    Args:
        reach: what the execution reaches.
        uri (text): the address, with `http` or `https`.
        method (text): the method.
        query (map): parameters that are added to the address.
        body (any): what is sent; lists and maps as JSON.
        content_type (text): the type of what is sent; `application/json` for lists and maps.
        headers (map): more headers.
        options (map): `timeout` in seconds, at most 60; 10 when left out.
        accept (text): the type that is wanted.
    """
    import httpx  # noqa: PLC0415 - only flows that call services pay for it

    address = text("http", "uri", uri)
    if not reach.may_wait:
        raise ExpressionError(
            "The 'http' function can be called only in a property of a task that runs in a worker.",
            hint="Call the service in a task `core.http.Request` and read its outputs.",
        )
    # httpx logs every URL with its query, which may hold a secret.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    seconds = _timeout(options)
    try:
        with httpx.Client(
            timeout=seconds,
            follow_redirects=True,
            transport=cast("httpx.BaseTransport | None", reach.world.transport),
        ) as client:
            url = httpx.URL(address)
            if url.scheme not in ("http", "https") or not url.host:
                raise ExpressionError("The address of 'http' begins with http:// or https://.")
            request = client.build_request(
                to_text(method).upper(),
                url.copy_merge_params(_texts("query", query)) if query else url,
                content=_content(body),
                headers=_headers(body, content_type, accept, headers),
            )
            return _answer(client, request, seconds)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise ExpressionError(
            f"The 'http' function cannot reach {_place(address)}: {type(error).__name__}."
        ) from None


def _answer(client: httpx.Client, request: httpx.Request, seconds: float) -> Value:
    place, end = _place(str(request.url)), time.monotonic() + seconds
    response = client.send(request, stream=True)
    try:
        content = b""
        for part in response.iter_bytes():
            content += part
            if time.monotonic() > end:
                raise ExpressionError(
                    f"The 'http' function waited {seconds:g} s for the answer of {place}."
                )
            if len(content) > _MOST_BYTES:
                raise ExpressionError("The 'http' function takes at most 10 MiB of an answer.")
    finally:
        response.close()
    if response.is_error:
        raise ExpressionError(
            f"The 'http' function got status {response.status_code} from {place}."
        )
    answer = content.decode(response.encoding or "utf-8", "replace")
    kind = response.headers.get("content-type", "")
    if "json" not in kind or not answer.strip():
        return answer
    try:
        return from_json(answer)
    except ExpressionError:
        raise ExpressionError(
            f"The 'http' function got an answer from {place} that is not JSON."
        ) from None


def _timeout(options: Value) -> float:
    if options is None:
        return _SECONDS
    if not isinstance(options, Mapping) or set(options) - {"timeout"}:
        raise ExpressionError("The 'http' function knows only the option 'timeout'.")
    seconds = options.get("timeout", _SECONDS)
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, int | float)
        or not 0 < seconds <= _MOST_SECONDS
    ):
        raise ExpressionError("The timeout of 'http' is a number of seconds, at most 60.")
    return float(seconds)


def _texts(name: str, value: Value) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ExpressionError(f"The '{name}' of the 'http' function is a map.")
    return {key: to_text(item) for key, item in value.items()}


def _content(body: Value) -> bytes | None:
    if body is None:
        return None
    is_tree = isinstance(body, Mapping | list | tuple)
    return (to_json(body) if is_tree else to_text(body)).encode()


def _headers(body: Value, content_type: Value, accept: Value, more: Value) -> dict[str, str]:
    made: dict[str, str] = {}
    if content_type is not None:
        made["content-type"] = to_text(content_type)
    elif isinstance(body, Mapping | list | tuple):
        made["content-type"] = "application/json"
    if accept is not None:
        made["accept"] = to_text(accept)
    return made | _texts("headers", more)


def _place(address: str) -> str:
    """The address without its query and its credentials, which may be secret."""
    import httpx  # noqa: PLC0415 - see above

    url = httpx.URL(address)
    return f"{url.scheme}://{url.netloc.decode().rpartition('@')[2]}{url.path}"
