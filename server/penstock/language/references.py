"""What a flow needs from elsewhere, as far as its text says it literally."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from pydantic import BaseModel

from penstock.expression import ExpressionError, Invocation, compile_template
from penstock.language.node import Path, path_text
from penstock.language.shape import shape_of
from penstock.language.template import PROSE
from penstock.model.dynamic import Unrendered, contains_expression
from penstock.model.flow import Flow
from penstock.model.task import Task

_OF_FILES = frozenset({"read", "fileSize", "fileExists", "fileURI", "isFileEmpty"})
"""Functions that take a path, and whose file it is."""
_READING = frozenset({"read", "fileSize", "fileURI"})
"""Those that fail when there is no such file."""
_OWN_FILE = re.compile(r"nsfile:///(.+)")
_FILE_OF = re.compile(r"nsfile://([a-z0-9][a-z0-9._-]*)/")
"""A file of a namespace that its URI names."""
_PLACES = {"core.kv.": "kv", "core.namespace.": "file"}
_PLACED = tuple(_PLACES)
_FILE_SCHEME = "nsfile://"
_OF_CHILD = ("outputs", "outputs")
_OUTPUT = 4
"""Parts of `outputs.call.outputs.name`."""
_TOLERANT = re.compile(r"\?\?|\|\s*default\b|\bis\s+(not\s+)?(defined|empty|null)\b")
"""Whoever writes this counts with an output that is missing."""
_OWN_NAMESPACE = frozenset({("flow", "namespace")})
_ELSEWHERE = PROSE | {"pluginDefaults"}
"""What is never rendered, or only where it has been put."""


class SubflowReference(NamedTuple):
    """A call of another flow; `path` is that of the id, for `Parsed.place`."""

    namespace: str
    id: str
    path: str


class KeyReference(NamedTuple):
    """A secret or key-value entry; without a namespace it is looked up from the flow's upwards."""

    key: str
    namespace: str | None
    path: str


class VariableReference(NamedTuple):
    """A namespace variable, such as ``("warehouse", "host")`` for `namespace.warehouse.host`."""

    keys: tuple[str, ...]
    path: str


class OutputReference(NamedTuple):
    """A flow output of a called flow that is read: `outputs.<task>.outputs.<name>`."""

    task_id: str
    name: str
    path: str


class NamespaceUse(NamedTuple):
    """Another namespace that is named: for a ``flow``, ``secret``, ``kv`` or ``file`` of it."""

    kind: str
    namespace: str
    id: str
    path: str


@dataclass(slots=True)
class References:
    """Everything found; each list in the order of the text."""

    subflows: list[SubflowReference] = field(default_factory=list)
    secrets: list[KeyReference] = field(default_factory=list)
    kv: list[KeyReference] = field(default_factory=list)
    variables: list[VariableReference] = field(default_factory=list)
    uses: list[NamespaceUse] = field(default_factory=list)
    outputs: list[OutputReference] = field(default_factory=list)


def references(flow: Flow) -> References:
    """The literal references of a flow. Names that an expression computes are not among them."""
    found = References()
    _visit(flow, flow, (), found)
    return found


def _visit(flow: Flow, value: object, path: Path, found: References) -> None:
    """Looks at every task and every text below a value, in the order of the text."""
    if isinstance(value, Unrendered):
        value = value.value
    if isinstance(value, str):
        _text(flow, value, path, found)
    elif isinstance(value, BaseModel):
        if isinstance(value, Task):
            _subflow(flow, value, path, found)
            _place(value, path, found)
        held = vars(value)
        for name, key in _fields(type(value)):
            # Most of what a model has was never written, and holds nothing.
            if below := held.get(name):
                _visit(flow, below, (*path, key), found)
    elif isinstance(value, dict):
        for key, item in value.items():
            _visit(flow, key, (*path, key), found)
            _visit(flow, item, (*path, key), found)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _visit(flow, item, (*path, index), found)


def _text(flow: Flow, text: str, path: Path, found: References) -> None:
    has_expression = contains_expression(text)
    if has_expression or text.startswith(_FILE_SCHEME):
        place = path_text(path)
        _file(text, place, found)
        if has_expression:
            _expressions(flow, text, place, found)


@cache
def _fields(cls: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """The fields of a class that may be rendered, each with its key in texts."""
    keys = {known.field: known.current for known in shape_of(cls).keys.values()}
    return tuple(
        (name, keys.get(name, name))
        for name in cls.model_fields
        if keys.get(name) not in _ELSEWHERE
    )


def _subflow(flow: Flow, task: Task, path: Path, found: References) -> None:
    held = vars(task)
    flow_id, namespace = held.get("flow_id"), held.get("namespace")
    if flow_id is None:
        return
    if isinstance(namespace, Unrendered) and isinstance(namespace.value, str):
        template = compile_template(namespace.value)
        if template.is_single and template.references() == _OWN_NAMESPACE and not template.filters:
            namespace = flow.namespace
    if isinstance(flow_id, str) and isinstance(namespace, str):
        found.subflows.append(SubflowReference(namespace, flow_id, path_text((*path, "flowId"))))
        found.uses.append(NamespaceUse("flow", namespace, flow_id, path_text((*path, "namespace"))))


def _place(task: Task, path: Path, found: References) -> None:
    """The namespaces that tasks on pairs and files name."""
    kind, held = None, vars(task)
    if task.type.startswith(_PLACED):
        kind = next(kind for begin, kind in _PLACES.items() if task.type.startswith(begin))
    namespace, key = held.get("namespace"), held.get("key")
    if kind is not None and isinstance(namespace, str):
        name = key if isinstance(key, str) else ""
        found.uses.append(NamespaceUse(kind, namespace, name, path_text((*path, "namespace"))))
    for index, other in enumerate(_listed(task, "namespaces") if kind == "kv" else ()):
        if isinstance(other, str) and not contains_expression(other):
            place = path_text((*path, "namespaces", index))
            found.uses.append(NamespaceUse("kv", other, "", place))
    files = held.get("namespace_files")
    for index, other in enumerate(_listed(files, "namespaces")):
        if isinstance(other, str) and not contains_expression(other):
            place = path_text((*path, "namespaceFiles", "namespaces", index))
            found.uses.append(NamespaceUse("file", other, "", place))


def _file(uri: object, path: str, found: References) -> None:
    """The namespace of a file that a text names."""
    named = _FILE_OF.match(uri) if isinstance(uri, str) else None
    if named is not None:
        found.uses.append(NamespaceUse("file", named[1], "", path))


def _listed(holder: object, name: str) -> Sequence[object]:
    """What stands in a list; nothing when an expression makes the list."""
    value = getattr(holder, name, None) if holder is not None else None
    return value if isinstance(value, list | tuple) else ()


def _expressions(flow: Flow, text: str, path: str, found: References) -> None:
    try:
        template = compile_template(text)
    except ExpressionError:
        # Only variables get this far: they may be any text until somebody renders them.
        return
    for call in template.invocations:
        if call.name in ("secret", "kv"):
            key, namespace = _argument(call, 0, "key"), _argument(call, 1, "namespace")
            if isinstance(key, str) and (namespace is None or isinstance(namespace, str)):
                keys = found.secrets if call.name == "secret" else found.kv
                keys.append(KeyReference(key, namespace, path))
                if namespace is not None:
                    found.uses.append(NamespaceUse(call.name, namespace, key, path))
        elif call.name in _OF_FILES:
            namespace = _argument(call, 1, "namespace")
            named = _argument(call, 0, "path")
            _file(named, path, found)
            if isinstance(namespace, str):
                found.uses.append(NamespaceUse("file", namespace, "", path))
            elif namespace is None and call.name in _READING and isinstance(named, str):
                own = _OWN_FILE.match(named)
                if own is not None or "://" not in named:
                    name = named if own is None else own[1]
                    found.uses.append(NamespaceUse("file", flow.namespace, name, path))
    for reference in sorted(template.references()):
        if reference[0] == "namespace" and len(reference) > 1:
            found.variables.append(VariableReference(reference[1:], path))
        is_child = len(reference) >= _OUTPUT and (reference[0], reference[2]) == _OF_CHILD
        if is_child and not _TOLERANT.search(text):
            found.outputs.append(OutputReference(reference[1], reference[3], path))


def _argument(call: Invocation, index: int, name: str) -> object:
    if index < len(call.positional):
        return call.positional[index]
    return next((value for key, value in call.named if key == name), None)
