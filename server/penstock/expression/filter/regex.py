"""Filters with regular expressions, bounded so that none can take forever."""

import re

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError, LimitError
from penstock.expression.filter.collection import whole
from penstock.expression.limit import Limits
from penstock.expression.value import Value, to_text
from penstock.model.pattern.bounded import bounded_pattern
from penstock.model.pattern.error import PatternError, PatternTooCostly

_JAVA_GROUP = re.compile(r"\\(.)|\$(\d+)|\$\{(\w+)\}", re.DOTALL)


def safe_pattern(pattern: str, text: str) -> re.Pattern[str]:
    """The compiled pattern, when searching the text with it is bounded.

    Raises:
        ExpressionError: it is no pattern, or could take too long on this text.
    """
    try:
        return bounded_pattern(pattern, text)
    except PatternTooCostly as error:
        raise LimitError(error.message, hint=error.hint) from None
    except PatternError as error:
        raise ExpressionError(error.message, hint=error.hint) from None


def substitute(text: str, pattern: str, replacement: str, limits: Limits) -> str:
    """Every match replaced; `$1` and `${name}` stand for groups.

    Raises:
        ExpressionError: as for `safe_pattern`, or the result is too large.
    """
    compiled = safe_pattern(pattern, text)
    size = len(text)

    def expand(found: re.Match[str]) -> str:
        nonlocal size

        def group(part: re.Match[str]) -> str:
            if part.group(1) is not None:
                return part.group(1)
            key = part.group(3) or int(part.group(2))
            try:
                return found.group(key) or ""
            except IndexError:
                raise ExpressionError(f"The regular expression has no group {key}.") from None

        made = _JAVA_GROUP.sub(group, replacement)
        size += len(made)
        limits.check_size(size)
        return made

    return compiled.sub(expand, text)


@named("split")
def split(value: Value, delimiter: Value, limit: Value = 0, *, limits: Limits) -> Value:
    """The parts between the matches; as in Java, empty parts at the end are dropped.

    Args:
        value (text): the text.
        delimiter (text): a regular expression.
        limit (integer): parts at most; 0 for all, negative to keep empty ones at the end.
        limits: those of the rendering.

    Example:
        {{ 'a,b' | split(',') }} → ["a","b"]
    """
    if value is None:
        return None
    text, most = to_text(value, limits), whole(limit, "limit")
    pattern = to_text(delimiter)
    compiled = safe_pattern(pattern, text)
    parts: list[str] = []
    start = 0
    for found in compiled.finditer(text):
        if most > 0 and len(parts) == most - 1:
            break
        if found.end() == 0 or (found.end() == found.start() == len(text)):
            continue
        parts.append(text[start : found.start()])
        limits.check_items(len(parts))
        start = found.end()
    parts.append(text[start:])
    if most == 0:
        while start and parts and not parts[-1]:
            parts.pop()
    return list(parts)


@named("regexMatch")
def regex_match(value: Value, regex: Value) -> Value:
    """Whether the pattern occurs in the text.

    Args:
        value (text): the text.
        regex (text): a regular expression.

    Example:
        {{ 'order 17' | regexMatch('[0-9]+') }} → true
    """
    if value is None:
        return False
    text = to_text(value)
    return safe_pattern(to_text(regex), text).search(text) is not None


@named("regexReplace")
def regex_replace(value: Value, regex: Value, replacement: Value, *, limits: Limits) -> Value:
    """Every match replaced; `$1` stands for the first group.

    Args:
        value (text): the text.
        regex (text): a regular expression.
        replacement (text): what is written, with `$1` or `${name}` for groups.
        limits: those of the rendering.

    Example:
        {{ 'a1b2' | regexReplace('[0-9]', '#') }} → a#b#
    """
    if value is None:
        return None
    return substitute(to_text(value, limits), to_text(regex), to_text(replacement), limits)


@named("regexExtract")
def regex_extract(value: Value, regex: Value, group: Value = 0) -> Value:
    """The first match, or one of its groups by number or name; null when there is none.

    Args:
        value (text): the text.
        regex (text): a regular expression.
        group (integer or text): the number or name of a group.

    Example:
        {{ 'order 17' | regexExtract('[0-9]+') }} → 17
    """
    if value is None:
        return None
    text = to_text(value)
    found = safe_pattern(to_text(regex), text).search(text)
    if found is None:
        return None
    named = isinstance(group, str) and not group.isdecimal()
    key = to_text(group) if named else whole(group, "group")
    try:
        return found.group(key)
    except IndexError:
        raise ExpressionError(f"The regular expression has no group {key}.") from None
