"""Objects that the server has found nothing wrong with, for the next process of the same run.

Terraform plans everything a second time while it applies, in another process and moments later, and
then writes it: the server judges that write itself. So what was planned without a finding is not
asked for again. Each run has a file of its own; what has a secret in it is not written down.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from penstock_provider.api import Json
from penstock_provider.framework.peer import Peer
from penstock_provider.object_set import Item
from penstock_provider.run_file import RunFile

_TOLD = ("changes", "calls", "contentHash")
"""What plans tell of an answer without findings; the rest, such as texts, is not kept."""


class Clearances(RunFile):
    """The server's answers to what it had no finding about, by the exact content."""

    def __init__(
        self, peer: Peer | None, directory: Path | None = None, *, place: str = ""
    ) -> None:
        """`place` is which tenant was asked: what holds in one may lack something in another."""
        super().__init__(peer, directory, suffix="-cleared")
        self._place = place
        self._known: dict[str, str] | None = None

    def add(self, answers: list[tuple[Item, Json]]) -> None:
        """Notes what the server said about objects, for later processes."""
        self.write(
            f"{self._digest(item)} {json.dumps({name: row.get(name) for name in _TOLD})}"
            for item, row in answers
            if _is_public(item)
        )

    def of(self, item: Item) -> Json | None:
        """What the server said in an earlier process of this run; None when it has to be asked."""
        if self._known is None:
            # Also when this process writes the file later: it has asked for that itself.
            pairs = (line.partition(" ") for line in self.lines() or ())
            self._known = {digest: text for digest, _, text in pairs}
        text = self._known.get(self._digest(item)) if self._known and _is_public(item) else None
        try:
            row = json.loads(text) if text else None
        except ValueError:
            return None
        return row if isinstance(row, dict) else None

    def _digest(self, item: Item) -> str:
        content = json.dumps([self._place, *item.reference, item.spec], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


def _is_public(item: Item) -> bool:
    """Whether all of the object is a text that states show as well."""
    return item.spec.keys() == {"source"}
