"""Filters of text."""

import re
import unicodedata
from collections.abc import Mapping

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError
from penstock.expression.filter.collection import whole
from penstock.expression.filter.regex import substitute
from penstock.expression.limit import Limits
from penstock.expression.value import Value, to_text, weigh

_WORD_START = re.compile(r"(^|\s)(\S)")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_ELLIPSIS = "..."


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
