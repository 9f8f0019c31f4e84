"""An ephemeral P-256 key and its self-signed certificate, in a few milliseconds.

The `cryptography` package costs more CPU to import than the whole handshake should. This key
lives for one Terraform command, guards a socket in a private directory, and signs exactly one
certificate in this process; afterwards only OpenSSL uses it.
"""

from __future__ import annotations

import binascii
import os
import time

try:
    from _hashlib import openssl_sha256 as sha256
except ImportError:
    from hashlib import sha256

_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_LINES = """
6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296
4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5
0fa822bc2811aaa58492592e326e25de29493baaad651f7e90e75cb48e14db63
bff44ae8f5dba80d6f4ad4bcb3df188b34b1a65050fe82f5e41124545f462ee7
300a4bbc89d6726fb257c0de95e02789e96c98fd0d35f1fa93391ce2097992af
72aac7e0d09b46447f1ddb25ff1e3c6f5bb1eeada9d806a5aa54a291c08127a0
447d739beedb5e67fb982fd588c6766efc35ff7dc297eac357c84fc9d789bd85
2d4825ab834131eee12e9d953a4aaff73d349b95a7fae5000c7e33c972e25b32
ef9519328a9c72ffddc6068bb91dfc60ef7fbd2b1a0a11b713949c932a1d367f
611e9fc37dbb2c9bc1ee9807022c219c23183b0895ca1740196035a77376d8a8
550663797b51f5d87dea6482e11238bf2936df5ec6c9bc36cae2b1920b57f4bc
157164848aecb8510afa40018d9d50e59fb3d576dbdefbe144ffe216348a964c
eb5d7745b21141eaa2e8f483f43e43917ccd84e70d715f26e48ecafffc5cde01
eafd72ebdbecc17b0990e6a158006cee85f22cfe2844b645cac917e2731a3479
a6d39677a78492762736ff8344315fc596439591a3c6b94a6cf20ffb313728be
674f84749b0b881666b8babd2d27ecdf824a920c2284059bf2bab833c357f5f4
4e769e7672c9ddad31855f7db8c7fedb74e02f080203a56b2df48c04677c8a3e
42b99082de8306631ec0057206947281fb9ae16f3b9122a5a4c36165b824bbb0
78878ef61c6ce04d7fdc1ca008a1c478d1f89e799c0ce1316ef95150dda868b9
b6cb3f5d7b72c321de53142c12309def6ace570ebde08d4f9c62b9121fe0d976
0c88bc4d716b1287595c5220812ffcae5b82dd5bd54fb4967f991ed2c31a3573
dd5ddea3f3901dc618d1b5b39c04e6aa7c8181f4df2564f33a57bf635f48aca8
68f344af6b317466efe0a423083e49f343a0a28c42ba792fe96a79fb3e72ad0c
31b9c405f8540a20604ed93c24d67ff3668bfc2271f5c626cdfe17db3fb24d4a
4052bf4b6f461db9663c62c3edbad7a00d1a10144ec39c28d36b4789a2582e7f
fecf4d5190b0fc61862be6bd71d70cc8e724f33999bfcc5b235a27c3188d25eb
1eddbae2c802e41a123202a8f62bff7aafdf5cc08526a7a474346c10a1d4cfac
43104d86560ebcfc0c45f45273db33a036e06b7e4c7019178fa0af2dd603f844
b48e26b484f7a21c0a4a46fb6aaf363a66b0de3225c4744b9615b5110d1d78e5
fac015404d4d3dab64131bcdfed6f668c004e4048b7b0f9806ebb0f621a01b2d
"""
_COORDINATES = [int(line, 16) for line in _LINES.split()]
_SUMS = list(zip(_COORDINATES[::2], _COORDINATES[1::2], strict=True))
"""The generator times each sum of 1, 2^64, 2^128 and 2^192: the first is the generator itself."""
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


def _add(a: _Point, b: tuple[int, int]) -> _Point:
    x1, y1, z1 = a
    x2, y2 = b
    if not z1:
        return (x2, y2, 1)
    zz = z1 * z1 % _P
    h, r = (x2 * zz - x1) % _P, (y2 * z1 * zz - y1) % _P
    if not h:
        return _double(a) if not r else (0, 1, 0)
    hh = h * h % _P
    hhh, v = h * hh % _P, x1 * hh % _P
    x3 = (r * r - hhh - 2 * v) % _P
    return (x3, (r * (v - x3) - y1 * hhh) % _P, h * z1 % _P)


def multiply(scalar: int) -> tuple[int, int]:
    """``scalar`` times the generator, affine; always 64 doublings and 64 additions."""
    point: _Point = (0, 1, 0)
    for bit in range(63, -1, -1):
        point = _double(point)
        part = scalar >> bit
        index = part & 1 | part >> 63 & 2 | part >> 126 & 4 | part >> 189 & 8
        added = _add(point, _SUMS[max(index, 1) - 1])
        point = added if index else point
    x, y, z = point
    inverse = pow(z, -1, _P)
    square = inverse * inverse % _P
    return x * square % _P, y * square * inverse % _P


def _random() -> int:
    """A secret number from 1 on, below the order of the curve."""
    while True:
        number = int.from_bytes(os.urandom(32), "big")
        if 0 < number < _N:
            return number


def sign(key: int, message: bytes) -> tuple[int, int]:
    """ECDSA with SHA-256 and a fresh random nonce."""
    digest = int.from_bytes(sha256(message).digest(), "big")
    while True:
        nonce = _random()
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
    lines = [binascii.b2a_base64(der[at : at + 48]).decode() for at in range(0, len(der), 48)]
    text = "".join(lines)
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n"


def self_signed(now: float, *, hours: int = 720) -> tuple[bytes, str, str]:
    """Certificate for "localhost" (DER, PEM) and its private key (PEM), valid around ``now``."""
    key = _random()
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
        _integer(int.from_bytes(os.urandom(15), "big") | 1),
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
