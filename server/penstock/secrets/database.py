"""Secrets encrypted in the database."""

from __future__ import annotations

import hashlib
import hmac
import threading

from pydantic import SecretStr
from sqlalchemy import Connection

from penstock.secrets.envelope import Key, new_key, open_box, seal
from penstock.store import secret as rows
from penstock.store import tenant as tenants


class SecretStore:
    """Encrypts, decrypts and fingerprints the values of every tenant."""

    def __init__(self, master: Key) -> None:
        self._master = master
        self._fingerprint_key = master.derive(b"penstock secret fingerprint")
        self._data_keys: dict[str, tuple[bytes, Key]] = {}
        self._lock = threading.Lock()

    def read(self, tx: Connection, tenant: str, namespace: str, key: str) -> str | None:
        """The value that a flow of this namespace sees: its own or the nearest above."""
        row = rows.resolve(tx, tenant, namespace, key)
        if row is None:
            return None
        return self.decrypt(tx, row).get_secret_value()

    def decrypt(self, tx: Connection, row: rows.SecretRow) -> SecretStr:
        """The value of one stored secret."""
        place = _place(row.tenant, row.namespace, row.key)
        return SecretStr(self.open(tx, row.tenant, row.ciphertext, place=place).decode())

    def encrypt(
        self, tx: Connection, tenant: str, namespace: str, key: str, value: SecretStr
    ) -> bytes:
        """The value sealed for its place."""
        plain = value.get_secret_value().encode()
        return self.seal(tx, tenant, plain, place=_place(tenant, namespace, key))

    def seal(self, tx: Connection, tenant: str, plain: bytes, *, place: str) -> bytes:
        """Bytes sealed for a place; makes the tenant's data key at the first of them."""
        if tenants.wrapped_key(tx, tenant) is None:
            wrapped = seal(self._master, new_key().material, bound_to=tenant)
            tenants.set_wrapped_key(tx, tenant, wrapped)
        return seal(self._data_key(tx, tenant), plain, bound_to=place)

    def open(self, tx: Connection, tenant: str, box: bytes, *, place: str) -> bytes:
        """What was sealed for this place. Raises `CannotDecrypt`."""
        return open_box(self._data_key(tx, tenant), box, bound_to=place)

    def fingerprint(self, tenant: str, namespace: str, key: str, value: SecretStr) -> str:
        """An HMAC of value and place: equal values of one place are equal, nothing else shows."""
        message = b"\0".join(
            part.encode() for part in (tenant, namespace, key, value.get_secret_value())
        )
        return hmac.digest(self._fingerprint_key, message, hashlib.sha256).hex()

    def _data_key(self, tx: Connection, tenant: str) -> Key:
        wrapped = tenants.wrapped_key(tx, tenant)
        assert wrapped is not None, f"tenant {tenant} has secrets but no data key"
        with self._lock:
            cached = self._data_keys.get(tenant)
        # A rolled back transaction may have made another key: only the stored one counts.
        if cached is not None and cached[0] == wrapped:
            return cached[1]
        key = Key(open_box(self._master, wrapped, bound_to=tenant))
        with self._lock:
            self._data_keys[tenant] = (wrapped, key)
        return key


def _place(tenant: str, namespace: str, key: str) -> str:
    return f"{tenant}/{namespace}/{key}"
