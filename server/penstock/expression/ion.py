"""Ion text, the superset of JSON in which Kestra keeps records: read, and written."""

import json
import re
from collections.abc import Callable, Mapping

from penstock.expression.error import ExpressionError
from penstock.expression.limit import Limits
from penstock.expression.value import Value, to_text, weigh

_SPACE = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<long>'''(?:[^'\\]|\\.|'(?!''))*''')
    |(?P<quoted>'(?:[^'\\]|\\.)*')
    |(?P<time>\d{4}-\d\d(?:-\d\d)?T?(?:\d\d:\d\d[0-9:.]*(?:Z|[+-]\d\d:\d\d)?)?|\d{4}T)
    |(?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eEdD][+-]?\d+)?|inf))
    |(?P<symbol>[A-Za-z_$][\w$]*(?:\.[a-z]+)?)
    |(?P<mark>[\[\]{}(),:])""",
    re.VERBOSE | re.DOTALL,
)
_PLAIN = re.compile(r"[A-Za-z_$][\w$]*")
_WORDS: Mapping[str, Value] = {"true": True, "false": False, "nan": None}
_KEYWORDS = frozenset({"true", "false", "null", "nan"})
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r?\n|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_NESTING = 100


def read_ion(text: str) -> list[Value]:
    """All values at the top of a text; times stay texts, annotations are dropped.

    Raises:
        ExpressionError: it is not Ion; says at which character.
    """
    return _Reader(text).values()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._kind = ""
        self._value = ""
        self._depth = 0
        self._next()

    def _fail(self) -> ExpressionError:
        return ExpressionError(f"The text is not Ion at character {self._at + 1}.")

    def _next(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space is not None else self._at
        if self._at >= len(self._text):
            self._kind, self._value = "end", ""
            return
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise self._fail()
        self._kind, self._value = found.lastgroup or "", found.group()
        self._at = found.end()

    def _accept(self, mark: str) -> bool:
        if self._kind == "mark" and self._value == mark:
            self._next()
            return True
        return False

    def values(self) -> list[Value]:
        found: list[Value] = []
        while self._kind != "end":
            found.append(self._read())
        return found

    def _read(self) -> Value:
        self._depth += 1
        if self._depth > _NESTING:
            raise self._fail()
        try:
            return self._one()
        finally:
            self._depth -= 1

    def _one(self) -> Value:
        kind, value = self._kind, self._value
        if kind == "mark":
            self._next()
            if value == "[":
                return self._list("]", comma=True)
            if value == "(":
                return self._list(")", comma=False)
            if value == "{":
                return self._struct()
            raise self._fail()
        if kind == "end":
            raise self._fail()
        self._next()
        if kind in {"symbol", "quoted"} and self._kind == "mark" and self._value == ":":
            # `type::value`: an annotation says nothing to an expression.
            self._next()
            if not self._accept(":"):
                raise self._fail()
            return self._one()
        if kind == "long":
            while self._kind == "long":
                value += self._value
                self._next()
            return "".join(
                _unescaped(part[3:-3]) for part in re.findall(r"'''.*?'''", value, re.DOTALL)
            )
        return _SCALARS[kind](value)

    def _list(self, end: str, *, comma: bool) -> Value:
        items: list[Value] = []
        while not self._accept(end):
            items.append(self._read())
            if comma and not self._accept(",") and self._value != end:
                raise self._fail()
        return items

    def _struct(self) -> Value:
        fields: dict[str, Value] = {}
        while not self._accept("}"):
            kind, name = self._kind, self._value
            if kind not in {"string", "quoted", "symbol"}:
                raise self._fail()
            self._next()
            if not self._accept(":"):
                raise self._fail()
            key = name if kind == "symbol" else _unescaped(name[1:-1])
            fields[key] = self._read()
            if not self._accept(",") and self._value != "}":
                raise self._fail()
        return fields


def _unescaped(text: str) -> str:
    def plain(found: re.Match[str]) -> str:
        code = found.group(1)
        if len(code) > 1 and code[0] in "xuU":
            return chr(int(code[1:], 16))
        return "" if code.endswith("\n") else _ESCAPED.get(code, code)

    return _ESCAPE.sub(plain, text)


def _number(text: str) -> Value:
    plain = text.replace("_", "").lower()
    if "inf" in plain:
        return None
    if plain.lstrip("+-").startswith(("0x", "0b")):
        return int(plain, 0)
    if set(plain) & set(".ed"):
        return float(plain.replace("d", "e"))
    return int(plain)


def _symbol(text: str) -> Value:
    if text == "null" or text.startswith("null."):
        return None
    return _WORDS.get(text, text)


_SCALARS: Mapping[str, Callable[[str], Value]] = {
    "string": lambda text: _unescaped(text[1:-1]),
    "quoted": lambda text: _unescaped(text[1:-1]),
    "time": lambda text: text,
    "number": _number,
    "symbol": _symbol,
}


def write_ion(value: Value, limits: Limits) -> str:
    """The value as Ion text on one line."""
    limits.check_size(weigh(value))
    return _written(value)


def _written(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value!r}e0" if "e" not in repr(value) else repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_name(key)}:{_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(to_text(value), ensure_ascii=False)


def _name(key: str) -> str:
    if _PLAIN.fullmatch(key) and key not in _KEYWORDS:
        return key
    quoted = key.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{quoted}'"
