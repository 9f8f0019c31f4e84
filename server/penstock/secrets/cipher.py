"""Encrypts the secret inputs and outputs of executions."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from penstock.secrets.envelope import CannotDecrypt, Key, open_box, seal


class Cipher:
    """Seals texts for a tenant.

    The keys are derived from the master key and not stored: an execution begins, and ends,
    where no database may be asked.
    """

    def __init__(self, master: Key) -> None:
        self._master = master.derive(b"penstock execution values")

    def seal(self, tenant: str, text: str) -> str:
        """The text encrypted, in Base64."""
        box = seal(self._key(tenant), text.encode(), bound_to=_place(tenant))
        return base64.b64encode(box).decode()

    def open(self, tenant: str, box: str) -> str:
        """The text of a box. Raises `CannotDecrypt`."""
        try:
            content = base64.b64decode(box, validate=True)
        except (binascii.Error, ValueError):
            raise CannotDecrypt(f"{_place(tenant)} is not what was stored") from None
        return open_box(self._key(tenant), content, bound_to=_place(tenant)).decode()

    def _key(self, tenant: str) -> Key:
        return Key(hmac.digest(self._master, tenant.encode(), hashlib.sha256))


def _place(tenant: str) -> str:
    return f"a secret value of an execution of {tenant}"
