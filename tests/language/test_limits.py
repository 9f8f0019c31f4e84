"""A large text, all of it wrong, costs time in proportion and gives a list for reading."""

import time

import pytest

from penstock.language.found import MOST_PROBLEMS
from penstock.language.parse import parse

HEAD = "id: a\nnamespace: b\n"
SIZE = 256 * 1024


MOST = 22_000


def fill(make):
    """Lines up to a quarter of what the server takes: enough for anything quadratic to show."""
    lines, size = [], 0
    while size < SIZE and len(lines) < MOST:
        lines.append(make(len(lines)))
        size += len(lines[-1])
    return "".join(lines)


TEXTS = {
    "same id": HEAD + "tasks:\n" + fill(lambda _: "- {id: t, type: test.Echo, text: x}\n"),
    "unknown types": HEAD + "tasks:\n" + fill(lambda i: f"- {{id: t{i}, type: test.Ecko{i}}}\n"),
    "unknown properties": HEAD + fill(lambda i: f"descriptio{i}: x\n"),
    "unknown properties of a task": HEAD
    + "tasks:\n- id: t\n  type: test.Echo\n"
    + fill(lambda i: f"  tex{i}: x\n"),
    "unknown references": HEAD
    + "tasks:\n"
    + fill(lambda i: f"- {{id: t-{i}, type: test.Echo, text: '{{{{ outputs.u{i} }}}}'}}\n"),
    "references in one text": HEAD
    + "tasks:\n- id: t\n  type: test.Echo\n  text: |\n"
    + fill(lambda i: f"    {{{{ outputs.u{i} }}}}\n")[: SIZE // 4],
    "broken expressions": HEAD
    + "tasks:\n"
    + fill(lambda i: f"- {{id: t{i}, type: test.Echo, text: '{{{{ ) {i} }}}}'}}\n"),
    "same key": HEAD + fill(lambda _: "x: 1\n"),
    "wrong labels": HEAD + "labels:\n" + fill(lambda i: f"  A{i}: ''\n"),
    "wrong values": HEAD + "tasks:\n- id: t\n  type: test.Echo\n  text: x\n  tags:\n" + fill(lambda _: "  - {}\n"),
    "numbers as texts": HEAD + "tasks:\n- id: t\n  type: test.Echo\n  text: x\n  tags:\n" + fill(lambda _: "  - 1.10\n"),
    "brackets": HEAD + "x: " + "[" * SIZE,
    "quotes": HEAD + "x: " + "'" * SIZE,
    "aliases": HEAD + "x: &x 1\ny: [" + fill(lambda _: "*x,") + "]",
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_the_worst_texts_are_bounded(name, catalog):
    began = time.process_time()
    parsed = parse(TEXTS[name], catalog)
    assert time.process_time() - began < 5
    assert parsed.ok == (not any(problem.is_error for problem in parsed.problems))
    assert len(parsed.problems) <= MOST_PROBLEMS
