"""Signatures by our RSA, held against the library that the server has."""

import contextlib

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_provider.rsa import private_key

KEYS = [rsa.generate_private_key(65537, size) for size in (1024, 2048)]
FORMATS = (serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL)


def pem(key, kind=serialization.PrivateFormat.PKCS8) -> str:
    made = key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())
    return made.decode()


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("key", KEYS, ids=lambda key: str(key.key_size))
def test_a_signature_is_the_librarys(key, kind):
    own = private_key(pem(key, kind))
    for message in (b"", b"a message", bytes(range(256)) * 9):
        signature = own.sign(message)
        assert signature == key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    assert str(own.private) not in repr(own)


def test_other_keys_and_texts_are_refused():
    elliptic = pem(ec.generate_private_key(ec.SECP256R1()))
    for text in ("", "x", elliptic, pem(KEYS[0]).replace("BEGIN", "BEGUN"), pem(KEYS[0])[:200]):
        with pytest.raises(ValueError, match="it is"):
            private_key(text)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_keys_never_do_more_than_be_refused(data):
    lines = pem(KEYS[0]).splitlines()
    text = "".join(lines[1:-1])
    at = data.draw(st.integers(0, len(text) - 1))
    put = data.draw(st.text(st.characters(codec="ascii", categories=("L", "N")), max_size=3))
    damaged = "\n".join((lines[0], text[:at] + put + text[at + len(put) + 1 :], lines[-1]))
    with contextlib.suppress(ValueError):
        private_key(damaged).sign(b"x")
