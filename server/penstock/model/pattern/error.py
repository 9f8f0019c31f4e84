"""What can be wrong with a regular expression."""

_QUOTED = 100
"""Longest text that a message quotes, in characters."""


class PatternError(ValueError):
    """A text is no regular expression, or could take forever; `hint` says how to mend it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message} {hint}" if hint else message)
        self.message = message
        self.hint = hint


class PatternTooCostly(PatternError):
    """A regular expression could take too long on a text."""


def quoted(text: str) -> str:
    """A text as messages show it: whole, or not at all.

    A part of a secret in a message could not be recognised, and so not be masked.
    """
    if len(text) <= _QUOTED and text.isprintable():
        return f"'{text}'"
    return f"of {len(text):,} characters"
