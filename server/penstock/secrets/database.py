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
        plain = open_box(self._data_key(tx, row.tenant), row.ciphertext, bound_to=place)
        return SecretStr(plain.decode())

    def encrypt(
        self, tx: Connection, tenant: str, namespace: str, key: str, value: SecretStr
    ) -> bytes:
        """The value sealed for its place; makes the tenant's data key at the first secret."""
        if tenants.wrapped_key(tx, tenant) is None:
            wrapped = seal(self._master, new_key().material, bound_to=tenant)
            tenants.set_wrapped_key(tx, tenant, wrapped)
        sealed_by = self._data_key(tx, tenant)
        return seal(
            sealed_by, value.get_secret_value().encode(), bound_to=_place(tenant, namespace, key)
        )

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
