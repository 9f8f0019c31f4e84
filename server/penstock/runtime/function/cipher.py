"""The functions `encrypt` and `decrypt`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError
from penstock.expression.value import Value, to_text
from penstock.runtime.function._reach import Reach, text

_NONCE = 12
_SIZES = (16, 24, 32)


@named("encrypt")
def encrypt(reach: Reach, key: Value, plaintext: Value) -> Value:
    """The text, encrypted and authenticated with AES in Galois counter mode, in base 64.

    Each call gives another result, because the nonce in its first 12 bytes is random.

    Args:
        reach: what the execution reaches.
        key (text): 16, 24 or 32 bytes in base 64, or any other text, whose SHA-256 is the key.
        plaintext (text): what is encrypted; null stays null.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - heavy

    secret = text("encrypt", "key", key)
    reach.masker.taint(secret)
    if plaintext is None:
        return None
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(_key(secret)).encrypt(nonce, to_text(plaintext).encode(), None)
    return base64.b64encode(nonce + sealed).decode()


@named("decrypt")
def decrypt(reach: Reach, key: Value, encrypted: Value) -> Value:
    """The text that `encrypt` made a text of. It is masked in logs.

    Args:
        reach: what the execution reaches.
        key (text): the key that `encrypt` was given.
        encrypted (text): its result; null stays null.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - heavy

    secret = text("decrypt", "key", key)
    reach.masker.taint(secret)
    if encrypted is None:
        return None
    try:
        sealed = base64.b64decode(text("decrypt", "encrypted", encrypted), validate=True)
        opened = AESGCM(_key(secret)).decrypt(sealed[:_NONCE], sealed[_NONCE:], None).decode()
    except (binascii.Error, InvalidTag, ValueError):
        raise ExpressionError(
            "The 'decrypt' function cannot read this text with this key.",
            hint="Give it what `encrypt` made, and the same key.",
        ) from None
    reach.masker.taint(opened)
    return opened


def _key(secret: str) -> bytes:
    try:
        given = base64.b64decode(secret, validate=True)
    except binascii.Error:
        given = b""
    return given if len(given) in _SIZES else hashlib.sha256(secret.encode()).digest()
