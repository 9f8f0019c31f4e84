"""Which subflows and secrets a flow needs, directly and through its subflows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from penstock_cdktf.errors import InvalidFileError
from penstock_cdktf.flowtext import FlowRef, References, references
from penstock_cdktf.sources import FlowSet


@dataclass(frozen=True, slots=True)
class Closures:
    """Answers for the flows of one set; each text is parsed at most once, when first needed."""

    flows: FlowSet
    broken: dict[FlowRef, str] = field(default_factory=dict)
    """Flows whose text is not YAML, with the sentence that says where."""
    _known: dict[FlowRef, References] = field(default_factory=dict)

    def references(self, ref: FlowRef) -> References:
        """Returns what a flow of the set names outside itself; nothing for a flow not in it."""
        if ref not in self._known:
            self._known[ref] = References(frozenset(), frozenset())
            flow = self.flows.flows.get(ref)
            try:
                if flow is not None:
                    self._known[ref] = references(flow.data, file=flow.path)
            except InvalidFileError as error:
                self.broken[ref] = str(error).rstrip(".")
        return self._known[ref]

    def members(self, ref: FlowRef) -> frozenset[FlowRef]:
        """Returns all subflows below a flow, at any depth, without the flow itself."""
        found: set[FlowRef] = set()
        waiting = list(self.references(ref).subflows)
        while waiting:
            member = waiting.pop()
            if member != ref and member not in found:
                found.add(member)
                waiting.extend(self.references(member).subflows)
        return frozenset(found)

    def hashes(self, ref: FlowRef) -> Mapping[str, str]:
        """Returns the content hash of each member of a flow's closure that the set has."""
        return {
            str(member): self.flows.flows[member].sha256
            for member in sorted(self.members(ref))
            if member in self.flows.flows
        }


def ancestors(namespace: str) -> tuple[str, ...]:
    """Returns a namespace and its parents, nearest first: `a.b` gives `a.b`, `a`."""
    parts = namespace.split(".")
    return tuple(".".join(parts[:end]) for end in range(len(parts), 0, -1))
