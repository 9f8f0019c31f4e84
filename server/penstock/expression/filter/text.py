"""Filters of text."""

import html
import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote_plus, unquote_plus

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError, quoted
from penstock.expression.filter.collection import whole
from penstock.expression.filter.regex import substitute
from penstock.expression.limit import Limits
from penstock.expression.value import Value, to_text, weigh

_WORD_START = re.compile(r"(^|\s)(\S)")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_ELLIPSIS = "..."
_ESCAPES = {"single": ("'", "\\'"), "double": ('"', '\\"'), "shell": ("'", "'\\''")}


@named("lower")
def lower(value: Value) -> Value:
    """In lower case.

    Args:
        value (text): the text.

    Example:
        {{ 'Ada' | lower }} → ada
    """
    return None if value is None else to_text(value).lower()


@named("upper")
def upper(value: Value) -> Value:
    """In upper case.

    Args:
        value (text): the text.

    Example:
        {{ 'ada' | upper }} → ADA
    """
    return None if value is None else to_text(value).upper()


@named("capitalize")
def capitalize(value: Value) -> Value:
    """The first letter in upper case, the others as they are.

    Args:
        value (text): the text.

    Example:
        {{ 'ada' | capitalize }} → Ada
    """
    if value is None:
        return None
    text = to_text(value)
    return text[:1].upper() + text[1:]


@named("title")
def title(value: Value) -> Value:
    """The first letter of every word in upper case, the others as they are.

    Args:
        value (text): the text.

    Example:
        {{ 'ada lovelace' | title }} → Ada Lovelace
    """
    if value is None:
        return None
    return _WORD_START.sub(lambda found: found.group(1) + found.group(2).upper(), to_text(value))


@named("trim")
def trim(value: Value) -> Value:
    """Without white space at both ends.

    Args:
        value (text): the text.

    Example:
        {{ '  a ' | trim }} → a
    """
    return None if value is None else to_text(value).strip()


@named("abbreviate")
def abbreviate(value: Value, length: Value) -> Value:
    """At most so many characters, the last three of which are dots when it was cut.

    Args:
        value (text): the text.
        length (integer): characters of the result at most.

    Example:
        {{ 'a long sentence' | abbreviate(9) }} → a long...
    """
    if value is None:
        return None
    text, size = to_text(value), whole(length, "length")
    if size < 0:
        raise ExpressionError("The argument 'length' of the filter `abbreviate` is not negative.")
    if len(text) <= size:
        return text
    return text[: max(0, size - len(_ELLIPSIS))] + _ELLIPSIS[: max(0, size)]


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


@named("raw")
def raw(value: Value) -> Value:
    """The value itself.

    Args:
        value (any): the value.

    Example:
        {{ 'a' | raw }} → a
    """
    return value


@named("startsWith")
def starts_with(subject: Value, /, value: Value) -> Value:
    """Whether the text starts so.

    Args:
        subject (text): the text.
        value (text): the beginning.

    Example:
        {{ 'a.csv' | startsWith('a') }} → true
    """
    return subject is not None and to_text(subject).startswith(to_text(value))


@named("endsWith")
def ends_with(subject: Value, /, value: Value) -> Value:
    """Whether the text ends so.

    Args:
        subject (text): the text.
        value (text): the end.

    Example:
        {{ 'a.csv' | endsWith('.csv') }} → true
    """
    return subject is not None and to_text(subject).endswith(to_text(value))


@named("substringBefore")
def substring_before(value: Value, separator: Value) -> Value:
    """What is before the first separator; everything when there is none.

    Args:
        value (text): the text.
        separator (text): what to look for.

    Example:
        {{ 'a/b/c' | substringBefore('/') }} → a
    """
    return None if value is None else _part(to_text(value), to_text(separator), "before")


@named("substringBeforeLast")
def substring_before_last(value: Value, separator: Value) -> Value:
    """What is before the last separator; everything when there is none.

    Args:
        value (text): the text.
        separator (text): what to look for.

    Example:
        {{ 'a/b/c' | substringBeforeLast('/') }} → a/b
    """
    return None if value is None else _part(to_text(value), to_text(separator), "before last")


@named("substringAfter")
def substring_after(value: Value, separator: Value) -> Value:
    """What is after the first separator; nothing when there is none.

    Args:
        value (text): the text.
        separator (text): what to look for.

    Example:
        {{ 'a/b/c' | substringAfter('/') }} → b/c
    """
    return None if value is None else _part(to_text(value), to_text(separator), "after")


@named("substringAfterLast")
def substring_after_last(value: Value, separator: Value) -> Value:
    """What is after the last separator; nothing when there is none.

    Args:
        value (text): the text.
        separator (text): what to look for.

    Example:
        {{ 'a/b/c' | substringAfterLast('/') }} → c
    """
    return None if value is None else _part(to_text(value), to_text(separator), "after last")


def _part(text: str, separator: str, which: str) -> str:
    if not separator:
        return {"before": "", "before last": text, "after": text}.get(which, "")
    place = text.rfind(separator) if which.endswith("last") else text.find(separator)
    if which.startswith("before"):
        return text if place < 0 else text[:place]
    return "" if place < 0 else text[place + len(separator) :]


@named("slugify")
def slugify(value: Value) -> Value:
    """Lower-case ASCII letters and digits, joined by `-`.

    Args:
        value (text): the text.

    Example:
        {{ 'Crème brûlée!' | slugify }} → creme-brulee
    """
    if value is None:
        return None
    plain = unicodedata.normalize("NFKD", to_text(value)).encode("ascii", "ignore").decode()
    return _NOT_SLUG.sub("-", plain.lower()).strip("-")


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
    rule = _ESCAPES.get(to_text(type).lower())
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


@named("indent")
def indent(value: Value, amount: Value, prefix: Value = " ", *, limits: Limits) -> Value:
    """Every line but the first moved to the right.

    Args:
        value (text): the text.
        amount (integer): how many prefixes.
        prefix (text): what stands before a line.
        limits: those of the rendering.

    Example:
        {{ inputs.names | yaml | trim | indent(4) | length }} → 17
    """
    if value is None:
        return None
    text, count, unit = to_text(value, limits), whole(amount, "amount"), to_text(prefix)
    if count < 0:
        raise ExpressionError("The argument 'amount' of the filter `indent` is not negative.")
    limits.check_size(len(text) + text.count("\n") * count * len(unit))
    return text.replace("\n", f"\n{unit * count}") if "\n" in text else text


@named("nindent")
def nindent(value: Value, amount: Value, prefix: Value = " ", *, limits: Limits) -> Value:
    """A line end, then every line moved to the right.

    Args:
        value (text): the text.
        amount (integer): how many prefixes.
        prefix (text): what stands before a line.
        limits: those of the rendering.

    Example:
        {{ 'a' | nindent(2) | length }} → 4
    """
    if value is None or value == "":
        return value
    return indent(f"\n{to_text(value, limits)}", amount, prefix, limits=limits)


@named("replace")
def replace(
    value: Value,
    replace_pairs: Value,
    regexp: Value = False,  # noqa: FBT002 - a positional argument in templates
    *,
    limits: Limits,
) -> Value:
    """Every key of the map in the text replaced by its value, in texts of lists and maps too.

    Args:
        value (text, list or map): the text, list or map.
        replace_pairs (map): what to look for, and what to write for it.
        regexp (boolean): whether the keys are regular expressions.
        limits: those of the rendering.

    Example:
        {{ 'a-b' | replace({'-': '_'}) }} → a_b
    """
    if not isinstance(replace_pairs, Mapping):
        raise ExpressionError(
            "The filter `replace` takes a map.", hint="Write `replace({'from': 'to'})`."
        )
    limits.check_size(weigh(value))
    return _replace_deep(value, replace_pairs, regexp is True, limits)


def _replace_deep(
    value: Value,
    pairs: Mapping[str, Value],
    regexp: bool,  # noqa: FBT001 - private, four calls
    limits: Limits,
) -> Value:
    if isinstance(value, Mapping):
        return {
            to_text(_replace_deep(key, pairs, regexp, limits)): _replace_deep(
                item, pairs, regexp, limits
            )
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_replace_deep(item, pairs, regexp, limits) for item in value]
    if value is None:
        return None
    text = to_text(value, limits)
    for old, new in pairs.items():
        by = to_text(new, limits)
        if regexp:
            text = substitute(text, old, by, limits)
        else:
            limits.check_size(len(text) + text.count(old) * (len(by) - len(old)))
            text = text.replace(old, by)
    return text
