"""What people have decided on the server against what is declared."""

from __future__ import annotations

from penstock_provider.api import Json
from penstock_provider.framework.diagnostics import Diagnostics
from penstock_provider.reference import Reference

SUBJECT = "is overridden"


class Overrides:
    """What answers have said of it, and what has been told."""

    def __init__(self) -> None:
        self._messages: dict[str, dict[str, None]] = {}

    def note(self, answer: Json) -> None:
        """Takes what an answer says."""
        found = answer.get("overrides")
        for each in found if isinstance(found, list) else ():
            if isinstance(each, dict):
                # A trigger is part of its flow, a schedule stands by itself.
                kind, id_ = (
                    ("schedule", "id") if each.get("kind") == "schedule" else ("flow", "flowId")
                )
                name = Reference(kind, str(each.get("namespace")), str(each.get(id_))).ref
                self._messages.setdefault(name, {})[str(each.get("message"))] = None

    def tell(
        self, reference: Reference, diagnostics: Diagnostics, told: set[tuple[str | None, str]]
    ) -> None:
        """Warns of those of an object, unless that has been ``told``."""
        for message in self._messages.get(reference.ref, ()):
            if (reference.ref, message) not in told:
                told.add((reference.ref, message))
                diagnostics.warning(f"{reference.kind.capitalize()} {reference.name}", message)
