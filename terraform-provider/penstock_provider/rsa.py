"""Signs with the RSA key of a service account.

The provider is one file that runs anywhere (see `package.py`), so it cannot bring `cryptography`,
which is compiled for each platform. One signature a run needs no more than this; tests hold it
against `cryptography`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field

_PEM = re.compile(r"-----BEGIN (RSA )?PRIVATE KEY-----(.+?)-----END \1?PRIVATE KEY-----", re.DOTALL)
_RSA = bytes.fromhex("06092a864886f70d010101")
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04
_LONG = 0x80


@dataclass(frozen=True, slots=True)
class Key:
    """A private key."""

    modulus: int
    public: int
    private: int = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """A signature by RSASSA-PKCS1-v1_5 with SHA-256."""
        size = (self.modulus.bit_length() + 7) // 8
        hashed = _SHA256 + hashlib.sha256(message).digest()
        padded = b"\x00\x01" + b"\xff" * (size - len(hashed) - 3) + b"\x00" + hashed
        number = int.from_bytes(padded, "big")
        signature = pow(number, self.private, self.modulus)
        # A wrong one, by a fault of the machine, could give the key away.
        if pow(signature, self.public, self.modulus) != number:
            raise ValueError("the key does not fit itself")
        return signature.to_bytes(size, "big")


def private_key(pem: str) -> Key:
    """The key of a PEM text, PKCS #8 or PKCS #1. Raises ``ValueError``, which quotes nothing."""
    found = _PEM.search(pem)
    if found is None:
        raise ValueError("it is no private key in PEM")
    try:
        data = base64.b64decode("".join(found[2].split()), validate=True)
        body, _ = _element(data, _SEQUENCE)
        if found[1] is None:
            _, rest = _element(body, _INTEGER)
            algorithm, rest = _element(rest, _SEQUENCE)
            if not algorithm.startswith(_RSA):
                raise ValueError("it is no RSA key")
            inside, _ = _element(rest, _OCTETS)
            body, _ = _element(inside, _SEQUENCE)
        numbers = []
        for _ in range(4):
            part, body = _element(body, _INTEGER)
            numbers.append(int.from_bytes(part, "big"))
    except (IndexError, binascii.Error):
        raise ValueError("it is damaged") from None
    _, modulus, public, private = numbers
    return Key(modulus, public, private)


def _element(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """What is in the first element of some DER, and what comes after it."""
    if data[0] != tag:
        raise ValueError("it is not made as an RSA key is")
    length, start = data[1], 2
    if length & _LONG:
        start += length & ~_LONG
        length = int.from_bytes(data[2:start], "big")
    if len(data) < start + length:
        raise IndexError
    return data[start : start + length], data[start + length :]
