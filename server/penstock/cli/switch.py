"""Commands that switch what fires off, or on, for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from penstock.cli.root import Session
    from penstock.model.frozen import Json

Operate = Callable[["Session", str, str, "dict[str, Json]"], None]
"""Does an operation with what is named, given its options."""


def add_switch(group: click.Group, operation: str, operate: Operate, text: str) -> None:
    """Adds `disable` or `enable`, with a reason and an end."""

    @group.command(operation, help=text)
    @click.argument("name")
    @click.option("--reason", required=True, help="Why, for those who wonder.")
    @click.option("--until", default=None, help="Such as 2026-12-31T08:00:00Z; a week by default.")
    @click.pass_obj
    def switch(session: Session, name: str, reason: str, until: str | None) -> None:
        body: dict[str, Json] = {"reason": reason}
        operate(session, name, operation, body | ({} if until is None else {"expiresAt": until}))
