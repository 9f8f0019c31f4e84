"""YAML settings read with positions: every wrong value is named with file, line and column."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from penstock_cdktf.errors import InvalidFileError, Position, Problem, did_you_mean

type_names = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}
JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]

_LOADER: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCALARS = yaml.constructor.SafeConstructor()
_TAG = "tag:yaml.org,2002:"
_DEPTH = 64
# Beyond this a JavaScript library rounds; Terraform itself would not.
_EXACT_INTEGER = 2**53


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file under examination; findings gather in `problems`."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def at(self, node: yaml.Node) -> Position:
        """Returns where a node begins."""
        return Position(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def report(self, node: yaml.Node, message: str, *, hint: str | None = None) -> None:
        """Notes a finding at a node."""
        self.problems.append(Problem(self.at(node), message, hint))

    def finish(self) -> None:
        """Raises InvalidFileError when anything was found."""
        if self.problems:
            raise InvalidFileError(self.problems)


def compose(text: str, *, file: str) -> yaml.Node | None:
    """Parses one YAML document into nodes with positions.

    Raises:
        InvalidFileError: the text is not YAML, with the place where the parser stopped.
    """
    try:
        return yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Position(file, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1)
        what = error.problem or error.context or "it cannot be read"
        raise InvalidFileError([Problem(at, f"This is not YAML: {what}.")]) from None
    except yaml.YAMLError as error:
        what = str(error).splitlines()[0]
        raise InvalidFileError(
            [Problem(Position(file, 1, 1), f"This is not YAML: {what}.")]
        ) from None


def open_section(text: str, *, file: str, known: Sequence[str]) -> Section:
    """Reads a YAML file whose root is a mapping with the given keys."""
    document = Document(file)
    node = compose(text, file=file)
    if node is None:
        node = yaml.MappingNode(f"{_TAG}map", [], yaml.Mark(file, 0, 0, 0, None, 0))
    return Section(document, node, path="", known=known)


class Section:
    """One mapping of a document; reads its values by key and reports what is wrong."""

    def __init__(
        self, document: Document, node: yaml.Node, *, path: str, known: Sequence[str] | None
    ) -> None:
        self.document = document
        self.node = node
        self.path = path
        self._values: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        if not isinstance(node, yaml.MappingNode):
            document.report(node, f"{self._name()} must be a mapping of names to values.")
            return
        for key, value in node.value:
            self._keep(key, value, known)

    def _name(self, key: str | None = None) -> str:
        path = ".".join(part for part in (self.path, key) if part)
        return f"`{path}`" if path else "This file"

    def _keep(self, key: yaml.Node, value: yaml.Node, known: Sequence[str] | None) -> None:
        if not isinstance(key, yaml.ScalarNode):
            self.document.report(key, f"A name in {self._name()} must be plain text.")
        elif known is not None and key.value not in known:
            self.document.report(
                key, f"{self._name(key.value)} is unknown.", hint=did_you_mean(key.value, known)
            )
        elif key.value in self._values:
            self.document.report(key, f"{self._name(key.value)} is given twice.")
        else:
            self._values[key.value] = (key, value)

    @property
    def at(self) -> Position:
        """Where this mapping begins."""
        return self.document.at(self.node)

    def keys(self) -> tuple[str, ...]:
        """The names that are present, in the order of the file."""
        return tuple(self._values)

    def has(self, key: str) -> bool:
        """Whether the key is present, whatever its value."""
        return key in self._values

    def report(self, key: str | None, message: str, *, hint: str | None = None) -> None:
        """Notes a finding at the value of `key`, or at the mapping itself."""
        node = self._values[key][1] if key in self._values else self.node
        self.document.report(node, f"{self._name(key)}: {message}", hint=hint)

    def _scalar(self, key: str, kind: str, *, required: bool) -> yaml.ScalarNode | None:
        pair = self._values.get(key)
        if pair is None or pair[1].tag == f"{_TAG}null":
            if required:
                self.document.report(self.node, f"{self._name(key)} is missing.")
            return None
        node = pair[1]
        allowed = ("str", "timestamp") if kind == "str" else (kind,)
        if kind == "float":
            allowed = ("float", "int")
        if isinstance(node, yaml.ScalarNode) and node.tag.removeprefix(_TAG) in allowed:
            return node
        hint = None
        if kind == "str" and isinstance(node, yaml.ScalarNode):
            hint = f'Put it in quotes: "{node.value}".'
        self.document.report(node, f"{self._name(key)} must be {type_names[kind]}.", hint=hint)
        return None

    def text(
        self, key: str, *, required: bool = False, pattern: str | None = None, what: str = ""
    ) -> str | None:
        """Returns text; `pattern` is what it must match in full, `what` says so to people."""
        node = self._scalar(key, "str", required=required)
        if node is None:
            return None
        if pattern is not None and re.fullmatch(pattern, node.value) is None:
            self.document.report(node, f"{self._name(key)} is `{node.value}`; it must be {what}.")
        return str(node.value)

    def must(self, key: str, *, pattern: str | None = None, what: str = "") -> str:
        """Returns required text, empty after reporting that it is missing."""
        return self.text(key, required=True, pattern=pattern, what=what) or ""

    def choice(self, key: str, options: Sequence[str], *, default: str) -> str:
        """Returns one of the options."""
        value = self.text(key)
        if value is not None and value not in options:
            self.report(key, f"`{value}` is unknown.", hint=did_you_mean(value, options))
        return value if value is not None and value in options else default

    def number(self, key: str) -> float | None:
        """Returns a number, whole or not."""
        node = self._scalar(key, "float", required=False)
        return None if node is None else float(_SCALARS.construct_yaml_float(node))

    def integer(self, key: str) -> int | None:
        """Returns a whole number."""
        node = self._scalar(key, "int", required=False)
        return None if node is None else _SCALARS.construct_yaml_int(node)

    def flag(self, key: str) -> bool | None:
        """Returns true or false."""
        node = self._scalar(key, "bool", required=False)
        return None if node is None else _SCALARS.construct_yaml_bool(node)

    def section(self, key: str, *, known: Sequence[str], required: bool = False) -> Section | None:
        """Returns a nested mapping with the given keys."""
        pair = self._values.get(key)
        if pair is None:
            if required:
                self.document.report(self.node, f"{self._name(key)} is missing.")
            return None
        return Section(self.document, pair[1], path=self._child(key), known=known)

    def entries(self, key: str, *, known: Sequence[str]) -> Iterator[tuple[str, Section]]:
        """Yields the members of a mapping from free names to mappings with the given keys."""
        pair = self._values.get(key)
        if pair is None:
            return
        outer = Section(self.document, pair[1], path=self._child(key), known=None)
        for name, (_, value) in outer._values.items():  # its own kind
            inner = value
            if value.tag == f"{_TAG}null":
                inner = yaml.MappingNode(f"{_TAG}map", [], value.start_mark)
            yield name, Section(self.document, inner, path=outer._child(name), known=known)

    def each(self, key: str, *, known: Sequence[str]) -> Iterator[Section]:
        """Yields the members of a list of mappings with the given keys."""
        for index, node in enumerate(self._list(key)):
            yield Section(self.document, node, path=f"{self._child(key)}[{index}]", known=known)

    def texts(self, key: str) -> tuple[str, ...]:
        """Returns a list of texts."""
        found: list[str] = []
        for node in self._list(key):
            if isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}str":
                found.append(node.value)
            else:
                self.document.report(node, f"Each member of {self._name(key)} must be text.")
        return tuple(found)

    def _list(self, key: str) -> list[yaml.Node]:
        pair = self._values.get(key)
        if pair is None or pair[1].tag == f"{_TAG}null":
            return []
        if isinstance(pair[1], yaml.SequenceNode):
            return pair[1].value
        self.document.report(pair[1], f"{self._name(key)} must be a list.")
        return []

    def _child(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def json(self, key: str) -> JsonValue:
        """Returns any value as JSON; dates stay text as written."""
        pair = self._values.get(key)
        return None if pair is None else self._json(pair[1], self._child(key), _DEPTH)

    def table(self, key: str) -> Mapping[str, JsonValue]:
        """Returns a mapping from names to any JSON."""
        pair = self._values.get(key)
        if pair is None or pair[1].tag == f"{_TAG}null":
            return {}
        if not isinstance(pair[1], yaml.MappingNode):
            self.document.report(pair[1], f"{self._name(key)} must be a mapping.")
            return {}
        value = self._json(pair[1], self._child(key), _DEPTH)
        return value if isinstance(value, dict) else {}

    def _json(self, node: yaml.Node, path: str, depth: int) -> JsonValue:
        if depth == 0:
            self.document.report(node, f"`{path}` is nested more than {_DEPTH} levels deep.")
            return None
        if isinstance(node, yaml.MappingNode):
            inner = Section(self.document, node, path=path, known=None)
            return {
                key: self._json(value, f"{path}.{key}", depth - 1)
                for key, (_, value) in inner._values.items()
            }
        if isinstance(node, yaml.SequenceNode):
            return [
                self._json(value, f"{path}[{index}]", depth - 1)
                for index, value in enumerate(node.value)
            ]
        return self._json_scalar(node, path) if isinstance(node, yaml.ScalarNode) else None

    def _json_scalar(self, node: yaml.ScalarNode, path: str) -> JsonValue:
        kind = node.tag.removeprefix(_TAG)
        if kind == "null":
            return None
        if kind == "bool":
            return _SCALARS.construct_yaml_bool(node)
        if kind == "int":
            number = _SCALARS.construct_yaml_int(node)
            if abs(number) > _EXACT_INTEGER:
                self.document.report(
                    node, f"`{path}` is too large to stay exact.", hint="Put it in quotes."
                )
            return number
        if kind == "float":
            decimal = float(_SCALARS.construct_yaml_float(node))
            if not math.isfinite(decimal):
                self.document.report(node, f"`{path}` is not a finite number.")
                return None
            return int(decimal) if decimal.is_integer() and abs(decimal) < 2**53 else decimal
        if kind in {"str", "timestamp"}:
            return str(node.value)
        self.document.report(node, f"`{path}` has the tag `{node.tag}`, which has no JSON form.")
        return None
