"""Reads a regular expression just enough to say what matching it may cost."""

import functools
import math
import re

from penstock.model.pattern.error import PatternError, quoted
from penstock.model.pattern.syntax import PIECE, translate

_COUNT = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_MOST = 1000
_HINT = "Write it without a repetition or a choice inside of another repetition."
_CHARACTERS = "".join(map(chr, range(128))) + "\u00a0\u00bd\u00e9\u0663\u2028\u6f22"
"""Stand for all characters; patterns with others are taken to overlap."""

_Piece = tuple[str, str]


class _Part:
    """What has been read of a group: how many ways there are to match it.

    Attributes:
        open_ended: repetitions without a bound that may end at more than one place.
        scans: whether there are repetitions that can end at one place only.
        choices: logarithm to base 2 of the ways through bounded repetitions and alternatives.
    """

    __slots__ = ("choices", "open_ended", "scans", "starts")

    def __init__(self) -> None:
        self.open_ended = 0
        self.scans = False
        self.choices = 0.0
        self.starts: list[str | None] = [None]

    def start(self, text: str) -> None:
        """Notes what an alternative begins with; "" when it may be anything."""
        if self.starts[-1] is None:
            self.starts[-1] = text

    def close(self) -> None:
        """Counts the alternatives, unless their first characters tell them apart."""
        starts = [start or "" for start in self.starts]
        apart = all(len(start) == 1 and start != "." for start in starts)
        if len(starts) > 1 and not (apart and len(set(starts)) == len(starts)):
            self.choices += math.log2(len(starts))

    def add(self, inner: "_Part") -> None:
        """Counts what has been repeated, or not, within this group."""
        self.open_ended += inner.open_ended
        self.choices += inner.choices
        self.scans = self.scans or inner.scans


def matching_cost(pattern: str) -> tuple[int, float]:
    """The exponents of the worst cost of a search: `n ** first * 2 ** second` for n characters.

    Raises:
        PatternError: a repetition or choice stands within a repetition without a bound, which
            may take forever.
    """
    pieces = [(piece.lastgroup or "", piece.group()) for piece in PIECE.finditer(pattern)]
    groups = [_Part()]
    last: _Part | None = None
    for index, (kind, text) in enumerate(pieces):
        if kind == "repeat":
            last = _repeated(pattern, pieces, index, last or _Part())
            continue
        if last is not None:
            groups[-1].add(last)
            last = None
        if kind == "open":
            groups[-1].start("")
            if not text.endswith(")"):
                groups.append(_Part())
        elif kind == "close" and len(groups) > 1:
            last = groups.pop()
            last.close()
        elif kind == "bar":
            groups[-1].starts.append(None)
        else:
            groups[-1].start(text if kind == "literal" else "")
    whole = groups[0]
    if last is not None:
        whole.add(last)
    whole.close()
    if not (whole.open_ended or whole.scans or whole.choices):
        return 0, 0.0
    anchored = pattern.startswith(("^", "\\A")) and len(whole.starts) == 1
    return whole.open_ended + whole.scans + (not anchored), whole.choices


def _repeated(pattern: str, pieces: list[_Piece], index: int, inner: _Part) -> _Part:
    least, most = _bounds(pieces[index][1])
    ends_once = _ends_once(pieces, index)
    result = _Part()
    if most is None:
        if inner.open_ended or inner.choices:
            raise PatternError(
                f"The regular expression {quoted(pattern)} could take forever.", hint=_HINT
            )
        result.open_ended = 0 if ends_once else 1
        result.scans = ends_once or inner.scans
        return result
    if most > _MOST:
        raise PatternError(f"A regular expression repeats at most {_MOST} times, or `*`.")
    result.open_ended = inner.open_ended * most
    result.scans = inner.scans
    result.choices = inner.choices * most
    if not ends_once and most > least:
        result.choices += math.log2(most - least + 1)
    return result


def _bounds(text: str) -> tuple[int, int | None]:
    if text[0] in "?*":
        return 0, 1 if text[0] == "?" else None
    found = _COUNT.match(text)
    if found is None:
        return 1, None
    least = int(found[1][:9])
    if not found[2]:
        return least, least
    return least, int(found[3][:9]) if found[3] else None


def _ends_once(pieces: list[_Piece], index: int) -> bool:
    """Whether what follows a repetition cannot begin with what is repeated."""
    following = index + 1
    while following < len(pieces) and pieces[following][0] == "close":
        following += 1
        if following < len(pieces) and pieces[following][0] == "repeat":
            return False
    if following >= len(pieces):
        return True
    if pieces[following] in {("literal", "$"), ("escape", "\\z"), ("escape", "\\Z")}:
        return True
    if following + 1 < len(pieces) and pieces[following + 1][0] == "repeat":
        least, _ = _bounds(pieces[following + 1][1])
        if least == 0:
            return False
    return not _members(*pieces[index - 1]) & _members(*pieces[following])


@functools.lru_cache(maxsize=256)
def _members(kind: str, text: str) -> frozenset[str]:
    """The characters that a single piece matches; all when that cannot be told."""
    everything = frozenset(_CHARACTERS)
    tellable = kind in {"literal", "set", "escape"} and text != "^" and text.isascii()
    if kind == "escape":
        tellable = tellable and (text[1] in "dDwWsShtnrf" or not text[1].isalnum())
    if not tellable:
        return everything
    try:
        compiled = re.compile(translate(text), re.IGNORECASE | re.DOTALL)
    except re.error:
        return everything
    return frozenset(filter(compiled.fullmatch, _CHARACTERS)) or everything
