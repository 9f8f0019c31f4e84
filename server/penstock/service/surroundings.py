"""The plugin defaults around flows: those of namespaces and of the server."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from penstock.language.defaults import Inherited, inherited
from penstock.model.frozen import Json
from penstock.model.plugin_default import PluginDefault
from penstock.store import namespace as namespaces
from penstock.store.declared import ancestors

_SECONDS = 1.0
_SERVER = "the plugin defaults of the server"

Declared = Sequence[Mapping[str, Json]]
"""Plugin defaults as they are stored."""


@dataclass(slots=True)
class Surroundings:
    """What flows inherit at one moment, worked out once a namespace."""

    declared: Mapping[str, Declared] = field(default_factory=dict)
    server: Declared = ()
    _found: dict[str, Inherited] = field(default_factory=dict, repr=False)

    def of(self, namespace: str) -> Inherited:
        """The defaults that reach the flows of a namespace: its own first, the server's last."""
        found = self._found.get(namespace)
        if found is None:
            levels = [
                (f"the plugin defaults of the namespace `{name}`", self.declared[name])
                for name in ancestors(namespace)
                if name in self.declared
            ]
            found = inherited([*levels, (_SERVER, self.server)])
            self._found[namespace] = found
        return found


class PluginDefaults:
    """Finds the surroundings of flows; those of the server are the same for all."""

    def __init__(
        self,
        server: Sequence[PluginDefault] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = stored(server)
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, Surroundings]] = {}
        self._changed_at = -math.inf

    def read(
        self,
        tx: Connection,
        tenant: str,
        changed: Mapping[str, Declared | None] | None = None,
    ) -> Surroundings:
        """What is stored, with `changed` instead of some namespaces' own; None is without any."""
        declared: dict[str, Declared] = {**namespaces.plugin_defaults(tx, tenant)}
        for name, defaults in (changed or {}).items():
            if defaults:
                declared[name] = defaults
            else:
                declared.pop(name, None)
        return Surroundings(declared, self._server)

    def present(self, tx: Connection, tenant: str) -> Surroundings:
        """The same for whoever runs flows: read again after a second or a change here.

        For a second after a change nothing is remembered: `tx` may have begun before it.
        """
        all_known, read_at = self._known, self._monotonic()
        known = all_known.get(tenant)
        if known is not None and read_at - known[0] <= _SECONDS:
            return known[1]
        found = self.read(tx, tenant)
        if known is not None and known[1].declared == found.declared:
            found = known[1]
        if read_at - self._changed_at > _SECONDS:
            all_known[tenant] = (read_at, found)
        return found

    def forget(self) -> None:
        """Something was declared: what is known may be old."""
        self._changed_at = self._monotonic()
        self._known = {}


def stored(defaults: Sequence[PluginDefault]) -> list[dict[str, Json]]:
    """The form in which defaults are kept; what is not said is left out."""
    return [
        default.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for default in defaults
    ]
