"""Files of records: rows that are read, and split, one at a time.

A record is a line of JSON (JSON Lines); a row of Ion text is read where JSON has a word for what
it says. Nothing here holds a whole file in memory.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

import orjson

from penstock.errors import InvalidObject
from penstock.expression.error import ExpressionError
from penstock.expression.filter.regex import safe_pattern
from penstock.model.frozen import Json
from penstock.sdk.ion import NotIon, parse_row

_CHUNK = 256 * 1024
_LONGEST_ROW = 64 * 1024 * 1024
_MOST_OPEN = 100
_UNITS = {"": 1, "b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40}
_SIZE = re.compile(r"\s*(\d+)\s*([kmgt]?i?b?)\s*", re.IGNORECASE)


class NoRecords(InvalidObject):
    """A file that does not consist of records, or cannot be split as asked."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row's value, and the row as a line of JSON without its end."""

    value: Json
    line: bytes


def rows(source: BinaryIO, separator: str = "\n") -> Iterator[bytes]:
    """The rows of a file without their separators; nothing follows a last separator."""
    end = separator.encode()
    if not end:
        raise NoRecords("The separator of rows must not be empty.")
    pending = bytearray()
    searched = 0
    while chunk := source.read(_CHUNK):
        pending += chunk
        start = 0
        # A separator may begin in what came before.
        found = pending.find(end, searched)
        while found >= 0:
            yield bytes(pending[start:found])
            start = found + len(end)
            found = pending.find(end, start)
        del pending[:start]
        searched = max(0, len(pending) - len(end) + 1)
        hold_row(len(pending))
    if pending:
        yield bytes(pending)


def hold_row(size: int) -> None:
    """Raises `NoRecords` when a row has more bytes than are kept in memory."""
    if size > _LONGEST_ROW:
        raise NoRecords(
            f"A row is longer than {_LONGEST_ROW // 2**20} MiB: the file has no rows, or "
            "another separator."
        )


def records(source: BinaryIO) -> Iterator[Record]:
    """The records of a file; blank lines are none. Raises `NoRecords` with the line's number."""
    for number, row in enumerate(rows(source), 1):
        text = row.strip()
        if not text:
            continue
        try:
            value = parse_row(text)
        except NotIon as error:
            raise NoRecords(
                f"Line {number} of the file is no record: {error}. Each line must be JSON."
            ) from None
        is_json = text[:1] in b'{["' and _is_json(text)
        yield Record(value, text if is_json else orjson.dumps(value))


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Splitting:
    """How a file becomes several; exactly one of `size`, `partitions`, `rows`, `pattern` counts.

    `size` is in bytes: a file ends before the row that would exceed it. Rows go to `partitions`
    files in turn. `pattern` puts rows with the same first group into the same file, and leaves
    out the rows that it does not match.
    """

    size: int | None = None
    partitions: int | None = None
    rows: int | None = None
    pattern: str | None = None
    separator: str = "\n"


def size_of(text: str) -> int:
    """The bytes that a text such as ``10MB`` names; a unit is 1,024 of the one below it."""
    found = _SIZE.fullmatch(text)
    unit = found[2].lower().replace("i", "") if found else ""
    unit = f"{unit}b" if unit in ("k", "m", "g", "t") else unit
    if found is None or unit not in _UNITS or int(found[1]) == 0:
        raise NoRecords(f"'{text}' is no size: write a number and a unit, such as 10MB.")
    return int(found[1]) * _UNITS[unit]


def split(source: BinaryIO, folder: Path, how: Splitting) -> list[Path]:
    """Writes the rows of `source` to files in `folder`; gives those that got any, in order."""
    group = _grouping(how)
    end = how.separator.encode()
    with _Pieces(folder) as pieces:
        for row in rows(source, how.separator):
            key = group(row)
            if key is not None:
                pieces.write(key, row + end)
        return pieces.paths


class _Grouping:
    """Says which file a row goes to; None for none."""

    def __init__(self, how: Splitting) -> None:
        self._how = how
        self._count = 0
        self._bytes = 0
        self._file = 0
        self._end = len(how.separator.encode())
        if how.pattern is not None and not _pattern(how.pattern, "").groups:
            raise NoRecords(
                f"The pattern '{how.pattern}' needs a group in parentheses: rows in which it "
                "matches the same text go to the same file."
            )

    def __call__(self, row: bytes) -> int | str | None:
        how = self._how
        if how.pattern is not None:
            text = row.decode(errors="surrogateescape")
            found = _pattern(how.pattern, text).search(text)
            return None if found is None else found[1]
        number = self._count
        self._count += 1
        if how.rows is not None:
            return number // how.rows
        if how.partitions is not None:
            return number % how.partitions
        size = len(row) + self._end
        if self._bytes and self._bytes + size > (how.size or 0):
            self._file += 1
            self._bytes = 0
        self._bytes += size
        return self._file


def _pattern(pattern: str, text: str) -> re.Pattern[str]:
    """The pattern, as expressions have it: none may take forever on a row."""
    try:
        return safe_pattern(pattern, text)
    except ExpressionError as error:
        raise NoRecords(str(error)) from None


def _grouping(how: Splitting) -> _Grouping:
    given = [how.size, how.partitions, how.rows, how.pattern]
    if sum(each is not None for each in given) != 1:
        raise NoRecords("Say how to split: one of bytes, partitions, rows or regexPattern.")
    if any(isinstance(each, int) and each < 1 for each in given):
        raise NoRecords("A file is split into parts of at least 1.")
    return _Grouping(how)


class _Pieces:
    """Files by key, few of them open at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: dict[int | str, Path] = {}
        self._open: OrderedDict[int | str, BinaryIO] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._open.values():
            file.close()

    @property
    def paths(self) -> list[Path]:
        return list(self._paths.values())

    def write(self, key: int | str, text: bytes) -> None:
        file = self._open.get(key)
        if file is None:
            name = f"part-{len(self._paths):06d}"
            path = self._paths.setdefault(key, self._folder / name)
            file = self._open[key] = path.open("ab")
            if len(self._open) > _MOST_OPEN:
                _, oldest = self._open.popitem(last=False)
                oldest.close()
        file.write(text)
