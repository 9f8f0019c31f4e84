"""Removes tokens that runs have left behind."""

from __future__ import annotations

from datetime import datetime

import structlog

from penstock.runtime.clock import Clock
from penstock.service import token_expiry
from penstock.store.session import Database

_log = structlog.get_logger("penstock.tokens")


class TokenSweep:
    """Takes ephemeral tokens away some time after they are void; declared ones stay listed."""

    name = "token sweep"
    seconds = 300.0

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def tick(self) -> datetime | None:
        """Removes what is due."""
        now = self._clock.now()
        with self._database.read() as tx:
            is_due = token_expiry.is_due(tx, now)
        if is_due:
            with self._database.transaction() as tx:
                count = token_expiry.sweep(tx, now)
            _log.info("expired tokens are removed", count=count)
        return None
