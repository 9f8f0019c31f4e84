"""`${env:NAME}` and `${env:NAME:-default}` in settings: for addresses, and for nothing else.

A value from the machine's environment makes two synths of one commit differ, and may be a secret.
So it is allowed only where an address belongs, and must turn out to be one without a password.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import yaml

from penstock_cdktf.document import Document

_REFERENCE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_ALLOWED = (
    re.compile(r"server\.endpoint"),
    re.compile(r"backend\..+"),
    re.compile(r"secrets\[\d+\]\.manager\.endpoint"),
    re.compile(r"namespaces\.[^/]+/variables\..+"),
)
_PLACES = (
    "`server.endpoint`, `secrets[].manager.endpoint`, addresses in `backend` and addresses among "
    "the `variables` of a namespace"
)


def resolve_addresses(document: Document, root: yaml.Node, environ: Mapping[str, str]) -> None:
    """Replaces the references in a document's nodes, in place; reports what is not allowed."""
    _Resolution(document, environ, set()).walk(root, "")


@dataclass(frozen=True, slots=True)
class _Resolution:
    document: Document
    environ: Mapping[str, str]
    seen: set[int]

    def walk(self, node: yaml.Node, path: str) -> None:
        if id(node) in self.seen:  # an alias, perhaps to something that holds it
            return
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                # A namespace has dots in its name; the slash marks where it ends.
                glue = "/" if path.startswith("namespaces.") and "/" not in path else "."
                if isinstance(key, yaml.ScalarNode):
                    self.walk(value, f"{path}{glue}{key.value}" if path else key.value)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self.walk(value, f"{path}[{index}]")
        elif isinstance(node, yaml.ScalarNode) and "${env:" in node.value:
            _resolve(self.document, node, path, self.environ)


def _resolve(
    document: Document, node: yaml.ScalarNode, path: str, environ: Mapping[str, str]
) -> None:
    shown = path.replace("/", ".")
    if not any(place.fullmatch(path) for place in _ALLOWED):
        document.report(
            node,
            f"`{shown}` may not come from the machine's environment.",
            hint=f"`${{env:…}}` is for {_PLACES}.",
        )
        return
    missing: list[str] = []

    def value_of(match: re.Match[str]) -> str:
        value = environ.get(match[1]) or match[2]
        if value is None:
            missing.append(match[1])
        return value or ""

    resolved = _REFERENCE.sub(value_of, node.value)
    if missing:
        document.report(
            node,
            f"`{shown}` needs the environment variable {missing[0]}, which is not set.",
            hint=f"Set it, or give a default: `${{env:{missing[0]}:-http://…}}`.",
        )
    elif "${env:" in resolved:
        document.report(
            node, f"`{shown}` has a reference that is not of the form `${{env:NAME:-default}}`."
        )
    elif why := not_an_address(resolved):
        # The value itself stays unsaid: it may be a secret put there by mistake.
        document.report(node, f"`{shown}` takes a value from the environment that {why}.")
    node.value = resolved


def not_an_address(text: str) -> str | None:
    """Returns why a text is no http(s) address fit for a file, or None when it is one."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return "is not an address"
    if parts.scheme not in {"http", "https"} or not host:
        return "is not an http or https address"
    if parts.username is not None or parts.password is not None:
        return "carries a user name or password"
    return None
