"""Filters with regular expressions, bounded so that none can take forever.

Python's matcher backtracks and cannot be interrupted. Repetitions within repetitions are refused,
and the text may be only so long that even the worst backtracking ends soon.
"""

import functools
import math
import re

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError, LimitError, quoted
from penstock.expression.filter.collection import whole
from penstock.expression.filter.regex_cost import matching_cost
from penstock.expression.filter.regex_syntax import translate
from penstock.expression.limit import Limits
from penstock.expression.value import Value, to_text

_STEPS = math.log2(400_000_000)
"""Logarithm of the steps of the matcher which a filter may take, about a second."""

_LONGEST = 1000
_JAVA_GROUP = re.compile(r"\\(.)|\$(\d+)|\$\{(\w+)\}", re.DOTALL)


@functools.lru_cache(maxsize=512)
def _compiled(pattern: str) -> tuple[re.Pattern[str], int, float]:
    """The pattern and its cost, see `matching_cost`."""
    if len(pattern) > _LONGEST:
        raise ExpressionError(f"A regular expression has at most {_LONGEST} characters.")
    exponent, choices = matching_cost(pattern)
    try:
        return re.compile(translate(pattern)), exponent, choices
    except (re.error, OverflowError, RecursionError) as error:
        raise ExpressionError(
            f"The text {quoted(pattern)} is no regular expression: {error}."
        ) from None


def safe_pattern(pattern: str, text: str) -> re.Pattern[str]:
    """The compiled pattern, when searching the text with it is bounded.

    Raises:
        ExpressionError: it is no pattern, or could take too long on this text.
    """
    compiled, exponent, choices = _compiled(pattern)
    if not exponent:
        return compiled
    if math.log2(len(text) + 1) * exponent + choices > _STEPS:
        allowed = int(2 ** max(0.0, (_STEPS - choices) / exponent))
        raise LimitError(
            f"The regular expression could take too long on a text of {len(text):,} characters; "
            f"with its repetitions and choices at most {allowed:,} are allowed.",
            hint="Make it simpler, or shorten the text first.",
        )
    return compiled


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
