"""Everything that can go wrong with an expression, each error a sentence with a place."""

import difflib
from collections.abc import Iterable

from penstock.model.pattern.error import quoted as quoted  # noqa: PLC0414 - shared with below

_SHOWN = 120
"""Longest piece of an expression that a message quotes, in characters."""


class ExpressionError(Exception):
    """An expression could not be read or evaluated.

    Attributes:
        expression: the template's text; empty until the place is known.
        offset: characters before the place, 0-based.
        hint: how to mend it; empty when there is nothing to say.
    """

    def __init__(
        self, message: str, *, expression: str = "", offset: int | None = None, hint: str = ""
    ) -> None:
        super().__init__(message)
        self._message = message
        self.expression = expression
        self.offset = offset
        self.hint = hint

    @property
    def message(self) -> str:
        """What happened, as a sentence without the place."""
        return self._message

    @property
    def line(self) -> int:
        """Line in the template's text, from 1."""
        return self.expression.count("\n", 0, self.offset or 0) + 1

    @property
    def column(self) -> int:
        """Column in that line, from 1, in characters."""
        at = self.offset or 0
        return at - (self.expression.rfind("\n", 0, at) + 1) + 1

    @property
    def excerpt(self) -> str:
        """The line in question with a caret under the place; empty when there is no place."""
        if self.offset is None:
            return ""
        start = self.expression.rfind("\n", 0, self.offset) + 1
        end = self.expression.find("\n", self.offset)
        line = self.expression[start : end if end >= 0 else None]
        at = self.offset - start
        cut = max(0, at - _SHOWN // 2)
        shown = line[cut : cut + _SHOWN].replace("\t", " ")
        return f"{shown}\n{' ' * (at - cut)}^"

    def locate(self, expression: str, offset: int) -> None:
        """Says where it happened, unless a more exact place is known already."""
        if self.offset is None:
            self.expression = expression
            self.offset = offset

    def __str__(self) -> str:
        text = self.message
        if self.hint:
            text = f"{text} {self.hint}"
        if self.excerpt:
            text = f"{text} (line {self.line}, column {self.column})\n{self.excerpt}"
        return text


class ExpressionSyntaxError(ExpressionError):
    """The text is not an expression of the language."""


class UndefinedError(ExpressionError):
    """A variable or key does not exist; the nearest existing one is suggested.

    The sentence is composed only when somebody reads it, because `??`, `is defined` and `default`
    catch most of these errors.
    """

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        super().__init__("")
        self.name = name
        self._known = known
        self.hint = ""

    @property
    def message(self) -> str:
        """The sentence with the nearest existing key."""
        shown = self.expression.strip()
        if len(shown) > _SHOWN:
            shown = f"{shown[:_SHOWN]}…"
        text = f"Unable to find `{self.name}` used in the expression `{shown}` at line {self.line}."
        near = nearest(self.name, self._known)
        return f"{text} Did you mean {_spell(near)}?" if near else text


class LimitError(ExpressionError):
    """A bound on time, depth or size was reached."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most like the given one, or "" when none is close."""
    names = [key for key in known if isinstance(key, str)]
    dashed = [key for key in names if key.startswith(f"{name}-")]
    if dashed:
        return dashed[0]
    lowered = {key.lower(): key for key in names[:1000]}
    found = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else ""


def _spell(key: str) -> str:
    return f"`{key}`" if key.isidentifier() else f"`['{key}']`"
