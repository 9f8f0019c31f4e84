"""What the app must know of a flow's text: its identity, its subflows, its secrets.

The text itself is never changed, and its language is the server's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from penstock_cdktf.document import compose
from penstock_cdktf.errors import InvalidFileError, Position, Problem

_LINE = re.compile(
    rb"^(id|namespace):[ \t]+([A-Za-z0-9][A-Za-z0-9._-]*)[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE
)
# Inside quoted YAML the quotes of the call are escaped or doubled.
_SECRET = re.compile(r"""\bsecret\(\s*(?:key\s*=\s*)?\\?(''|["'])([A-Za-z0-9_.-]+)\\?\1""")
_SUBFLOW = re.compile(r"(?:^|\.)(?:flow|flows)\.Subflow$|\.tasks\.flows\.Flow$")


@dataclass(frozen=True, slots=True, order=True)
class FlowRef:
    """A flow by namespace and id."""

    namespace: str
    id: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.id}"


@dataclass(frozen=True, slots=True)
class References:
    """What a flow's text names outside itself."""

    subflows: frozenset[FlowRef]
    secrets: frozenset[str]


def expected_ref(path: str) -> FlowRef | None:
    """Returns the flow that a path below the flows folder stands for, None for other files."""
    *folders, name = path.split("/")
    stem, dot, suffix = name.rpartition(".")
    if not dot or suffix != "yaml" or not folders:
        return None
    return FlowRef(".".join(folders), stem)


def check_identity(data: bytes, expected: FlowRef, *, file: str) -> None:
    """Raises InvalidFileError unless the text is UTF-8 and its id and namespace fit its path."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        at = Position(file, line, column)
        raise InvalidFileError([Problem(at, "A flow must be UTF-8 text.")]) from None
    # Nearly every flow has plain top-level lines; parsing 5,000 texts costs seconds.
    plain = sorted(_LINE.findall(data))
    if plain == [(b"id", expected.id.encode()), (b"namespace", expected.namespace.encode())]:
        return
    problems = list(_identity_problems(data, expected, file=file))
    if problems:
        raise InvalidFileError(problems)


def _identity_problems(data: bytes, expected: FlowRef, *, file: str) -> Iterator[Problem]:
    root = compose(data.decode(), file=file)
    if not isinstance(root, yaml.MappingNode):
        yield Problem(Position(file, 1, 1), "A flow must be a mapping with `id` and `namespace`.")
        return
    for name, wanted in (("id", expected.id), ("namespace", expected.namespace)):
        node = _member(root, name)
        if node is None:
            yield Problem(
                Position(file, 1, 1), f"`{name}` is missing.", f"Write `{name}: {wanted}`."
            )
        elif not isinstance(node, yaml.ScalarNode) or node.value != wanted:
            found = node.value if isinstance(node, yaml.ScalarNode) else "no text"
            at = Position(file, node.start_mark.line + 1, node.start_mark.column + 1)
            yield Problem(
                at,
                f"`{name}` is `{found}`, but the file's place says `{wanted}`.",
                "A flow lies at <flows>/<namespace as folders>/<id>.yaml: mend one of the two.",
            )


def references(data: bytes, *, file: str) -> References:
    """Returns the subflows and secrets that a flow's text names literally.

    A name that is computed at run time (`{{ … }}`) cannot be known here and is left out.

    Raises:
        InvalidFileError: the text is not YAML.
    """
    text = data.decode()
    found: set[FlowRef] = set()
    root = compose(text, file=file)
    if "ubflow" in text or "flows.Flow" in text:
        for node in _mappings(root, set()):
            kind = _text(node, "type")
            if kind and _SUBFLOW.search(kind):
                flow, namespace = _text(node, "flowId"), _text(node, "namespace")
                if flow and namespace and "{{" not in flow + namespace:
                    found.add(FlowRef(namespace, flow))
    return References(frozenset(found), frozenset(match[2] for match in _SECRET.finditer(text)))


def _mappings(node: yaml.Node | None, seen: set[int]) -> Iterator[yaml.MappingNode]:
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _mappings(value, seen)


def _member(node: yaml.MappingNode, name: str) -> yaml.Node | None:
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value == name:
            return value
    return None


def _text(node: yaml.MappingNode, name: str) -> str | None:
    value = _member(node, name)
    return value.value if isinstance(value, yaml.ScalarNode) else None
