"""Bearer tokens: 256 random bits with a prefix, of which only the SHA-256 is kept."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from penstock.errors import Forbidden, Unauthenticated, UnknownTenant
from penstock.model.provenance import Provenance
from penstock.security.caller import Access, Caller, Intent, Scope
from penstock.security.failure import Failures
from penstock.store import tenant as tenants
from penstock.store import token as rows
from penstock.store.session import Database

PREFIX = "pst_"
_SHOWN = 4
_CACHE_SECONDS = 10.0
_CACHE_SIZE = 1_000
ADMIN_FILE = "admin-token"


@dataclass(frozen=True, slots=True)
class _Known:
    row: rows.TokenRow
    read_at: float
    tenants: set[str] = field(default_factory=set)
    """Others than its own that were there, for a token that reaches every one."""


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

    def known(
        self, authorization: str | None, tenant: str, intent: Intent = "read"
    ) -> Caller | None:
        """The caller when this token was verified a moment ago; never touches the database."""
        digest = _digest_of(authorization)
        known = self._known.get(digest) if digest else None
        if known is None or self._monotonic() - known.read_at > _CACHE_SECONDS:
            return None
        if _reaches(known.row, tenant) and tenant not in known.tenants:
            return None
        return self._caller(known.row, tenant, intent)

    def verify(
        self,
        authorization: str | None,
        tenant: str,
        intent: Intent = "read",
        *,
        client: str | None = None,
        is_new: bool = False,
    ) -> Caller:
        """The caller behind an ``Authorization`` header; `client` is the address that it came from.

        `is_new`: a tenant that is not there is taken for an empty one, by tokens that could make it
        and for calls that write nothing.

        Raises `Unauthenticated`, `RateLimited` when a client fails too often, `Forbidden` when the
        token does not allow that much, or, for reading, `UnknownTenant` for a tenant that it is not
        of.
        """
        known = self._authenticated(authorization, client)
        if _reaches(known.row, tenant):
            with self._database.read() as tx:
                if tenants.exists(tx, tenant):
                    known.tenants.add(tenant)
                elif not is_new or intent == "write":
                    raise UnknownTenant(f"There is no tenant {tenant}.")
        return self._caller(known.row, tenant, intent)

    def verify_server(
        self, authorization: str | None, intent: Intent, *, client: str | None = None
    ) -> Caller:
        """The caller of what is about the whole server. Raises as `verify` does."""
        row = self._authenticated(authorization, client).row
        caller = self._caller(row, row.tenant, intent)
        if row.scope != "server":
            raise Forbidden(
                f"The token {row.name} is of scope `tenant`: it may not see or change tenants.",
                hint="Use one of scope `server`, such as the first admin token.",
            )
        return caller

    def _authenticated(self, authorization: str | None, client: str | None) -> _Known:
        try:
            return self._read(authorization)
        except Unauthenticated:
            self._failures.count(client)
            raise

    def _read(self, authorization: str | None) -> _Known:
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
        self._check_time(row)
        known = _Known(row, self._monotonic())
        with self._lock:
            if len(self._known) >= _CACHE_SIZE:
                self._known.clear()
            # Revoked since it was read, it must not be remembered as good.
            if generation == self._generation:
                self._known[digest] = known
        return known

    def forget(self) -> None:
        """Drops what is remembered, after a revocation."""
        with self._lock:
            self._generation += 1
            self._known.clear()

    def _check_time(self, row: rows.TokenRow) -> None:
        if row.expires_at is not None and row.expires_at <= self._now():
            raise Unauthenticated(
                f"The token {row.prefix}… expired at {row.expires_at:%Y-%m-%dT%H:%M:%SZ}.",
                hint="Make a new one with: penstock token put NAME.",
            )

    def _caller(self, row: rows.TokenRow, tenant: str, intent: Intent) -> Caller:
        self._check_time(row)
        is_foreign = row.tenant != tenant
        if is_foreign and row.scope != "server":
            if intent == "read":
                raise UnknownTenant(f"There is no tenant {tenant}.")
            # The same words whether or not there is such a tenant: that is not theirs to know.
            raise Forbidden(
                f"The token {row.name} is of the tenant {row.tenant}: "
                f"it may not change anything in {tenant}.",
                hint="Check the address and the tenant, or use a token that was made there.",
            )
        if intent == "write" and row.access == "read":
            raise Forbidden(
                f"The token {row.name} may only read.",
                hint='Use one with the access "write" for this call.',
            )
        name = f"{row.tenant}/{row.name}" if is_foreign else row.name
        # As the service checked them when it stored them.
        access: Access = "read" if row.access == "read" else "write"
        scope: Scope = "server" if row.scope == "server" else "tenant"
        return Caller(f"token:{name}", tenant, access, scope)


def _reaches(row: rows.TokenRow, tenant: str) -> bool:
    """Whether the token counts in a tenant that is not its own, should there be one."""
    return row.scope == "server" and row.tenant != tenant


def digest_of(text: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(text.encode()).hexdigest()


def shown(text: str) -> str:
    """So much of a token as tells it from others: at most four characters of its secret."""
    return text[: len(PREFIX) + _SHOWN if text.startswith(PREFIX) else _SHOWN]


def issue(
    tx: Connection,
    tenant: str,
    name: str,
    *,
    now: datetime,
    actor: str,
    expires_at: datetime | None = None,
    access: Access = "write",
    scope: Scope = "tenant",
    description: str | None = None,
    is_ephemeral: bool = False,
    owner: str = "api",
    provenance: Provenance | None = None,
) -> tuple[str, rows.TokenRow]:
    """Makes a token; the text is shown this once and kept nowhere."""
    text = PREFIX + secrets.token_urlsafe(32)
    row = rows.TokenRow(
        tenant=tenant,
        name=name,
        digest=digest_of(text),
        prefix=shown(text),
        created_at=now,
        created_by=actor,
        updated_at=now,
        access=access,
        scope=scope,
        owner=owner,
        expires_at=expires_at,
        description=description,
        is_ephemeral=is_ephemeral,
        provenance=provenance or Provenance(),
    )
    rows.put(tx, row)
    return text, row


def bootstrap(database: Database, directory: Path, *, now: datetime) -> Path:
    """Makes the tenant ``main`` and an admin token at first start; answers the token's file."""
    path = directory / ADMIN_FILE
    with database.transaction() as tx:
        if not tenants.exists(tx, "main"):
            tenants.create(tx, "main", now=now)
        if rows.find(tx, "main", "admin") is None:
            actor = "system:first-start"
            text, _ = issue(tx, "main", "admin", now=now, actor=actor, scope="server")
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
    return digest_of(authorization[7:].strip())
