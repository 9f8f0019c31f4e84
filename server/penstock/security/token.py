"""Bearer tokens: 256 random bits with a prefix, of which only the SHA-256 is kept."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from penstock.errors import NotFound, Unauthenticated
from penstock.security.caller import Caller
from penstock.security.failure import Failures
from penstock.store import tenant as tenants
from penstock.store import token as rows
from penstock.store.session import Database

PREFIX = "pst_"
_SHOWN = 8
_CACHE_SECONDS = 10.0
_CACHE_SIZE = 1_000
ADMIN_FILE = "admin-token"


@dataclass(frozen=True, slots=True)
class _Known:
    row: rows.TokenRow
    read_at: float


class Tokens:
    """Verifies tokens, remembering good ones for ten seconds.

    A revocation counts at once in this process and within ten seconds in others.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._now = now
        self._monotonic = monotonic
        self._failures = Failures(monotonic)
        self._known: dict[str, _Known] = {}
        self._generation = 0
        self._lock = threading.Lock()

    def known(self, authorization: str | None, tenant: str) -> Caller | None:
        """The caller when this token was verified a moment ago; never touches the database."""
        digest = _digest_of(authorization)
        known = self._known.get(digest) if digest else None
        if known is None or self._monotonic() - known.read_at > _CACHE_SECONDS:
            return None
        return self._caller(known.row, tenant)

    def verify(
        self, authorization: str | None, tenant: str, *, client: str | None = None
    ) -> Caller:
        """The caller behind an ``Authorization`` header; `client` is the address that it came from.

        Raises `Unauthenticated`, `RateLimited` when a client fails too often, or `NotFound` for a
        tenant that this token is not of.
        """
        try:
            return self._verified(authorization, tenant)
        except Unauthenticated:
            self._failures.count(client)
            raise

    def _verified(self, authorization: str | None, tenant: str) -> Caller:
        digest = _digest_of(authorization)
        if digest is None:
            raise Unauthenticated(
                "This call needs the header: Authorization: Bearer <token>.",
                hint="The first start of the server writes an admin token to <data>/admin-token.",
            )
        generation = self._generation
        with self._database.read() as tx:
            row = rows.by_digest(tx, digest)
        if row is None or not hmac.compare_digest(row.digest, digest):
            raise Unauthenticated(
                "This token is not known here: it was mistyped, revoked, or is of another server.",
                hint="Check PENSTOCK_TOKEN, or make a token with: penstock token put NAME.",
            )
        caller = self._caller(row, tenant)
        with self._lock:
            if len(self._known) >= _CACHE_SIZE:
                self._known.clear()
            # Revoked since it was read, it must not be remembered as good.
            if generation == self._generation:
                self._known[digest] = _Known(row, self._monotonic())
        return caller

    def forget(self) -> None:
        """Drops what is remembered, after a revocation."""
        with self._lock:
            self._generation += 1
            self._known.clear()

    def _caller(self, row: rows.TokenRow, tenant: str) -> Caller:
        if row.expires_at is not None and row.expires_at <= self._now():
            raise Unauthenticated(
                f"The token {row.prefix}… expired at {row.expires_at:%Y-%m-%dT%H:%M:%SZ}.",
                hint="Make a new one with: penstock token put NAME.",
            )
        if row.tenant != tenant:
            raise NotFound(f"There is no tenant {tenant}.")
        return Caller(f"token:{row.name}", tenant)


def issue(
    tx: Connection,
    tenant: str,
    name: str,
    *,
    now: datetime,
    actor: str,
    expires_at: datetime | None = None,
) -> tuple[str, rows.TokenRow]:
    """Makes a token; the text is shown this once and kept nowhere."""
    text = PREFIX + secrets.token_urlsafe(32)
    row = rows.TokenRow(
        tenant=tenant,
        name=name,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        prefix=text[:_SHOWN],
        created_at=now,
        created_by=actor,
        expires_at=expires_at,
    )
    rows.insert(tx, row)
    return text, row


def bootstrap(database: Database, directory: Path, *, now: datetime) -> Path:
    """Makes the tenant ``main`` and an admin token at first start; answers the token's file."""
    path = directory / ADMIN_FILE
    with database.transaction() as tx:
        if not tenants.exists(tx, "main"):
            tenants.create(tx, "main", now=now)
        if rows.find(tx, "main", "admin") is None:
            text, _ = issue(tx, "main", "admin", now=now, actor="system:first-start")
            _write_private(path, text)
    return path


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")


def _digest_of(authorization: str | None) -> str | None:
    if authorization is None or authorization[:7].lower() != "bearer ":
        return None
    return hashlib.sha256(authorization[7:].strip().encode()).hexdigest()
