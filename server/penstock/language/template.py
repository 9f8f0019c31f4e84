"""Finds the expressions in a document and points into them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from penstock.expression import ExpressionError, Template, compile_template
from penstock.language.defaults import KEYS
from penstock.language.found import MOST_PROBLEMS
from penstock.language.node import Node, Path, Place, path_text
from penstock.model.dynamic import contains_expression
from penstock.model.problem import Problem, Severity

PROSE = frozenset({"description", "displayName", "validator"})
"""Keys of tasks, triggers, inputs and flows whose text is never rendered."""
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r\n|.|\n)", re.DOTALL)
_INVISIBLE_ESCAPES = frozenset("ntrvfbae0NLP_ \t\n\r")


@dataclass(frozen=True, slots=True)
class Text:
    """A text with expressions, and where it stands."""

    path: Path
    node: Node
    template: Template

    @property
    def source(self) -> str:
        """The text itself."""
        return self.template.text


class Texts:
    """All texts with expressions of a document, compiled; what does not compile is a problem."""

    def __init__(self, source: str) -> None:
        self.found: list[Text] = []
        self.problems: list[Problem] = []
        self._source = source
        self._seen: set[int] = set()

    def collect(self, root: Node) -> None:
        """Compiles every text that may be rendered; defaults where they have been put."""
        if isinstance(root.children, dict):
            children = {key: each for key, each in root.children.items() if key not in KEYS}
            root = Node(None, root.event, children, root.end)
        self._walk(root, (), has_prose=True)

    def problem(
        self,
        text: Text,
        offset: int,
        message: str,
        *,
        code: str,
        hint: str | None,
        severity: Severity = Severity.ERROR,
    ) -> Problem:
        """A problem at an offset of a text."""
        line, column = place_within(self._source, text.node, offset)
        return Problem(
            message,
            path=path_text(text.path),
            line=line,
            column=column,
            code=code,
            hint=hint,
            severity=severity,
        )

    def _walk(self, node: Node, path: Path, *, has_prose: bool) -> None:
        children = node.children
        if isinstance(children, dict):
            prose = has_prose or "type" in children
            for key, (_, child) in children.items():
                if child.children is not None:
                    self._walk(child, (*path, key), has_prose=False)
                elif isinstance(child.value, str) and not (prose and key in PROSE):
                    self._text(child, child.value, (*path, key))
        elif children is not None:
            for index, child in enumerate(children):
                if child.children is not None:
                    self._walk(child, (*path, index), has_prose=False)
                elif isinstance(child.value, str):
                    self._text(child, child.value, (*path, index))

    def _text(self, node: Node, value: str, path: Path) -> None:
        if not contains_expression(value) or id(node) in self._seen:
            return
        self._seen.add(id(node))
        try:
            self.found.append(Text(path, node, compile_template(value)))
        except ExpressionError as error:
            if len(self.problems) >= MOST_PROBLEMS:
                return
            # Variables are rendered only where somebody asks for it; they may be any text.
            severity = Severity.WARNING if path[0] == "variables" else Severity.ERROR
            line, column = place_within(self._source, node, error.offset or 0)
            self.problems.append(
                Problem(
                    error.message,
                    path=path_text(path),
                    line=line,
                    column=column,
                    code="invalid-expression",
                    hint=error.hint or _hint(error),
                    severity=severity,
                )
            )


def _hint(error: ExpressionError) -> str | None:
    # Only a text that is no expression at all may have been meant as plain text.
    is_name = error.message.startswith("There is no ")
    if "cannot close" in error.message:
        return "Close what was opened before it first."
    return None if is_name else "To keep braces as text, write `{% raw %}…{% endraw %}`."


def place_within(source: str, node: Node, offset: int) -> Place:
    """Where the character at an offset of a scalar's value stands in the text.

    Block scalars, folding and quotes change white space but keep the order of visible characters,
    so the n-th visible character of the value is the n-th one of the written scalar.
    """
    value = node.value if isinstance(node.value, str) else ""
    offset = min(offset, max(len(value) - 1, 0))
    visible = sum(not character.isspace() for character in value[:offset])
    index = None
    for count, at in enumerate(_visible(source, node)):
        if count == visible:
            index = at
            break
    if index is None:
        return node.place
    line_start = source.rfind("\n", 0, index) + 1
    return Place(source.count("\n", 0, index) + 1, index - line_start + 1)


def _visible(source: str, node: Node) -> Iterator[int]:
    """Indexes in the text of the visible characters of a scalar, in order."""
    style = getattr(node.event, "style", None)
    at, end = node.event.start_mark.index, node.end
    if style in ("'", '"'):
        at, end = source.index(style, at) + 1, end - 1
    elif style in ("|", ">"):
        # An anchor or tag may stand before the indicator.
        at = source.index("\n", source.index(style, at))
    while at < end:
        character = source[at]
        if style == '"' and character == "\\":
            found = _ESCAPE.match(source, at)
            if found is not None:
                if found.group()[1] not in _INVISIBLE_ESCAPES:
                    yield at
                at = found.end()
                continue
        if style == "'" and source.startswith("''", at):
            yield at
            at += 2
            continue
        if not character.isspace():
            yield at
        at += 1
