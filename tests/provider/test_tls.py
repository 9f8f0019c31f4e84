"""The certificate that is made without the cryptography package, checked by it."""

import contextlib
import select
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
from penstock_provider.framework.endpoint import Socket
from penstock_provider.framework.tls import Server, native


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


def test_the_c_part_of_ssl_is_as_we_know_it(monkeypatch):
    assert native() is not None
    monkeypatch.delattr("_ssl._SSLContext")
    assert native() is None


@pytest.mark.parametrize("module", [native(), ssl], ids=["native", "public"])
@pytest.mark.parametrize("known", [True, False])
def test_only_the_announced_client_is_let_in(tmp_path, known, module):
    announced_key, announced = client_pair(tmp_path, "announced")
    other_key, other = client_pair(tmp_path, "other")
    server = Server(announced.read_text(), str(tmp_path), module)
    assert not (tmp_path / "pair.pem").exists()
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(server.der))
    client.load_cert_chain(announced if known else other, announced_key if known else other_key)
    client.set_alpn_protocols(["h2"])
    pair, theirs = socket.socketpair()
    ours = Socket(fileno=pair.detach())
    outcome = []

    def serve() -> None:
        try:
            secured = server.secure(ours, seconds=10)
        except OSError as error:
            outcome.append(error.reason)
            ours.close()
            return
        with pytest.raises(BlockingIOError):
            secured.recv(100)
        assert secured.send(memoryview(b"in")) == 2
        while True:
            select.select([secured], [], [], 10)
            with contextlib.suppress(BlockingIOError):
                outcome.append(secured.recv(3) + secured.recv(secured.pending()))
                break
        select.select([secured], [], [], 10)
        outcome.append(secured.recv(100))
        secured.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(theirs, server_hostname="localhost") as secured:
            assert secured.recv(2) == (b"in" if known else b"")
            assert secured.selected_alpn_protocol() == "h2"
            secured.sendall(b"thanks")
            secured.unwrap()
    except OSError:
        assert not known or outcome
    thread.join()
    assert outcome == ([b"thanks", b""] if known else ["CERTIFICATE_VERIFY_FAILED"])


def test_more_than_the_socket_takes_waits(tmp_path):
    key, certificate = client_pair(tmp_path, "client")
    server = Server(certificate.read_text(), str(tmp_path))
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(server.der))
    client.load_cert_chain(certificate, key)
    pair, theirs = socket.socketpair()
    ours = Socket(fileno=pair.detach())
    made = []
    thread = threading.Thread(target=lambda: made.append(server.secure(ours, seconds=10)))
    thread.start()
    with client.wrap_socket(theirs, server_hostname="localhost"):
        thread.join()
        with pytest.raises(BlockingIOError):
            while True:
                made[0].send(memoryview(b"x" * 16_384))
        made[0].close()
