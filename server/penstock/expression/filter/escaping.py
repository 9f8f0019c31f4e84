"""Filters of text for a place where some characters mean something."""

import html
from collections.abc import Mapping
from urllib.parse import quote_plus, unquote_plus

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError, quoted
from penstock.expression.limit import Limits
from penstock.expression.value import Value, to_text, weigh

_QUOTES = {"single": ("'", "\\'"), "double": ('"', '\\"'), "shell": ("'", "'\\''")}


@named("urlencode")
def urlencode(value: Value) -> Value:
    """Escaped for the query of an address; spaces become `+`.

    Args:
        value (text): the text.

    Example:
        {{ 'a b&c' | urlencode }} → a+b%26c
    """
    return None if value is None else quote_plus(to_text(value), safe="*").replace("~", "%7E")


@named("urldecode")
def urldecode(value: Value) -> Value:
    """The text of an escaped one.

    Args:
        value (text): the text.

    Example:
        {{ 'a%20b' | urldecode }} → a b
    """
    return None if value is None else unquote_plus(to_text(value), errors="strict")


@named("nl2br")
def nl2br(value: Value) -> Value:
    """Line ends as `<br />`.

    Args:
        value (text): the text.

    Example:
        {{ 'a' | nl2br }} → a
    """
    if value is None:
        return None
    return to_text(value).replace("\r\n", "\n").replace("\n", "<br />")


@named("escape")
def escape(value: Value, strategy: Value = "html") -> Value:
    """Escaped for HTML.

    Args:
        value (text): the text.
        strategy (text): `html` or `html_attr`.

    Example:
        {{ '<b>' | escape }} → &lt;b&gt;
    """
    if value is None:
        return None
    if strategy not in {"html", "html_attr"}:
        raise ExpressionError(f"The filter `escape` knows no strategy {quoted(to_text(strategy))}.")
    return html.escape(to_text(value)).replace("&#x27;", "&#39;")


@named("escapeChar")
def escape_char(value: Value, type: Value, *, limits: Limits) -> Value:  # noqa: A002 - public name
    r"""Quotes escaped, in texts of lists and maps too.

    The types `single` and `double` put a backslash before the quote, `shell` is for text within
    single quotes of a shell.

    Args:
        value (text, list or map): the text, list or map.
        type (text): `single`, `double` or `shell`.
        limits: those of the rendering.

    Example:
        {{ "it's" | escapeChar('single') }} → it\'s
    """
    rule = _QUOTES.get(to_text(type).lower())
    if rule is None:
        raise ExpressionError(
            "The 'escapeChar' filter expects the value of 'type' to be either 'single', 'double', "
            "or 'shell'."
        )
    limits.check_size(weigh(value))
    return _escape_deep(value, rule)


def _escape_deep(value: Value, rule: tuple[str, str]) -> Value:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {key: _escape_deep(item, rule) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_escape_deep(item, rule) for item in value]
    return to_text(value).replace(*rule)


@named("raw")
def raw(value: Value) -> Value:
    """The value itself.

    Args:
        value (any): the value.

    Example:
        {{ 'a' | raw }} → a
    """
    return value
