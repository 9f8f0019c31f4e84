"""Filters of text."""

import html
import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote_plus, unquote_plus

from penstock.expression.error import ExpressionError, quoted
from penstock.expression.filter.collection import whole
from penstock.expression.filter.regex import substitute
from penstock.expression.limit import Limits
from penstock.expression.value import Value, to_text, weigh

_WORD_START = re.compile(r"(^|\s)(\S)")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_ELLIPSIS = "..."
_ESCAPES = {"single": ("'", "\\'"), "double": ('"', '\\"'), "shell": ("'", "'\\''")}


def lower(value: Value) -> Value:
    """In lower case."""
    return None if value is None else to_text(value).lower()


def upper(value: Value) -> Value:
    """In upper case."""
    return None if value is None else to_text(value).upper()


def capitalize(value: Value) -> Value:
    """The first letter in upper case, the others as they are."""
    if value is None:
        return None
    text = to_text(value)
    return text[:1].upper() + text[1:]


def title(value: Value) -> Value:
    """The first letter of every word in upper case, the others as they are."""
    if value is None:
        return None
    return _WORD_START.sub(lambda found: found.group(1) + found.group(2).upper(), to_text(value))


def trim(value: Value) -> Value:
    """Without white space at both ends."""
    return None if value is None else to_text(value).strip()


def abbreviate(value: Value, length: Value) -> Value:
    """At most so many characters, the last three of which are dots when it was cut."""
    if value is None:
        return None
    text, size = to_text(value), whole(length, "length")
    if size < 0:
        raise ExpressionError("The argument 'length' of the filter `abbreviate` is not negative.")
    if len(text) <= size:
        return text
    return text[: max(0, size - len(_ELLIPSIS))] + _ELLIPSIS[: max(0, size)]


def urlencode(value: Value) -> Value:
    """Escaped for the query of an address; spaces become `+`."""
    return None if value is None else quote_plus(to_text(value), safe="*").replace("~", "%7E")


def urldecode(value: Value) -> Value:
    """The text of an escaped one."""
    return None if value is None else unquote_plus(to_text(value), errors="strict")


def nl2br(value: Value) -> Value:
    """Line ends as `<br />`."""
    if value is None:
        return None
    return to_text(value).replace("\r\n", "\n").replace("\n", "<br />")


def escape(value: Value, strategy: Value = "html") -> Value:
    """Escaped for HTML."""
    if value is None:
        return None
    if strategy not in {"html", "html_attr"}:
        raise ExpressionError(f"The filter `escape` knows no strategy {quoted(to_text(strategy))}.")
    return html.escape(to_text(value)).replace("&#x27;", "&#39;")


def raw(value: Value) -> Value:
    """The value itself."""
    return value


def starts_with(value: Value, value_: Value) -> Value:
    """Whether the text starts so."""
    return value is not None and to_text(value).startswith(to_text(value_))


def ends_with(value: Value, value_: Value) -> Value:
    """Whether the text ends so."""
    return value is not None and to_text(value).endswith(to_text(value_))


def substring_before(value: Value, separator: Value) -> Value:
    """What is before the first separator; everything when there is none."""
    return None if value is None else _part(to_text(value), to_text(separator), "before")


def substring_before_last(value: Value, separator: Value) -> Value:
    """What is before the last separator; everything when there is none."""
    return None if value is None else _part(to_text(value), to_text(separator), "before last")


def substring_after(value: Value, separator: Value) -> Value:
    """What is after the first separator; nothing when there is none."""
    return None if value is None else _part(to_text(value), to_text(separator), "after")


def substring_after_last(value: Value, separator: Value) -> Value:
    """What is after the last separator; nothing when there is none."""
    return None if value is None else _part(to_text(value), to_text(separator), "after last")


def _part(text: str, separator: str, which: str) -> str:
    if not separator:
        return {"before": "", "before last": text, "after": text}.get(which, "")
    place = text.rfind(separator) if which.endswith("last") else text.find(separator)
    if which.startswith("before"):
        return text if place < 0 else text[:place]
    return "" if place < 0 else text[place + len(separator) :]


def slugify(value: Value) -> Value:
    """Lower-case ASCII letters and digits, joined by `-`."""
    if value is None:
        return None
    plain = unicodedata.normalize("NFKD", to_text(value)).encode("ascii", "ignore").decode()
    return _NOT_SLUG.sub("-", plain.lower()).strip("-")


def escape_char(value: Value, type: Value, *, limits: Limits) -> Value:  # noqa: A002 - public name
    """Quotes escaped, in texts of lists and maps too.

    The types `single` and `double` put a backslash before the quote, `shell` is for text within
    single quotes of a shell.
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


def indent(value: Value, amount: Value, prefix: Value = " ", *, limits: Limits) -> Value:
    """Every line but the first moved to the right."""
    if value is None:
        return None
    text, count, unit = to_text(value, limits), whole(amount, "amount"), to_text(prefix)
    if count < 0:
        raise ExpressionError("The argument 'amount' of the filter `indent` is not negative.")
    limits.check_size(len(text) + text.count("\n") * count * len(unit))
    return text.replace("\n", f"\n{unit * count}") if "\n" in text else text


def nindent(value: Value, amount: Value, prefix: Value = " ", *, limits: Limits) -> Value:
    """A line end, then every line moved to the right."""
    if value is None or value == "":
        return value
    return indent(f"\n{to_text(value, limits)}", amount, prefix, limits=limits)


def replace(
    value: Value,
    replace_pairs: Value,
    regexp: Value = False,  # noqa: FBT002 - a positional argument in templates
    *,
    limits: Limits,
) -> Value:
    """Every key of the map in the text replaced by its value, in texts of lists and maps too."""
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
