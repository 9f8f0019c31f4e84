"""Regular expressions, bounded so that none can take forever.

Python's matcher backtracks and cannot be interrupted. Repetitions within repetitions are refused,
and the text may be only so long that even the worst backtracking ends soon.
"""

import functools
import math
import re

from penstock.model.pattern.cost import matching_cost
from penstock.model.pattern.error import PatternError, PatternTooCostly, quoted
from penstock.model.pattern.syntax import translate

_STEPS = math.log2(400_000_000)
"""Logarithm of the steps of the matcher which a search may take, about a second."""

_LONGEST = 1000


@functools.lru_cache(maxsize=512)
def _compiled(pattern: str) -> tuple[re.Pattern[str], int, float]:
    """The pattern and its cost, see `matching_cost`."""
    if len(pattern) > _LONGEST:
        raise PatternError(f"A regular expression has at most {_LONGEST} characters.")
    exponent, choices = matching_cost(pattern)
    try:
        return re.compile(translate(pattern)), exponent, choices
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(
            f"The text {quoted(pattern)} is no regular expression: {error}."
        ) from None


def bounded_pattern(pattern: str, text: str) -> re.Pattern[str]:
    """The compiled pattern, when searching the text with it is bounded.

    Raises:
        PatternError: it is no pattern, or could take too long on this text.
    """
    compiled, exponent, choices = _compiled(pattern)
    if not exponent:
        return compiled
    if math.log2(len(text) + 1) * exponent + choices > _STEPS:
        allowed = int(2 ** max(0.0, (_STEPS - choices) / exponent))
        raise PatternTooCostly(
            f"The regular expression could take too long on a text of {len(text):,} characters; "
            f"with its repetitions and choices at most {allowed:,} are allowed.",
            hint="Make it simpler, or shorten the text first.",
        )
    return compiled
