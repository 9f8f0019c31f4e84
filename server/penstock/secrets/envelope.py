"""AES-256-GCM in two layers: a master key wraps a data key per tenant, which wraps values.

A box is ``version (1 byte) · key id (8 bytes) · nonce (12 bytes) · ciphertext and tag``. The key
id names the key that opens it, so that a new master key can be told from a wrong one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from penstock.errors import PenstockError

_VERSION = 1
_ID_BYTES = 8
_NONCE_BYTES = 12
KEY_BYTES = 32


class CannotDecrypt(PenstockError):
    """A stored secret does not open with the key that this server has."""

    code = "cannot-decrypt"
    title = "Cannot decrypt"


@dataclass(frozen=True, slots=True)
class Key:
    """256 bits that encrypt; its id is derived from it and tells nothing about it."""

    material: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.material) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, this one {len(self.material)}")

    @property
    def id(self) -> bytes:
        """What a box names its key by."""
        return self.derive(b"penstock key id")[:_ID_BYTES]

    def derive(self, purpose: bytes) -> bytes:
        """Another secret of 32 bytes for `purpose`, from which this key cannot be found."""
        return hmac.digest(self.material, purpose, hashlib.sha256)


def new_key() -> Key:
    """A random key."""
    return Key(secrets.token_bytes(KEY_BYTES))


def seal(key: Key, plain: bytes, *, bound_to: str) -> bytes:
    """Encrypts; the box opens only with the same `bound_to`, so it cannot be moved elsewhere."""
    # cryptography costs some 10 MB: only servers with secrets pay for it.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - see above

    nonce = secrets.token_bytes(_NONCE_BYTES)
    header = bytes([_VERSION]) + key.id
    sealed = AESGCM(key.material).encrypt(nonce, plain, header + bound_to.encode())
    return header + nonce + sealed


def open_box(key: Key, box: bytes, *, bound_to: str) -> bytes:
    """Decrypts what `seal` made. Raises `CannotDecrypt` with a sentence."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - lazy as in seal
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - lazy as in seal

    header, rest = box[: 1 + _ID_BYTES], box[1 + _ID_BYTES :]
    if header[:1] != bytes([_VERSION]):
        raise CannotDecrypt(f"{bound_to} is stored in a format that this version does not know")
    if header[1:] != key.id:
        raise CannotDecrypt(
            f"{bound_to} was encrypted with the key {header[1:].hex()}, "
            f"this server has {key.id.hex()}",
            hint="Start the server with the master key that encrypted it (PENSTOCK_MASTER_KEY).",
        )
    nonce, sealed = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
    try:
        return AESGCM(key.material).decrypt(nonce, sealed, header + bound_to.encode())
    except InvalidTag:
        raise CannotDecrypt(f"{bound_to} was changed in the database after it was stored") from None
