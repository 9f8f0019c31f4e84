"""Reads a regular expression just enough to say what matching it may cost."""

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
_MANY = 20
_HINT = "Write it without a repetition inside of another one."
_PROPERTIES = {
    "L": r"[^\W\d_]", "IsLetter": r"[^\W\d_]", "IsAlphabetic": r"[^\W\d_]",
    "Alpha": "[a-zA-Z]", "Lu": "[A-Z]", "Upper": "[A-Z]", "Ll": "[a-z]", "Lower": "[a-z]",
    "N": r"\d", "Nd": r"\d", "IsDigit": r"\d", "Digit": "[0-9]", "Alnum": "[a-zA-Z0-9]",
    "Punct": r"[!-/:-@\[-`{-~]", "Space": r"\s", "XDigit": "[0-9a-fA-F]", "ASCII": r"[\x00-\x7f]",
}  # fmt: skip


def translate(pattern: str) -> str:
    r"""The pattern in Python's spelling: named groups, `\Q…\E`, `\p{…}`, `\z`, `\h`."""
    parts: list[str] = []
    for piece in _PIECE.finditer(pattern):
        text = piece.group()
        if piece.lastgroup == "open" and re.match(r"\(\?<[A-Za-z]", text):
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
    return {"\\z": "\\Z", "\\Z": "(?=\\n?\\Z)", "\\h": "[ \\t]", "\\R": "(?:\\r\\n|[\\n\\r])"}.get(
        text, text
    )


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
    if name in {"L", "IsLetter", "IsAlphabetic"}:
        return "a-zA-Z\u00aa-\U0003134f"
    return known[1:-1] if known.startswith("[") else known


class _Group:
    """What has been read of one group."""

    __slots__ = ("alternatives", "repeats", "starts", "wide")

    def __init__(self) -> None:
        self.repeats = False
        self.alternatives = False
        self.wide = 0
        self.starts: list[str | None] = [None]

    def piece(self, kind: str, text: str) -> None:
        if self.starts[-1] is None:
            self.starts[-1] = text if kind in {"literal", "escape"} else ""

    def ambiguous(self) -> bool:
        """Whether a text may be read by two of the alternatives."""
        if not self.alternatives:
            return False
        starts = [start or "" for start in self.starts]
        plain = all(len(start) == 1 and start != "." for start in starts)
        return not plain or len(set(starts)) < len(starts)


def wide_repetitions(pattern: str) -> int:
    """How many repetitions without a bound the pattern has: the exponent of its worst cost.

    Raises:
        ExpressionError: a repetition stands within another one, which may take forever.
    """
    stack = [_Group()]
    closed: _Group | None = None
    for piece in _PIECE.finditer(pattern):
        kind, text = piece.lastgroup or "", piece.group()
        group = stack[-1]
        if kind == "open":
            if not text.endswith(")"):
                group.piece("group", "")
                stack.append(_Group())
            closed = None
        elif kind == "close":
            closed = stack.pop() if len(stack) > 1 else None
            if closed is not None:
                _absorb(stack[-1], closed)
        elif kind == "bar":
            group.alternatives = True
            group.starts.append(None)
            closed = None
        elif kind == "repeat":
            if _unbounded(text):
                _repeat(pattern, group, closed)
            closed = None
        else:
            group.piece(kind, text)
            closed = None
    return stack[0].wide


def _absorb(outer: _Group, inner: _Group) -> None:
    outer.wide += inner.wide
    outer.repeats = outer.repeats or inner.repeats


def _repeat(pattern: str, group: _Group, closed: _Group | None) -> None:
    if closed is not None and (closed.repeats or closed.ambiguous()):
        raise ExpressionError(
            f"The regular expression {pattern!r:.100} could take forever.", hint=_HINT
        )
    group.repeats = True
    group.wide += 1


def _unbounded(text: str) -> bool:
    if text[0] in "*+":
        return True
    found = _COUNT.match(text)
    if found is None:
        return False
    most = found.group(3) if found.group(2) else found.group(1)
    return not most or int(most) > _MANY
