"""Says in our words why a text is no YAML, where, and how to mend it."""

from __future__ import annotations

import re
from typing import NamedTuple

import yaml

from penstock.model.problem import Problem


class _Rule(NamedTuple):
    found: str
    """Part of the parser's message."""
    message: str
    hint: str
    at_start: bool = False
    """The place is where the unfinished thing begins, not where the text ran out."""


_RULES = (
    _Rule(
        "mapping values are not allowed",
        "A `:` stands where no key can be.",
        "Put a text that contains `: ` in quotes, and align this line with its neighbours.",
    ),
    _Rule(
        "could not find expected ':'",
        "This line is neither a `key: value` nor part of the value above it.",
        "Write `key: value` with a space after the colon, or indent the line below its key.",
        at_start=True,
    ),
    _Rule(
        "block sequence entries are not allowed",
        "A list item `- ` stands where no list can begin.",
        "Put the first `- ` on a line of its own below the key.",
    ),
    _Rule(
        "did not find expected '-' indicator",
        "This line is indented like the list above it, but is no item of it.",
        "Begin it with `- `, or indent it like the keys of the item above.",
    ),
    _Rule(
        "did not find expected key",
        "This line does not line up with the keys above it.",
        "Indent all keys of one mapping by the same number of spaces.",
    ),
    _Rule(
        "found unexpected end of stream",
        "The quoted text that begins here is never closed.",
        "Close it with the same quote.",
        at_start=True,
    ),
    _Rule(
        "found unexpected document indicator",
        "The quoted text that begins here is not closed before the document ends.",
        "Close it with the same quote.",
        at_start=True,
    ),
    _Rule(
        "did not find expected ',' or '}'",
        "The `{` that begins here is not closed, or a comma is missing in it.",
        "Close it with `}`; put a text that begins with `{` in quotes.",
        at_start=True,
    ),
    _Rule(
        "did not find expected ',' or ']'",
        "The `[` that begins here is not closed, or a comma is missing in it.",
        "Close it with `]`; put a text that begins with `[` in quotes.",
        at_start=True,
    ),
    _Rule(
        "found unknown escape character",
        "A backslash in double quotes begins an escape that does not exist.",
        "Write `\\\\` for a backslash, or use single quotes.",
    ),
    _Rule(
        "did not find expected hexdecimal number",
        "The escape in double quotes needs hexadecimal digits.",
        "Write `\\\\` for a backslash, or use single quotes.",
    ),
    _Rule(
        "did not find expected comment or line break",
        "Text follows `|` or `>` on the same line.",
        "Begin the text on the next line, indented below its key.",
    ),
    _Rule(
        "did not find expected <document start>",
        "The document has ended before this line, yet there is more text.",
        "Indent the line, or remove it.",
    ),
    _Rule(
        "did not find expected alphabetic or numeric character",
        "A `*` or `&` begins an alias or anchor, but no name follows.",
        "Put a text that begins with `*` or `&` in quotes.",
    ),
    _Rule(
        "found undefined tag handle",
        "A `!` begins a tag that does not exist.",
        "Put a text that begins with `!` in quotes.",
    ),
    _Rule(
        "did not find the expected",
        "A `!` begins a tag that cannot be read.",
        "Put a text that begins with `!` in quotes.",
    ),
    _Rule(
        "found incompatible YAML document",
        "The document asks for a version of YAML that does not exist.",
        "Remove the `%YAML` line.",
    ),
    _Rule(
        "found a tab character",
        "A tab stands where only spaces may indent.",
        "Replace tabs by spaces.",
    ),
)

_NO_SPACE = re.compile(r"\s*(?:- +)*([A-Za-z_][\w-]*):[^\s:/]")
_EXPRESSION = re.compile(r"^\s*(?:- +)*(?:[\w.-]+: +)?(\{\{|\{%)")


def explain(error: yaml.MarkedYAMLError, source: str) -> Problem:
    """The problem that a YAML error means."""
    mark = error.problem_mark or error.context_mark
    text = error.problem or ""
    line, column, index = (mark.line, mark.column, mark.index) if mark else (0, 0, 0)
    written = source.split("\n")[line : line + 1]
    expression = _EXPRESSION.match(written[0]) if written else None
    if expression is not None and "tab" not in text:
        return _problem(
            "An expression begins a value without quotes; YAML reads `{` as a mapping.",
            'Put the whole value in quotes: "{{ … }}".',
            line,
            expression.start(1),
        )
    if "cannot start any token" in text:
        return _no_token(source[index : index + 1], line, column)
    if error.context and "scanning a block scalar" in error.context and "\t" in source[index:][:1]:
        return _problem(
            "A tab stands where only spaces may indent.", "Replace tabs by spaces.", line, column
        )
    joined = _joined(source, line) if "mapping values" in text else None
    if joined is not None:
        return joined
    for rule in _RULES:
        if rule.found in text:
            start = error.context_mark if rule.at_start else None
            if start is not None:
                line, column = start.line, start.column
            return _problem(rule.message, rule.hint, line, column)
    return _problem(
        "The text is no YAML from here on.",
        "Check the indentation, quotes and brackets of this line and the one above.",
        line,
        column,
    )


def _joined(source: str, line: int) -> Problem | None:
    """A key above whose colon has no space behind it, so that YAML reads a text over two lines."""
    above = next((at for at in range(line - 1, -1, -1) if source.split("\n")[at].strip()), None)
    if above is None:
        return None
    found = _NO_SPACE.match(source.split("\n")[above])
    if found is None:
        return None
    return _problem(
        f"There is no space after the colon of `{found[1]}`.",
        f"Write `{found[1]}: …`.",
        above,
        found.end(1),
    )


def _no_token(character: str, line: int, column: int) -> Problem:
    if character == "\t":
        return _problem(
            "A tab stands where only spaces may indent.", "Replace tabs by spaces.", line, column
        )
    return _problem(
        f"A text cannot begin with `{character}`.", "Put the text in quotes.", line, column
    )


def _problem(message: str, hint: str, line: int, column: int) -> Problem:
    return Problem(message, line=line + 1, column=column + 1, code="yaml-syntax", hint=hint)
