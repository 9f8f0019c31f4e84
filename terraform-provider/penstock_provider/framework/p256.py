"""An ephemeral P-256 key and its self-signed certificate, in a few milliseconds.

The `cryptography` package costs more CPU to import than the whole handshake should. This key
lives for one Terraform command, guards a socket in a private directory, and signs exactly one
certificate in this process; afterwards only OpenSSL uses it.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time

_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_Point = tuple[int, int, int]

_EC_PUBLIC_KEY = bytes.fromhex("06072a8648ce3d0201")
_PRIME256V1 = bytes.fromhex("06082a8648ce3d030107")
_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")


def _double(point: _Point) -> _Point:
    x, y, z = point
    if not y:
        return (0, 1, 0)
    yy = y * y % _P
    s = 4 * x * yy % _P
    zz = z * z % _P
    m = 3 * (x - zz) * (x + zz) % _P
    x3 = (m * m - 2 * s) % _P
    return (x3, (m * (s - x3) - 8 * yy * yy) % _P, 2 * y * z % _P)


def _add(a: _Point, b: _Point) -> _Point:
    x1, y1, z1 = a
    x2, y2, z2 = b
    if not z1:
        return b
    if not z2:
        return a
    zz1, zz2 = z1 * z1 % _P, z2 * z2 % _P
    u1, u2 = x1 * zz2 % _P, x2 * zz1 % _P
    s1, s2 = y1 * z2 * zz2 % _P, y2 * z1 * zz1 % _P
    h, r = (u2 - u1) % _P, (s2 - s1) % _P
    if not h:
        return _double(a) if not r else (0, 1, 0)
    hh = h * h % _P
    hhh, v = h * hh % _P, u1 * hh % _P
    x3 = (r * r - hhh - 2 * v) % _P
    return (x3, (r * (v - x3) - s1 * hhh) % _P, h * z1 * z2 % _P)


def multiply(scalar: int) -> tuple[int, int]:
    """``scalar`` times the generator, affine; always 256 doublings and 256 additions."""
    ladder: list[_Point] = [(0, 1, 0), (*_G, 1)]
    for bit in range(255, -1, -1):
        one = scalar >> bit & 1
        ladder[1 - one] = _add(ladder[0], ladder[1])
        ladder[one] = _double(ladder[one])
    x, y, z = ladder[0]
    inverse = pow(z, -1, _P)
    square = inverse * inverse % _P
    return x * square % _P, y * square * inverse % _P


def sign(key: int, message: bytes) -> tuple[int, int]:
    """ECDSA with SHA-256 and a fresh random nonce."""
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    while True:
        nonce = secrets.randbelow(_N - 1) + 1
        r = multiply(nonce)[0] % _N
        s = pow(nonce, -1, _N) * (digest + r * key) % _N
        if r and s:
            return r, s


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:  # noqa: PLR2004 (where DER's short form ends)
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def _integer(value: int) -> bytes:
    return _der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _time(seconds: float) -> bytes:
    return _der(0x17, time.strftime("%y%m%d%H%M%SZ", time.gmtime(seconds)).encode())


def _extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    flag = _der(1, b"\xff") if critical else b""
    return _der(0x30, bytes.fromhex(oid), flag, _der(4, value))


def _pem(label: str, der: bytes) -> str:
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n"


def self_signed(now: float, *, hours: int = 720) -> tuple[bytes, str, str]:
    """Certificate for "localhost" (DER, PEM) and its private key (PEM), valid around ``now``."""
    key = secrets.randbelow(_N - 1) + 1
    x, y = multiply(key)
    point = b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
    name = _der(
        0x30,
        _der(0x31, _der(0x30, bytes.fromhex("0603550403"), _der(0x0C, b"localhost"))),
    )
    extensions = _der(
        0x30,
        _extension("0603551d0f", _der(3, b"\x02\x84"), critical=True),
        _extension(
            "0603551d25", _der(0x30, bytes.fromhex("06082b0601050507030106082b06010505070302"))
        ),
        _extension("0603551d13", _der(0x30, _der(1, b"\xff")), critical=True),
        _extension("0603551d11", _der(0x30, _der(0x82, b"localhost"))),
    )
    body = _der(
        0x30,
        _der(0xA0, _integer(2)),
        _integer(secrets.randbits(120) | 1),
        _ECDSA_SHA256,
        name,
        _der(0x30, _time(now - 3600), _time(now + hours * 3600)),
        name,
        _der(0x30, _der(0x30, _EC_PUBLIC_KEY, _PRIME256V1), _der(3, b"\0" + point)),
        _der(0xA3, extensions),
    )
    r, s = sign(key, body)
    certificate = _der(
        0x30, body, _ECDSA_SHA256, _der(3, b"\0" + _der(0x30, _integer(r), _integer(s)))
    )
    private = _der(
        0x30,
        _integer(1),
        _der(4, key.to_bytes(32, "big")),
        _der(0xA0, _PRIME256V1),
        _der(0xA1, _der(3, b"\0" + point)),
    )
    return certificate, _pem("CERTIFICATE", certificate), _pem("EC PRIVATE KEY", private)
