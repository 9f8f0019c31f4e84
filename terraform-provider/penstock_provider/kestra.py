"""States of Kestra's provider that become ours by a `moved` block.

Names are taken, and what people wrote: the refresh that follows reads the rest from the server.
"""

from __future__ import annotations

from penstock_provider.framework.diagnostics import Failure
from penstock_provider.framework.resource import JsonState, Origin
from penstock_provider.framework.values import JsonValue

_ADDRESSES = ("registry.terraform.io/kestra-io/kestra", "registry.opentofu.org/kestra-io/kestra")
_TOLD = ("description", "source")
"""Our attributes that need not be in the other state."""


def origin(kind: str, **names: str) -> Origin:
    """Takes over states of a type; ``names`` maps our attributes to theirs, `a|b` to either."""

    def take(state: JsonState) -> JsonState:
        taken: JsonState = {}
        for ours, theirs in names.items():
            found = [state[name] for name in theirs.split("|") if state.get(name) is not None]
            if not found and ours not in _TOLD:
                raise Failure(
                    f"The state of {kind} has no `{theirs.replace('|', '` or `')}`",
                    "Refresh it with its own provider first, or import the object instead.",
                )
            taken[ours] = _relative(found[0]) if ours == "path" and found else _first(found)
        return taken

    return Origin(_ADDRESSES, kind, take)


def _first(found: list[JsonValue]) -> JsonValue:
    return found[0] if found else None


def _relative(path: JsonValue) -> JsonValue:
    return path.lstrip("/") if isinstance(path, str) else path
