"""Values and places of YAML texts."""

import time

import pytest

from penstock.language.node import path_text
from penstock.language.yaml import read

SCALARS = [
    ("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False),
    ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"), ("N", "N"),
    ("null", None), ("Null", None), ("~", None), ("nil", "nil"),
    ("0", 0), ("-0", 0), ("7", 7), ("+7", 7), ("-7", -7), ("010", "010"), ("0o17", 15),
    ("0x1F", 31), ("0b1", "0b1"), ("1_000", "1_000"), ("12:30", "12:30"), ("12:30:45", "12:30:45"),
    ("9223372036854775807", 2**63 - 1), ("9223372036854775808", "9223372036854775808"),
    ("1" * 5000, "1" * 5000),
    ("0.5", 0.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("-1.5E-2", -0.015), ("00.5", "00.5"),
    ("1.2.3", "1.2.3"), ("1e999", "1e999"), (".inf", ".inf"), (".nan", ".nan"),
    ("2026-01-31", "2026-01-31"), ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z"),
    ("'5'", "5"), ('"true"', "true"), ("!!str 5", "5"), ("!!int 5", 5), ("a b", "a b"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SCALARS, ids=lambda v: str(v)[:20])
def test_scalars_follow_the_core_schema(text, value):
    root = read(f"a: {text}\n").root
    assert root.value == {"a": value}
    assert type(root.value["a"]) is type(value)


def test_block_scalars_and_collections():
    text = "a: |\n  x\n   y\nb: >-\n  x\n  y\nc: [1, {d: e}]\n"
    assert read(text).root.value == {"a": "x\n y\n", "b": "x y", "c": [1, {"d": "e"}]}


def test_keys_are_texts():
    assert read("1: a\ntrue: b\n~: c\n1.10: d\n").root.value == {
        "1": "a", "true": "b", "~": "c", "1.10": "d",
    }  # fmt: skip


def test_anchors_aliases_and_merge_keys():
    text = """
base: &base {retries: 3, wait: 1}
more: &more {wait: 2, mode: fast}
one: {<<: *base, wait: 9}
two:
  <<: [*base, *more]
  own: true
again: *base
"""
    value = read(text).root.value
    assert value["one"] == {"wait": 9, "retries": 3}
    assert value["two"] == {"own": True, "retries": 3, "wait": 1, "mode": "fast"}
    assert value["again"] == {"retries": 3, "wait": 1}


def test_a_quoted_merge_key_is_a_key():
    assert read("'<<': {a: 1}").root.value == {"<<": {"a": 1}}


@pytest.mark.parametrize(
    ("steps", "place"),
    [
        (("id",), (2, 5)),
        (("tasks",), (4, 3)),
        (("tasks", 0), (4, 5)),
        (("tasks", 0, "message"), (5, 14)),
        (("tasks", 1, "items", 1), (7, 16)),
        (("tasks", 1, "map", "k"), (8, 14)),
    ],
)
def test_places(steps, place):
    node = read(
        "# comment\nid: x\ntasks:\n  - id: a\n    message: 'é'\n"
        "  - id: b\n    items: [1, 2]\n    map: {k: v}\n"
    ).root
    for step in steps:
        node = node.child(step)
    assert tuple(node.place) == place


def test_places_of_keys():
    root = read("a: 1\nbeta:   2\n").root
    assert tuple(root.key_place("beta")) == (2, 1)
    assert tuple(root.key_place("absent")) == (1, 1)


def test_byte_order_mark_and_crlf():
    document = read("\ufeffa: 1\r\nb: x\r\n")
    assert document.root.value == {"a": 1, "b": "x"}
    assert tuple(document.root.child("b").place) == (2, 4)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("tasks", 2, "then", 0, "message"), "tasks[2].then[0].message"),
        ((), ""),
        (("labels", "a.b"), 'labels["a.b"]'),
        (("x-y",), "x-y"),
        (("vars", "1"), 'vars["1"]'),
    ],
)
def test_path_text(path, text):
    assert path_text(path) == text


ERRORS = [
    ("a: 1\n\tb: 2\n", 2, 1, "tab"),
    ("a: b: c\n", 1, 5, "`:`"),
    ("a: 'x\nb: 1\n", 1, 4, "quoted text"),
    ('a: "x\n', 1, 4, "quoted text"),
    ("a: [1, 2\nb: 3\n", 1, 4, "`[`"),
    ("a: {b: 1\n", 1, 4, "`{`"),
    ('a: "\\d"\n', 1, 5, "escape"),
    ('a: "\\xZZ"\n', 1, 7, "hexadecimal"),
    ("a: @x\n", 1, 4, "`@`"),
    ("a: `x`\n", 1, 4, "```"),
    ("a: %x\n", 1, 4, "`%`"),
    ("a: - b\n", 1, 4, "list item"),
    ("a:\n  - x: 1\n   y: 2\n", 3, 4, "indented"),
    ("a:\n    b: 1\n  c: 2\n", 3, 3, "line up"),
    ("a: |x\n  b\n", 1, 5, "`|`"),
    ("a: *\n", 1, 5, "alias"),
    ("a: !x!y z\n", 1, 4, "tag"),
    ("a: 1\n--- b\n", 2, 1, "second document"),
    ("a: 1\n...\nb: 2\n", 3, 1, "ended"),
    ("%YAML 3.0\n---\na: 1\n", 1, 1, "version"),
    ("a: 1\nb\n", 2, 1, "neither"),
    ("a: {{ x }}\n", 1, 4, "quotes"),
    ("a: {{ x }} y\n", 1, 4, "quotes"),
    ("- {{ x }} y\n", 1, 3, "quotes"),
    ("a: {% if x %}\n", 1, 4, "quotes"),
    ("a: 1\nb: 2\na: 3\n", 3, 1, "twice"),
    ("a: *b\n", 1, 4, "`*b`"),
    ("a: &a [*a]\n", 1, 8, "`*a`"),
    ("a: !x y\n", 1, 4, "`!x`"),
    ("a: !x {b: c}\n", 1, 4, "`!x`"),
    ("<<: 1\n", 1, 1, "merge key"),
    ("? [a]\n: b\n", 1, 3, "key"),
    ("a: \x01\n", 1, 4, "U+0001"),
    ("é: \ud800\n", 1, 4, "U+D800"),
]


@pytest.mark.parametrize(("text", "line", "column", "word"), ERRORS, ids=lambda v: repr(v)[:24])
def test_errors_have_place_cause_and_cure(text, line, column, word):
    problem = read(text).problems[0]
    assert (problem.line, problem.column) == (line, column)
    assert word in problem.message
    assert problem.hint
    assert problem.code.startswith(("yaml", "duplicate-key"))


def test_a_bomb_of_aliases_is_refused_at_once():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    began = time.process_time()
    document = read("\n".join(lines))
    assert document.root is None
    assert document.problems[0].code == "yaml-limit"
    assert time.process_time() - began < 1


def test_a_bomb_of_merge_keys_is_refused():
    lines = ["a0: &a0 {k: [x, x, x, x, x, x, x, x, x]}"]
    lines += [f"a{i}: &a{i} {{<<: *a{i - 1}, x: *a{i - 1}, y: *a{i - 1}}}" for i in range(1, 40)]
    assert read("\n".join(lines)).problems[0].code == "yaml-limit"


@pytest.mark.parametrize("text", ["[" * 200, "{a: " * 200, "- " * 200, "[" * 100_000])
def test_depth_is_bounded(text):
    assert read(text).problems
