"""Reads expressions by precedence climbing."""

from penstock.expression import lexer
from penstock.expression.error import ExpressionSyntaxError
from penstock.expression.lexer import Token
from penstock.expression.syntax import (
    Arguments,
    Attribute,
    Binary,
    Call,
    Expression,
    Filter,
    Interpolation,
    ListLiteral,
    Literal,
    MapLiteral,
    Name,
    Ternary,
    Test,
    Unary,
)

PRECEDENCE = {
    "or": 10,
    "and": 15,
    "is": 20, "is not": 20, "contains": 20,
    "==": 30, "equals": 30, "!=": 30, ">": 30, "<": 30, ">=": 30, "<=": 30,
    "??": 30, "???": 30, "isIn": 30,
    "+": 40, "-": 40,
    "*": 60, "/": 60, "%": 60,
    "|": 100,
    "~": 110,
    "..": 120,
}  # fmt: skip
"""Of the binary operators, all left associative; a larger number binds tighter."""

_UNARY = 500
_NESTING = 50
_CHAIN = 150
_LONGEST = 2**63 - 1
_CONSTANTS = {
    "true": True, "TRUE": True, "false": False, "FALSE": False,
    "null": None, "NULL": None, "none": None, "NONE": None,
}  # fmt: skip
_ELSEWHERE = {
    "in": "Write `a isIn list`, or `list contains a`.",
    "if": "Write `condition ? yes : no`.",
    "else": "Write `condition ? yes : no`.",
    "|": "Write `or`.",
}
"""How something is written here that other languages write so."""
_CLOSING = (lexer.PRINT_END, lexer.TAG_END, lexer.END)


class Parser:
    """A cursor over the tokens of one text, and the grammar of expressions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = lexer.Lexer(text).tokens()
        self._index = 0
        self._depth = 0

    @property
    def current(self) -> Token:
        """The token to be read next."""
        return self._tokens[self._index]

    def advance(self) -> Token:
        """Reads one token."""
        token = self._tokens[self._index]
        if token.kind != lexer.END:
            self._index += 1
        return token

    def matches(self, kind: str, value: str) -> bool:
        """Whether the next token is this one."""
        token = self._tokens[self._index]
        return token.kind == kind and token.value == value

    def accept(self, kind: str, value: str) -> bool:
        """Reads the next token if it is this one."""
        if self.matches(kind, value):
            self._index += 1
            return True
        return False

    def expect(self, kind: str, value: str = "", *, what: str = "") -> Token:
        """Reads a token which must be there."""
        token = self.current
        if token.kind != kind or (value and token.value != value):
            raise self.fail(
                f"Expected {what or f'`{value or kind}`'} but found {describe(token)}.",
                token.at,
                _ELSEWHERE.get(token.value, ""),
            )
        return self.advance()

    def fail(self, message: str, at: int, hint: str = "") -> ExpressionSyntaxError:
        """An error at an offset of this text."""
        return ExpressionSyntaxError(message, expression=self.text, offset=at, hint=hint)

    def expression(self, minimum: int = 0) -> Expression:
        """One expression whose operators bind at least as tight as the minimum."""
        self._depth += 1
        if self._depth > _NESTING:
            raise self.fail(
                f"The expression is nested more than {_NESTING} levels deep.",
                self.current.at,
                "Split it with `{% set %}`.",
            )
        left = self._binary(self._operand(), minimum)
        if minimum == 0 and self.accept(lexer.PUNCTUATION, "?"):
            yes = self.expression()
            self.expect(lexer.PUNCTUATION, ":")
            left = Ternary(left.at, left, yes, self.expression())
        self._depth -= 1
        return left

    def _operand(self) -> Expression:
        token = self.current
        if token.kind == lexer.OPERATOR and token.value in {"not", "+", "-"}:
            self.advance()
            return Unary(token.at, token.value, self.expression(_UNARY))
        if token.kind == lexer.PUNCTUATION:
            if self.accept(lexer.PUNCTUATION, "("):
                inner = self.expression()
                self.expect(lexer.PUNCTUATION, ")")
                return self._postfix(inner)
            if token.value == "[":
                return self._postfix(self._list())
            if token.value == "{":
                return self._postfix(self._map())
        return self._postfix(self._primary())

    def _binary(self, left: Expression, minimum: int) -> Expression:
        for _ in range(_CHAIN):
            token = self.current
            precedence = PRECEDENCE.get(token.value, -1)
            if token.kind != lexer.OPERATOR or precedence < minimum:
                return left
            self.advance()
            if token.value == "|":
                name = self.expect(lexer.NAME, what="the name of a filter")
                left = Filter(name.at, left, name.value, self._optional_arguments())
            elif token.value in {"is", "is not"}:
                name = self.expect(lexer.NAME, what="the name of a test")
                negated = token.value == "is not"
                left = Test(name.at, left, name.value, negated, self._optional_arguments())
            else:
                left = Binary(token.at, token.value, left, self.expression(precedence + 1))
        raise self.fail(
            f"More than {_CHAIN} operators stand in a row.",
            self.current.at,
            "Write text outside of the braces, or split it with `{% set %}`.",
        )

    def _primary(self) -> Expression:
        token = self.current
        if token.kind == lexer.NAME:
            self.advance()
            if token.value in _CONSTANTS:
                return Literal(token.at, _CONSTANTS[token.value])
            if self.matches(lexer.PUNCTUATION, "("):
                return Call(token.at, token.value, self.arguments())
            return Name(token.at, token.value)
        if token.kind == lexer.NUMBER:
            return self._number()
        if token.kind == lexer.STRING:
            self.advance()
            return Literal(token.at, token.value)
        if token.kind in {lexer.PART, lexer.INTERPOLATION}:
            return self._interpolation()
        if token.kind in _CLOSING:
            raise self.fail(f"An expression is missing before {describe(token)}.", token.at)
        raise self.fail(f"{describe(token).capitalize()} cannot start an expression.", token.at)

    def _number(self) -> Expression:
        token = self.advance()
        if "." in token.value:
            return Literal(token.at, float(token.value))
        following = self.current
        if following.kind == lexer.NAME and following.at == token.at + len(token.value):
            if following.value != "L":
                raise self.fail(
                    f"`{token.value}{following.value}` is neither a number nor a name.", token.at
                )
            self.advance()
        number = int(token.value) if len(token.value) <= len(str(_LONGEST)) else _LONGEST + 1
        if number > _LONGEST:
            raise self.fail(f"The number {token.value[:40]} does not fit in 64 bits.", token.at)
        return Literal(token.at, number)

    def _interpolation(self) -> Expression:
        at = self.current.at
        parts: list[Expression] = []
        while True:
            token = self.current
            if token.kind == lexer.PART:
                self.advance()
                parts.append(Literal(token.at, token.value))
            elif token.kind == lexer.INTERPOLATION:
                self.advance()
                parts.append(self.expression())
                self.expect(lexer.INTERPOLATION_END, what="`}`")
            else:
                return Interpolation(at, tuple(parts))

    def _list(self) -> Expression:
        at = self.advance().at
        items: list[Expression] = []
        while not self.accept(lexer.PUNCTUATION, "]"):
            if items:
                self.expect(lexer.PUNCTUATION, ",", what="`,` or `]`")
            items.append(self.expression())
        return ListLiteral(at, tuple(items))

    def _map(self) -> Expression:
        at = self.advance().at
        entries: list[tuple[Expression, Expression]] = []
        while not self.accept(lexer.PUNCTUATION, "}"):
            if entries:
                self.expect(lexer.PUNCTUATION, ",", what="`,` or `}`")
            key = self.expression()
            self.expect(lexer.PUNCTUATION, ":")
            entries.append((key, self.expression()))
        return MapLiteral(at, tuple(entries))

    def _postfix(self, node: Expression) -> Expression:
        for _ in range(_CHAIN):
            token = self.current
            if self.accept(lexer.PUNCTUATION, "."):
                node = self._member(node)
            elif self.accept(lexer.PUNCTUATION, "["):
                node = Attribute(token.at + 1, node, self.expression())
                self.expect(lexer.PUNCTUATION, "]")
            elif self.matches(lexer.PUNCTUATION, "("):
                raise self.fail("Only a function or a macro can be called.", token.at)
            else:
                return node
        raise self.fail(f"More than {_CHAIN} attributes stand in a row.", self.current.at)

    def _member(self, node: Expression) -> Expression:
        """After a dot: a name, a word which is an operator elsewhere, or a position."""
        token = self.current
        if token.kind == lexer.NAME or (token.kind == lexer.OPERATOR and token.value.isalpha()):
            self.advance()
            arguments = self._optional_arguments()
            has_arguments = arguments is not _NO_ARGUMENTS
            key = Literal(token.at, token.value)
            return Attribute(token.at, node, key, arguments if has_arguments else None)
        if token.kind == lexer.NUMBER and "." not in token.value:
            self.advance()
            return Attribute(token.at, node, Literal(token.at, int(token.value)))
        raise self.fail(
            f"Expected the name of an attribute but found {describe(token)}.",
            token.at,
            "Names with other characters than letters, digits and `_` are written `['…']`.",
        )

    def _optional_arguments(self) -> Arguments:
        if self.matches(lexer.PUNCTUATION, "("):
            return self.arguments()
        return _NO_ARGUMENTS

    def arguments(self) -> Arguments:
        """`(a, b, name=c)`."""
        self.expect(lexer.PUNCTUATION, "(")
        positional: list[Expression] = []
        named: list[tuple[str, Expression]] = []
        while not self.accept(lexer.PUNCTUATION, ")"):
            if positional or named:
                self.expect(lexer.PUNCTUATION, ",", what="`,` or `)`")
            token, following = self.current, self._tokens[self._index + 1 :][:1]
            if token.kind == lexer.NAME and following and following[0].value == "=":
                self._index += 2
                if any(name == token.value for name, _ in named):
                    raise self.fail(f"The argument `{token.value}` is given twice.", token.at)
                named.append((token.value, self.expression()))
            elif named:
                raise self.fail(
                    "Arguments without a name come before arguments with a name.",
                    token.at,
                    "Give this one a name too, or move it to the front.",
                )
            else:
                positional.append(self.expression())
        return Arguments(tuple(positional), tuple(named))


_NO_ARGUMENTS = Arguments()


def describe(token: Token) -> str:
    """How a message names a token."""
    if token.kind == lexer.END:
        return token.value
    if token.kind in {lexer.STRING, lexer.PART}:
        return "a text"
    return f"`{token.value}`"
