"""The certificate that is made without the cryptography package, checked by it."""

import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import NameOID

from penstock_provider.framework import p256
from penstock_provider.framework.tls import server_context


def test_multiplication_agrees():
    for secret in (
        1,
        2,
        3,
        2**255,
        115792089210356248762697446949407573529996955224135760342422259061068512044368,
    ):
        numbers = ec.derive_private_key(secret, ec.SECP256R1()).public_key().public_numbers()
        assert p256.multiply(secret) == (numbers.x, numbers.y)


def test_signatures_verify():
    key = ec.generate_private_key(ec.SECP256R1())
    for text in (b"", b"abc", b"x" * 10_000):
        r, s = p256.sign(key.private_numbers().private_value, text)
        key.public_key().verify(encode_dss_signature(r, s), text, ec.ECDSA(hashes.SHA256()))


def test_certificate():
    for _ in range(20):
        der, certificate, private = p256.self_signed(time.time())
        read = x509.load_der_x509_certificate(der)
        read.verify_directly_issued_by(read)
        key = serialization.load_pem_private_key(private.encode(), None)
        assert key.public_key() == read.public_key()
        assert x509.load_pem_x509_certificate(certificate.encode()) == read
        names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == ["localhost"]


def client_pair(tmp_path, name: str):
    """A key and certificate as Terraform makes them: P-521, self-signed."""
    key = ec.generate_private_key(ec.SECP521R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA512())
    )
    file, certificate = tmp_path / f"{name}.key", tmp_path / f"{name}.pem"
    pem = serialization.Encoding.PEM
    certificate.write_bytes(made.public_bytes(pem))
    form = serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    return file, certificate


@pytest.mark.parametrize("known", [True, False])
def test_only_the_announced_client_is_let_in(tmp_path, known):
    announced_key, announced = client_pair(tmp_path, "announced")
    other_key, other = client_pair(tmp_path, "other")
    context, der = server_context(announced.read_text(), tmp_path)
    assert not (tmp_path / "pair.pem").exists()
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(der))
    client.load_cert_chain(announced if known else other, announced_key if known else other_key)
    client.set_alpn_protocols(["h2"])
    ours, theirs = socket.socketpair()
    outcome = []

    def serve() -> None:
        try:
            with context.wrap_socket(ours, server_side=True) as secured:
                outcome.append(secured.selected_alpn_protocol())
                secured.sendall(b"in")
        except ssl.SSLError as error:
            outcome.append(error.reason)
        finally:
            ours.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(theirs, server_hostname="localhost") as secured:
            assert secured.recv(2) == (b"in" if known else b"")
    except ssl.SSLError:
        assert not known
    thread.join()
    assert outcome == (["h2"] if known else ["CERTIFICATE_VERIFY_FAILED"])
