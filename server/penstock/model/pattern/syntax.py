"""The spelling of regular expressions: Java's pieces, and how Python writes them."""

import re

from penstock.model.pattern.error import PatternError

PIECE = re.compile(
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
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_DOUBLED = re.compile(r"([-~|])\1")
"""What Python may take for an operation on sets one day, and Java does not."""
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
    for piece in PIECE.finditer(pattern):
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
            text = _set(text)
        parts.append(text)
    return "".join(parts)


def _set(text: str) -> str:
    inside = _ESCAPED.sub("", text[1:-1])
    if "[" in inside or "&&" in inside:
        raise PatternError(
            "A set of characters within a set is not known in a regular expression.",
            hint="A bracket that stands for itself is written `\\[`.",
        )
    text = _DOUBLED.sub(r"\\\1\\\1", text)
    return re.sub(r"\\p\{(\w+)\}", lambda found: _inside(found.group(1)), text)


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
        raise PatternError(
            f"The character class `\\p{{{name}}}` is not known.",
            hint=f"There are: {', '.join(_PROPERTIES)}.",
        )
    return known


def _inside(name: str) -> str:
    known = _property(name)
    if name in _LETTERS:
        return _ALL_LETTERS
    return known[1:-1] if known.startswith("[") else known
