"""Reads a regular expression just enough to say what matching it may cost."""

import math
import re

from penstock.expression.error import ExpressionError

_PIECE = re.compile(
    r"""(?P<escape>\\(?:[pP]\{\w+\}|Q.*?(?:\\E|$)|.))
    |(?P<set>\[\^?\]?(?:\\.|\[[^\]]*\]|[^\]\\])*\])
    |(?P<open>\((?:\?(?:<[A-Za-z]\w*>|<=|<!|[:=!>]|[a-zA-Z-]+[:)]))?)
    |(?P<close>\))
    |(?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\})[?+]?)
    |(?P<bar>\|)
    |(?P<literal>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COUNT = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_MOST = 1000
_HINT = "Write it without a repetition or a choice inside of another repetition."
_PROPERTIES = {
    "L": r"[^\W\d_]", "IsLetter": r"[^\W\d_]", "IsAlphabetic": r"[^\W\d_]",
    "Alpha": "[a-zA-Z]", "Lu": "[A-Z]", "Upper": "[A-Z]", "Ll": "[a-z]", "Lower": "[a-z]",
    "N": r"\d", "Nd": r"\d", "IsDigit": r"\d", "Digit": "[0-9]", "Alnum": "[a-zA-Z0-9]",
    "Punct": r"[!-/:-@\[-`{-~]", "Space": r"\s", "XDigit": "[0-9a-fA-F]", "ASCII": r"[\x00-\x7f]",
}  # fmt: skip
_LETTERS = {"L", "IsLetter", "IsAlphabetic"}
_ALL_LETTERS = "a-zA-Z\u00aa-\U0003134f"
_ESCAPES = {
    "\\z": "\\Z",
    "\\Z": "(?=\\n?\\Z)",
    "\\h": "[ \\t]",
    "\\R": "(?:\\r\\n|[\\n\\r])",
}


def translate(pattern: str) -> str:
    r"""The pattern in Python's spelling: named groups, `\Q…\E`, `\p{…}`, `\z`, `\h`, `\R`."""
    parts: list[str] = []
    for piece in _PIECE.finditer(pattern):
        text = piece.group()
        if (
            piece.lastgroup == "open"
            and text[:2] == "(?"
            and text[2:3] == "<"
            and text[3:4].isalpha()
        ):
            text = f"(?P{text[2:]}"
        elif piece.lastgroup == "escape":
            text = _escape(text)
        elif piece.lastgroup == "set":
            text = re.sub(r"\\p\{(\w+)\}", lambda found: _inside(found.group(1)), text)
        parts.append(text)
    return "".join(parts)


def _escape(text: str) -> str:
    if text.startswith("\\Q"):
        return re.escape(text[2:].removesuffix("\\E"))
    if text[:3] in {"\\p{", "\\P{"}:
        known = _property(text[3:-1])
        return known if text[1] == "p" else f"(?!{known})(?s:.)"
    return _ESCAPES.get(text, text)


def _property(name: str) -> str:
    known = _PROPERTIES.get(name)
    if known is None:
        raise ExpressionError(
            f"The character class `\\p{{{name}}}` is not known.",
            hint=f"There are: {', '.join(_PROPERTIES)}.",
        )
    return known


def _inside(name: str) -> str:
    known = _property(name)
    if name in _LETTERS:
        return _ALL_LETTERS
    return known[1:-1] if known.startswith("[") else known


class _Part:
    """What has been read of a group: how many ways there are to match it.

    Attributes:
        open_ended: repetitions without a bound.
        choices: logarithm to base 2 of the ways through bounded repetitions and alternatives.
    """

    __slots__ = ("choices", "open_ended", "starts")

    def __init__(self) -> None:
        self.open_ended = 0
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


def matching_cost(pattern: str) -> tuple[int, float]:
    """The unbounded repetitions and the logarithm of the choices: `n ** (first + 1) * 2 ** second`.

    Raises:
        ExpressionError: a repetition or choice stands within a repetition without a bound, which
            may take forever.
    """
    groups = [_Part()]
    last: _Part | None = None
    for piece in _PIECE.finditer(pattern):
        kind, text = piece.lastgroup or "", piece.group()
        if kind == "repeat":
            last = _repeated(pattern, last or _Part(), text)
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
    if last is not None:
        groups[-1].add(last)
    groups[0].close()
    return groups[0].open_ended, groups[0].choices


def _repeated(pattern: str, inner: _Part, text: str) -> _Part:
    least, most = _bounds(text)
    result = _Part()
    if most is None:
        if inner.open_ended or inner.choices:
            raise ExpressionError(
                f"The regular expression {pattern!r:.100} could take forever.", hint=_HINT
            )
        result.open_ended = 1
        return result
    if most > _MOST:
        raise ExpressionError(f"A regular expression repeats at most {_MOST} times, or `*`.")
    result.open_ended = inner.open_ended * most
    result.choices = inner.choices * most + math.log2(most - least + 1 if most >= least else 1)
    return result


def _bounds(text: str) -> tuple[int, int | None]:
    if text[0] == "?":
        return 0, 1
    found = _COUNT.match(text)
    if found is None:
        return 0, None
    least = int(found[1][:9])
    if not found[2]:
        return least, least
    return least, int(found[3][:9]) if found[3] else None
