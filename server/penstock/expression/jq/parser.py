"""Reads jq queries straight into closures."""

import json
import re
from collections.abc import Callable, Iterator

from penstock.expression.error import ExpressionError, nearest
from penstock.expression.jq import combine
from penstock.expression.jq.builtin import BUILTINS
from penstock.expression.jq.query import Query
from penstock.expression.value import to_json, to_text

_SPACE = re.compile(r"(?:\s|#[^\n]*)*")
_NAME = re.compile(r"[A-Za-z_]\w*(?:::\w+)*")
_NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?")
_PLAIN = re.compile(r'[^"\\]+')
_FORMAT = re.compile(r"@[a-z0-9]+")
_COMPARISON = re.compile(r"==|!=|<=|>=|<|>")
_ASSIGNMENT = re.compile(r"\|=|\+=|-=|\*=|/=|%=|//=|=(?!=)")
_KEYWORDS = {"and", "or", "then", "elif", "else", "end", "as"}
_MISSING = {"def", "try", "catch", "foreach", "label", "import", "include", "input", "inputs"}
_NESTING = 40
_CHAIN = 100


class Parser:
    """A cursor over the text of a query."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def query(self) -> Query:
        """The whole text as one query."""
        if self._peek(""):
            self._space()
        if self._at >= len(self._text):
            return combine.identity
        result = self._pipe()
        if self._at < len(self._text):
            raise self._fail(f"`{self._text[self._at]}` is not expected here")
        return result

    def _fail(self, what: str) -> ExpressionError:
        shown = f"{self._text[: self._at]}⟪here⟫{self._text[self._at :]}"
        return ExpressionError(f"In the jq expression `{shown:.200}`: {what}.")

    def _space(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _peek(self, symbol: str) -> bool:
        self._space()
        return self._text.startswith(symbol, self._at)

    def _accept(self, symbol: str) -> bool:
        if not self._peek(symbol):
            return False
        self._at += len(symbol)
        self._space()
        return True

    def _expect(self, symbol: str) -> None:
        if not self._accept(symbol):
            raise self._fail(f"`{symbol}` is missing")

    def _match(self, pattern: re.Pattern[str]) -> str:
        self._space()
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        self._space()
        return found.group()

    def _word(self, word: str) -> bool:
        self._space()
        found = _NAME.match(self._text, self._at)
        if found is None or found.group() != word:
            return False
        self._at = found.end()
        self._space()
        return True

    def _pipe(self) -> Query:
        self._depth += 1
        if self._depth > _NESTING:
            raise self._fail(f"it is nested more than {_NESTING} levels deep")
        left = self._comma()
        if self._word("as"):
            name = self._variable()
            self._expect("|")
            left = combine.bind(left, name, self._pipe())
        elif self._accept("|"):
            left = combine.pipe(left, self._pipe())
        self._depth -= 1
        return left

    def _variable(self) -> str:
        self._expect("$")
        name = self._match(_NAME)
        if not name:
            raise self._fail("the name of a variable is missing")
        return name

    def _comma(self) -> Query:
        parts = [self._alternative()]
        while self._accept(","):
            parts.append(self._alternative())
        return combine.comma(parts) if len(parts) > 1 else parts[0]

    def _alternative(self) -> Query:
        left = self._logic("or", lambda: self._logic("and", self._comparison))
        if self._peek("//") and not self._peek("//="):
            self._accept("//")
            self._depth += 1
            if self._depth > _NESTING:
                raise self._fail("too many alternatives stand in a row")
            left = combine.alternative(left, self._alternative())
            self._depth -= 1
        self._space()
        if _ASSIGNMENT.match(self._text, self._at):
            raise self._fail("assignments are not supported")
        return left

    def _logic(self, word: str, inner: Callable[[], Query]) -> Query:
        left = inner()
        for _ in range(_CHAIN):
            if not self._word(word):
                return left
            left = combine.logic(word, left, inner())
        raise self._fail(f"too many `{word}` stand in a row")

    def _comparison(self) -> Query:
        left = self._sum()
        operator = self._match(_COMPARISON)
        return combine.binary(operator, left, self._sum()) if operator else left

    def _sum(self) -> Query:
        return self._chain("+-", lambda: self._chain("*/%", self._postfix))

    def _chain(self, operators: str, inner: Callable[[], Query]) -> Query:
        left = inner()
        for _ in range(_CHAIN):
            self._space()
            symbol = self._text[self._at : self._at + 1]
            following = self._text[self._at + 1 : self._at + 2]
            is_other = following == "=" or (symbol == "/" and following == "/")
            if not symbol or symbol not in operators or is_other:
                return left
            self._accept(symbol)
            left = combine.binary(symbol, left, inner())
        raise self._fail("too many operators stand in a row")

    def _postfix(self) -> Query:
        node = self._term()
        for _ in range(_CHAIN):
            if self._text.startswith("?", self._at) and not self._text.startswith("?//", self._at):
                self._accept("?")
                node = combine.silent(node)
            elif self._text.startswith("[", self._at):
                node = self._bracket(node)
            elif self._text.startswith(".[", self._at):
                self._at += 1
                node = self._bracket(node)
            elif self._text.startswith(".", self._at) and not self._text.startswith("..", self._at):
                self._at += 1
                node = combine.index_by(node, self._key())
            else:
                self._space()
                return node
        raise self._fail("too many steps stand in a row")

    def _key(self) -> Query:
        if self._text.startswith('"', self._at):
            return self._string()
        found = _NAME.match(self._text, self._at)
        if found is None:
            raise self._fail("the name of a key is missing")
        self._at = found.end()
        return combine.constant(found.group())

    def _bracket(self, node: Query) -> Query:
        self._expect("[")
        if self._closes("]"):
            return combine.iterate(node)
        start = None if self._peek(":") else self._pipe()
        if not self._accept(":"):
            self._close("]")
            assert start is not None
            return combine.index_by(node, start)
        end = None if self._peek("]") else self._pipe()
        self._close("]")
        nothing = combine.constant(None)
        return combine.slice_by(node, start or nothing, end or nothing)

    def _closes(self, symbol: str) -> bool:
        """Reads a closing bracket, but not the space after it, which ends a postfix."""
        if not self._peek(symbol):
            return False
        self._at += len(symbol)
        return True

    def _close(self, symbol: str) -> None:
        if not self._closes(symbol):
            raise self._fail(f"`{symbol}` is missing")

    def _term(self) -> Query:
        self._space()
        text, at = self._text, self._at
        symbol = text[at : at + 1]
        if symbol == ".":
            return self._dot()
        if symbol == '"':
            return self._string()
        if symbol == "-":
            self._accept("-")
            return combine.binary("-", combine.constant(0), self._postfix())
        number = _NUMBER.match(text, at)
        if number is not None:
            self._at = number.end()
            return combine.constant(json.loads(_complete(number.group())))
        if symbol and symbol in "([{$@":
            return self._enclosed(symbol)
        found = _NAME.match(text, at)
        if found is None:
            raise self._fail("an expression is missing")
        self._at = found.end()
        return self._named(found.group())

    def _dot(self) -> Query:
        if self._text.startswith("..", self._at):
            self._at += 2
            return combine.recurse
        self._at += 1
        following = self._text[self._at : self._at + 1]
        if following == '"' or following.isalpha() or following == "_":
            return combine.index_by(combine.identity, self._key())
        return combine.identity

    def _enclosed(self, symbol: str) -> Query:
        if symbol == "$":
            return combine.variable(self._variable())
        if symbol == "@":
            name = _FORMAT.match(self._text, self._at)
            if name is None or name.group() not in BUILTINS:
                raise self._fail("this format is not supported")
            self._at = name.end()
            return combine.call(BUILTINS[name.group()], [])
        self._accept(symbol)
        if symbol == "(":
            inner = self._pipe()
            self._close(")")
            return inner
        if symbol == "[":
            items = combine.empty if self._peek("]") else self._pipe()
            self._close("]")
            return combine.collect(items)
        return self._object()

    def _object(self) -> Query:
        entries: list[tuple[Query, Query]] = []
        while not self._closes("}"):
            if entries:
                self._expect(",")
            entries.append(self._entry())
            if len(entries) > _CHAIN:
                raise self._fail("the object has too many keys")
        return combine.build(entries)

    def _entry(self) -> tuple[Query, Query]:
        self._space()
        if self._peek("$"):
            name = self._variable()
            return combine.constant(name), combine.variable(name)
        if self._accept("("):
            key = self._pipe()
            self._close(")")
        else:
            key = self._key()
        if self._accept(":"):
            return key, self._value()
        return key, combine.index_by(combine.identity, key)

    def _value(self) -> Query:
        """The value of an entry: terms joined by `|`, since `,` ends it."""
        self._depth += 1
        if self._depth > _NESTING:
            raise self._fail(f"it is nested more than {_NESTING} levels deep")
        left = self._alternative()
        if self._accept("|"):
            left = combine.pipe(left, self._value())
        self._depth -= 1
        return left

    def _string(self) -> Query:
        self._at += 1
        parts: list[Query] = []
        while not self._text.startswith('"', self._at):
            plain = _PLAIN.match(self._text, self._at)
            if plain is not None:
                self._at = plain.end()
                parts.append(combine.constant(plain.group()))
            elif self._text.startswith("\\(", self._at):
                self._at += 2
                parts.append(self._pipe())
                self._close(")")
            else:
                parts.append(combine.constant(self._escape()))
            if self._at >= len(self._text):
                raise self._fail("the text is not closed")
        self._at += 1
        return combine.text_of(parts)

    def _escape(self) -> str:
        length = 6 if self._text.startswith("\\u", self._at) else 2
        try:
            result = json.loads(f'"{self._text[self._at : self._at + length]}"')
        except ValueError:
            raise self._fail("this escape means nothing") from None
        self._at += length
        return to_text(result)

    def _named(self, name: str) -> Query:
        match name:
            case "true" | "false" | "null":
                return combine.constant({"true": True, "false": False}.get(name))
            case "if":
                return self._if()
            case "reduce":
                return self._reduce()
        if name in _KEYWORDS or name in _MISSING:
            raise self._fail(
                f"`{name}` is not supported" if name in _MISSING else f"`{name}` stands alone"
            )
        arguments = list(self._arguments())
        function = BUILTINS.get(f"{name}/{len(arguments)}" if arguments else name)
        if function is None:
            near = nearest(name, (known.split("/")[0] for known in BUILTINS))
            known = f", did you mean `{near}`" if near and near != name else ""
            raise self._fail(f"there is no `{name}` with {len(arguments)} arguments{known}")
        return combine.call(function, arguments)

    def _arguments(self) -> Iterator[Query]:
        if self._text.startswith("(", self._at):
            self._accept("(")
            yield self._pipe()
            while self._accept(";"):
                yield self._pipe()
            self._close(")")

    def _if(self) -> Query:
        condition = self._pipe()
        if not self._word("then"):
            raise self._fail("`then` is missing")
        yes = self._pipe()
        if self._word("elif"):
            self._depth += 1
            if self._depth > _NESTING:
                raise self._fail("too many `elif` stand in a row")
            no = self._if()
            self._depth -= 1
            return combine.choose(condition, yes, no)
        no = self._pipe() if self._word("else") else combine.identity
        if not self._word("end"):
            raise self._fail("`end` is missing")
        return combine.choose(condition, yes, no)

    def _reduce(self) -> Query:
        source = self._postfix()
        if not self._word("as"):
            raise self._fail("`as` is missing")
        name = self._variable()
        self._expect("(")
        start = self._pipe()
        self._expect(";")
        update = self._pipe()
        self._close(")")
        return combine.reduce_by(source, name, start, update)


def _complete(number: str) -> str:
    """A number of jq as JSON spells it."""
    number = f"0{number}" if number.startswith(".") else number
    whole, dot, fraction = number.partition(".")
    if dot and not fraction[:1].isdigit():
        fraction = f"0{fraction}"
    return to_json(int(whole)) + (f".{fraction}" if dot else "") if whole.isdigit() else number
