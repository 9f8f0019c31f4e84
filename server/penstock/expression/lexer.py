"""Cuts a template's text into tokens: text outside of the delimiters, and what is within."""

import re
from typing import NamedTuple

from penstock.expression.error import ExpressionSyntaxError

TEXT, PRINT, TAG, NAME, NUMBER, STRING, OPERATOR, PUNCTUATION, END = (
    "text", "{{", "{%", "name", "number", "string", "operator", "punctuation", "end",
)  # fmt: skip
PRINT_END, TAG_END = "}}", "%}"
PART, INTERPOLATION, INTERPOLATION_END = "part", "#{", "interpolation end"


class Token(NamedTuple):
    """One token; `at` is its offset in the text."""

    kind: str
    value: str
    at: int


_OPEN = re.compile(r"\{\{|\{%|\{#")
_VERBATIM = re.compile(r"(-?)\s*(raw|verbatim)\s*(-?)%\}")
_VERBATIM_END = {
    word: re.compile(r"\{%(-?)\s*end" + word + r"\s*(-?)%\}") for word in ("raw", "verbatim")
}
_TOKEN = re.compile(
    r"""(?P<operator>(?:is\s+not|is|contains|equals|isIn|or|and|not)(?!\w)
        |\?\?\?|\?\?|==|!=|>=|<=|\.\.|[><+\-*/%|~])
    |(?P<name>[^\W\d]\w*)
    |(?P<number>[0-9]+(?:\.[0-9]+)?)
    |(?P<punctuation>[()\[\]{}?:.,=])
    |'(?P<single>[^'\\]*(?:\\.[^'\\]*)*)'
    |"(?P<double>[^#"\\]*(?:\\.[^#"\\]*)*)"
    """,
    re.VERBOSE | re.DOTALL,
)
_PART = re.compile(r"[^#\"\\]*(?:(?:\\.|#(?!\{))[^#\"\\]*)*", re.DOTALL)
_SPACE = re.compile(r"\s*")
_MOST_TOKENS = 100_000
_ELSEWHERE = {"&": "Write `and`.", "!": "Write `not`.", "`": "Texts are in `'` or `\"`."}
"""How something is written here that other languages write so."""
_CLOSERS = {"(": ")", "[": "]", "{": "}"}


class Lexer:
    """Tokens of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._tokens: list[Token] = []
        self._brackets: list[tuple[str, int]] = []
        self._trim_next = False

    def tokens(self) -> list[Token]:
        """All tokens, the last of kind END.

        Raises:
            ExpressionSyntaxError: something is not closed, or a character has no meaning.
        """
        text = self._text
        while True:
            opening = _OPEN.search(text, self._at)
            if opening is None:
                self._data(text[self._at :], trim_end=False)
                self._tokens.append(Token(END, "the end of the text", len(text)))
                return self._tokens
            trim = text.startswith("-", opening.end())
            before = text[self._at : opening.start()]
            self._at = opening.end()
            if opening.group() == "{#":
                self._data(before, trim_end=trim)
                self._comment(opening.start())
            elif opening.group() == "{%" and (verbatim := _VERBATIM.match(text, self._at)):
                self._data(before, trim_end=bool(verbatim.group(1)))
                self._verbatim(opening.start(), verbatim)
            else:
                self._data(before, trim_end=trim)
                self._at += trim
                self._code(opening)

    def _fail(self, message: str, at: int, hint: str = "") -> ExpressionSyntaxError:
        return ExpressionSyntaxError(message, expression=self._text, offset=at, hint=hint)

    def _data(self, text: str, *, trim_end: bool) -> None:
        if self._trim_next:
            text = text.lstrip()
            self._trim_next = False
        if trim_end:
            text = text.rstrip()
        if text:
            self._tokens.append(Token(TEXT, text, self._at))

    def _comment(self, start: int) -> None:
        end = self._text.find("#}", self._at)
        if end < 0:
            raise self._fail("The comment is not closed.", start, "Close it with `#}`.")
        self._trim_next = self._text[self._at : end].endswith("-")
        self._at = end + 2

    def _verbatim(self, start: int, opening: re.Match[str]) -> None:
        word = opening.group(2)
        closing = _VERBATIM_END[word].search(self._text, opening.end())
        if closing is None:
            raise self._fail(
                f"The tag `{word}` is not closed.", start, f"Close it with `{{% end{word} %}}`."
            )
        self._trim_next = bool(opening.group(3))
        self._data(self._text[opening.end() : closing.start()], trim_end=bool(closing.group(1)))
        self._trim_next = bool(closing.group(2))
        self._at = closing.end()

    def _code(self, opening: re.Match[str]) -> None:
        kind = opening.group()
        closing = "}}" if kind == "{{" else "%}"
        self._tokens.append(Token(kind, kind, opening.start()))
        self._brackets.clear()
        text = self._text
        while True:
            self._skip_space()
            if self._at >= len(text):
                raise self._unclosed(kind, closing, opening.start())
            if not self._brackets:
                trim = text.startswith("-", self._at)
                if text.startswith(closing, self._at + trim):
                    self._tokens.append(Token(closing, closing, self._at))
                    self._trim_next = trim
                    self._at += trim + 2
                    return
            self._token()
            if len(self._tokens) > _MOST_TOKENS:
                raise self._fail(f"A text has at most {_MOST_TOKENS:,} tokens.", self._at)

    def _unclosed(self, kind: str, closing: str, start: int) -> ExpressionSyntaxError:
        if self._brackets:
            bracket, at = self._brackets[-1]
            return self._fail(
                f"`{bracket}` is not closed.", at, f"Close it with `{_CLOSERS.get(bracket, '}')}`."
            )
        return self._fail(f"`{kind}` is not closed.", start, f"Close it with `{closing}`.")

    def _skip_space(self) -> None:
        found = _SPACE.match(self._text, self._at)
        if found is not None:
            self._at = found.end()

    def _token(self) -> None:
        start = self._at
        found = _TOKEN.match(self._text, start)
        if found is None:
            self._irregular(start)
            return
        kind = found.lastgroup or ""
        value = found.group(kind)
        self._at = found.end()
        if kind == "punctuation":
            self._bracket(value, start)
        elif kind == "single":
            kind, value = STRING, value.replace("\\'", "'")
        elif kind == "double":
            kind, value = STRING, value.replace('\\"', '"')
        elif kind == "operator" and value.startswith("is") and value.endswith("not"):
            value = "is not"
        self._tokens.append(Token(kind, value, start))

    def _irregular(self, start: int) -> None:
        """Texts with interpolation, and what is no token at all."""
        if self._text[start] == '"':
            self._interpolated(start)
            return
        if self._text[start] == "'":
            raise self._fail("The text is not closed.", start, "Close it with `'`.")
        found = self._text[start]
        raise self._fail(f"`{found}` has no meaning here.", start, _ELSEWHERE.get(found, ""))

    def _bracket(self, value: str, at: int) -> None:
        if value in _CLOSERS:
            self._brackets.append((value, at))
        elif value in ")]}":
            opened = self._brackets.pop()[0] if self._brackets else ""
            if _CLOSERS.get(opened) != value:
                raise self._fail(
                    f"`{value}` closes nothing."
                    if not opened
                    else f"`{value}` cannot close `{opened}`.",
                    at,
                )

    def _interpolated(self, start: int) -> None:
        text = self._text
        self._at += 1
        while True:
            if text.startswith("#{", self._at):
                self._interpolation()
            elif text.startswith('"', self._at):
                self._at += 1
                return
            else:
                part = _PART.match(text, self._at)
                if part is None or part.end() == self._at:
                    raise self._fail("The text is not closed.", start, 'Close it with `"`.')
                self._tokens.append(Token(PART, part.group().replace('\\"', '"'), self._at))
                self._at = part.end()

    def _interpolation(self) -> None:
        start, depth = self._at, len(self._brackets)
        self._tokens.append(Token(INTERPOLATION, "#{", start))
        self._at += 2
        self._brackets.append(("#{", start))
        while True:
            self._skip_space()
            if self._at >= len(self._text):
                raise self._fail("`#{` is not closed.", start, "Close it with `}`.")
            if len(self._brackets) == depth + 1 and self._text[self._at] == "}":
                self._tokens.append(Token(INTERPOLATION_END, "}", self._at))
                self._at += 1
                self._brackets.pop()
                return
            self._token()
