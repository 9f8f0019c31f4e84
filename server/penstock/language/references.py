"""What a flow needs from elsewhere, as far as its text says it literally."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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
    for path, value in _parts(flow, ()):
        if isinstance(value, Task):
            _subflow(flow, value, path, found)
            _place(value, path, found)
        elif isinstance(value, str):
            _file(value, path_text(path), found)
            if contains_expression(value):
                _expressions(flow, value, path_text(path), found)
    return found


def _subflow(flow: Flow, task: Task, path: Path, found: References) -> None:
    flow_id = getattr(task, "flow_id", None)
    namespace = getattr(task, "namespace", None)
    if isinstance(namespace, Unrendered) and isinstance(namespace.value, str):
        template = compile_template(namespace.value)
        if template.is_single and template.references() == _OWN_NAMESPACE and not template.filters:
            namespace = flow.namespace
    if isinstance(flow_id, str) and isinstance(namespace, str):
        found.subflows.append(SubflowReference(namespace, flow_id, path_text((*path, "flowId"))))
        found.uses.append(NamespaceUse("flow", namespace, flow_id, path_text((*path, "namespace"))))


def _place(task: Task, path: Path, found: References) -> None:
    """The namespaces that tasks on pairs and files name."""
    kind = next((kind for begin, kind in _PLACES.items() if task.type.startswith(begin)), None)
    namespace, key = getattr(task, "namespace", None), getattr(task, "key", None)
    if kind is not None and isinstance(namespace, str):
        name = key if isinstance(key, str) else ""
        found.uses.append(NamespaceUse(kind, namespace, name, path_text((*path, "namespace"))))
    for index, other in enumerate(_listed(task, "namespaces") if kind == "kv" else ()):
        if isinstance(other, str) and not contains_expression(other):
            place = path_text((*path, "namespaces", index))
            found.uses.append(NamespaceUse("kv", other, "", place))
    files = getattr(task, "namespace_files", None)
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
    value = getattr(holder, name, None)
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


def _parts(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    """Every task and every text below a value, each with its path."""
    if isinstance(value, Unrendered):
        value = value.value
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, BaseModel):
        yield path, value
        keys = {known.field: known.current for known in shape_of(type(value)).keys.values()}
        for name in type(value).model_fields:
            if keys.get(name) in _ELSEWHERE:
                continue
            yield from _parts(getattr(value, name), (*path, keys.get(name, name)))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _parts(key, (*path, key))
            yield from _parts(item, (*path, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _parts(item, (*path, index))
