from __future__ import annotations

import io
import re
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.sdk.ion import NotIon, parse_ion
from penstock.sdk.records import NoRecords, Splitting, records, rows, size_of, split


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{name:"Ada", born: 1815}', {"name": "Ada", "born": 1815}),
        ("{'a b': null.string, c: [1, 2.5, 3d2,],}", {"a b": None, "c": [1, 2.5, 300.0]}),
        ("{d: 2024-01-31, t: 2024-01-31T10:00:00.5Z, y: 2024T}", None),
        ("unit::{kg: 5}", {"kg": 5}),
        ("'''one''' \n '''two'''", "onetwo"),
        ("[true, false, nan, symbol, -inf]", [True, False, None, "symbol", None]),
        (r'"a\n\x41\u00e4\U0001F600\"' + '"', 'a\nAä😀"'),
        ("{a: /* said */ 1 // more\n}", {"a": 1}),
        ("1_000", 1000),
        ("{}", {}),
        ('""', ""),
    ],
)
def test_ion_is_read_where_json_has_a_word_for_it(text: str, value: object) -> None:
    if value is None:
        value = {"d": "2024-01-31", "t": "2024-01-31T10:00:00.5Z", "y": "2024T"}
    assert parse_ion(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{aGVsbG8=}}", "a blob"),
        ("(a b)", "column 1 needs a value"),
        ("{a 1}", "column 4 needs ':'"),
        ("[1 2]", "column 4 needs ',' or ']'"),
        ("{a: 1", "there stands the end"),
        ("1 2", "stands behind the value, at column 3"),
        ("", "a value"),
        ("[" * 200, "nested more than 100 deep"),
        ("'''x", "the end of a text"),
    ],
)
def test_what_is_no_ion_is_told_with_its_column(text: str, words: str) -> None:
    with pytest.raises(NotIon, match=re.escape(words)):
        parse_ion(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
        max_leaves=8,
    )
)
def test_all_json_is_ion(value: object) -> None:
    assert parse_ion(orjson.dumps(value).decode()) == value


@given(st.lists(st.text("ab\n;", max_size=6)), st.sampled_from(["\n", ";;", "ab"]))
def test_rows_are_what_a_split_of_the_whole_gives(parts: list[str], separator: str) -> None:
    whole = separator.join(parts)
    expected = whole.split(separator)
    if not expected[-1]:
        expected.pop()
    assert [row.decode() for row in rows(_Dribble(whole.encode()), separator)] == expected


class _Dribble(io.BytesIO):
    """Gives three bytes at a time, so that separators come in pieces."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(3 if size else 0)


def test_records_are_lines_of_json_or_ion() -> None:
    source = io.BytesIO(b'{"a":  1}\n\n{a: 2}\r\n"text"\n7')
    found = list(records(source))
    assert [each.value for each in found] == [{"a": 1}, {"a": 2}, "text", 7]
    assert [each.line for each in found] == [b'{"a":  1}', b'{"a":2}', b'"text"', b"7"]


def test_a_line_that_is_no_record_is_named() -> None:
    with pytest.raises(NoRecords, match="Line 2 of the file is no record"):
        list(records(io.BytesIO(b'{"a": 1}\n{"a": \n')))
    with pytest.raises(NoRecords, match="not UTF-8"):
        list(records(io.BytesIO(b"\xff\xfe")))


def contents(source: bytes, folder: Path, how: Splitting) -> list[bytes]:
    return [path.read_bytes() for path in split(io.BytesIO(source), folder, how)]


def test_split_by_rows_partitions_size_and_pattern(tmp_path: Path) -> None:
    text = b"a1\nb2\na3\nc4\nb5"
    for number, (how, expected) in enumerate(
        [
            (Splitting(rows=2), [b"a1\nb2\n", b"a3\nc4\n", b"b5\n"]),
            (Splitting(partitions=2), [b"a1\na3\nb5\n", b"b2\nc4\n"]),
            (Splitting(partitions=9), [b"a1\n", b"b2\n", b"a3\n", b"c4\n", b"b5\n"]),
            (Splitting(size=6), [b"a1\nb2\n", b"a3\nc4\n", b"b5\n"]),
            (Splitting(size=1), [b"a1\n", b"b2\n", b"a3\n", b"c4\n", b"b5\n"]),
            (Splitting(pattern="^([ab])"), [b"a1\na3\n", b"b2\nb5\n"]),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert contents(text, folder, how) == expected


def test_a_split_of_nothing_gives_no_file(tmp_path: Path) -> None:
    assert contents(b"", tmp_path, Splitting(rows=2)) == []


def test_more_files_than_may_be_open(tmp_path: Path) -> None:
    text = b"".join(b"%d\n" % (number % 250) for number in range(750))
    found = contents(text, tmp_path, Splitting(pattern="(.*)"))
    assert len(found) == 250
    assert all(len(each.split()) == 3 for each in found)


@pytest.mark.parametrize(
    "how",
    [
        Splitting(),
        Splitting(rows=1, partitions=2),
        Splitting(rows=0),
        Splitting(pattern="("),
        Splitting(pattern="a"),
        Splitting(rows=1, separator=""),
    ],
)
def test_a_split_that_says_nothing_sensible_is_refused(tmp_path: Path, how: Splitting) -> None:
    with pytest.raises(NoRecords):
        split(io.BytesIO(b"a"), tmp_path, how)


def test_sizes() -> None:
    assert [size_of(text) for text in ("10", "2KB", "1 MB", "1GiB", "3k")] == [
        10,
        2048,
        2**20,
        2**30,
        3 * 1024,
    ]
    for text in ("", "0MB", "ten", "-1", "5 apples"):
        with pytest.raises(NoRecords):
            size_of(text)


def test_a_pattern_that_could_take_forever_is_refused(tmp_path: Path) -> None:
    row = b"a" * 64
    for pattern in ("((a+)+)$", "(" + "a*" * 12 + ")b"):
        with pytest.raises(NoRecords, match="could take"):
            contents(row, tmp_path, Splitting(pattern=pattern))


def test_rows_that_are_no_text_are_split_by_a_pattern_too(tmp_path: Path) -> None:
    text = b"a\xff\xfe1\nb2\na\xff\xfe3\n"
    assert contents(text, tmp_path, Splitting(pattern="^([ab])")) == [
        b"a\xff\xfe1\na\xff\xfe3\n",
        b"b2\n",
    ]
