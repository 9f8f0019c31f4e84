"""Reads Ion text as far as JSON has a word for it: the rows that older data sets consist of."""

from __future__ import annotations

import re
from collections.abc import Callable

import orjson

from penstock.model.frozen import Json

_SPACE = re.compile(r"(?:\s|,(?=\s*[}\]])|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_QUOTED = re.compile(r"'((?:[^'\\\n]|\\.)*)'(?!')")
_LONG = re.compile(r"'''((?:[^'\\]|\\.|'(?!''))*)'''", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_NULL = re.compile(r"null(?:\.[a-z]+)?(?![\w$])")
_MOMENT = re.compile(
    r"\d{4}-\d{2}(?:-\d{2})?(?:T(?:\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?)?|\d{4}T"
)
_NUMBER = re.compile(r"[+-]?\d[\d_]*(?:\.[\d_]*)?(?:[eEdD][+-]?\d+)?|nan(?!\w)|[+-]inf(?!\w)")
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\n)|(.))", re.DOTALL
)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_DEEPEST = 100


class NotIon(ValueError):
    """A text that is no Ion, or that has a value for which JSON has no word."""


def parse_ion(text: str) -> Json:
    """One Ion value as JSON. Symbols and timestamps become texts, decimals numbers.

    Raises:
        NotIon: with what stands where.
    """
    value, end = _Reader(text).value(0, 0)
    end = _after_space(text, end)
    if end != len(text):
        raise NotIon(f"'{text[end : end + 20]}' stands behind the value, at column {end + 1}")
    return value


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text

    def value(self, at: int, depth: int) -> tuple[Json, int]:
        if depth > _DEEPEST:
            raise NotIon(f"it is nested more than {_DEEPEST} deep")
        at = self._after_annotations(_after_space(self._text, at))
        if self._text.startswith("{{", at):
            raise NotIon(f"column {at + 1} holds a blob, for which JSON has no word")
        opening = self._text[at : at + 1]
        if opening == "{":
            return self._struct(at + 1, depth)
        if opening == "[":
            return self._list(at + 1, depth)
        return self._scalar(at)

    def _after_annotations(self, at: int) -> int:
        while True:
            found = _NAME.match(self._text, at) or _QUOTED.match(self._text, at)
            if found is None:
                return at
            end = _after_space(self._text, found.end())
            if not self._text.startswith("::", end):
                return at
            at = _after_space(self._text, end + 2)

    def _struct(self, at: int, depth: int) -> tuple[Json, int]:
        found: dict[str, Json] = {}

        def member(start: int) -> int:
            name, end = self._field(start)
            found[name], end = self.value(end, depth + 1)
            return end

        return found, self._members(at, "}", member)

    def _list(self, at: int, depth: int) -> tuple[Json, int]:
        found: list[Json] = []

        def member(start: int) -> int:
            item, end = self.value(start, depth + 1)
            found.append(item)
            return end

        return found, self._members(at, "]", member)

    def _members(self, at: int, closing: str, member: Callable[[int], int]) -> int:
        at = _after_space(self._text, at)
        while not self._text.startswith(closing, at):
            at = _after_space(self._text, member(at))
            if self._text.startswith(",", at):
                at = _after_space(self._text, at + 1)
            elif not self._text.startswith(closing, at):
                raise self._wrong(at, f"',' or '{closing}'")
        return at + 1

    def _field(self, at: int) -> tuple[str, int]:
        for pattern in (_LONG, _STRING, _QUOTED):
            found = pattern.match(self._text, at)
            if found is not None:
                name = _unescaped(found[1])
                break
        else:
            found = _NAME.match(self._text, at)
            if found is None:
                raise self._wrong(at, "a field's name")
            name = found[0]
        end = _after_space(self._text, found.end())
        if not self._text.startswith(":", end):
            raise self._wrong(end, "':'")
        return name, end + 1

    def _scalar(self, at: int) -> tuple[Json, int]:
        if self._text.startswith("'''", at):
            return self._long(at)
        for pattern, made in _SCALARS:
            found = pattern.match(self._text, at)
            if found is not None:
                return made(found), found.end()
        raise self._wrong(at, "a value")

    def _long(self, at: int) -> tuple[Json, int]:
        """Long strings that follow each other are one."""
        parts: list[str] = []
        end = at
        while (found := _LONG.match(self._text, _after_space(self._text, end))) is not None:
            parts.append(_unescaped(found[1]))
            end = found.end()
        if not parts:
            raise self._wrong(at, "the end of a text")
        return "".join(parts), end

    def _wrong(self, at: int, wanted: str) -> NotIon:
        stands = self._text[at : at + 20] or "the end"
        return NotIon(f"column {at + 1} needs {wanted}; there stands {stands}")


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text

    def one(found: re.Match[str]) -> str:
        code = found[1] or found[2] or found[3]
        if code:
            return chr(int(code, 16))
        return "" if found[4] else _ESCAPED.get(found[5], found[5])

    return _ESCAPE.sub(one, text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _number(found: re.Match[str]) -> Json:
    text = found[0].replace("_", "").lower().replace("d", "e")
    if text.lstrip("+-").isdigit():
        return int(text)
    number = float(text)
    # JSON has neither: what cannot be said is null.
    return number if abs(number) < float("inf") else None


def _symbol(found: re.Match[str]) -> Json:
    return {"true": True, "false": False}.get(found[0], found[0])


_SCALARS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Json]], ...] = (
    (_STRING, lambda found: _unescaped(found[1])),
    (_QUOTED, lambda found: _unescaped(found[1])),
    (_NULL, lambda _: None),
    (_MOMENT, lambda found: found[0]),
    (_NUMBER, _number),
    (_NAME, _symbol),
)


def parse_row(text: bytes) -> Json:
    """One row of a file of records: JSON, or Ion where it is no JSON. Raises `NotIon`."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            return parse_ion(text.decode())
        except UnicodeDecodeError:
            raise NotIon("it is not UTF-8") from None
