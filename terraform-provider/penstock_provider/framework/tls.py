"""TLS as go-plugin's AutoMTLS wants it: both sides show a certificate made for this one run."""

from __future__ import annotations

import ssl
import time
from pathlib import Path

from penstock_provider.framework import p256


def server_context(client_certificate: str, directory: Path) -> tuple[ssl.SSLContext, bytes]:
    """A context that accepts only the client with ``client_certificate`` (PEM), and our own DER.

    OpenSSL takes a key only from a file: it is written in ``directory`` (which must be private)
    and removed before this returns.
    """
    der, certificate, key = p256.self_signed(time.time())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=client_certificate)
    context.set_alpn_protocols(["h2"])
    context.num_tickets = 0
    file = directory / "pair.pem"
    try:
        file.touch(mode=0o600)
        file.write_text(certificate + key)
        context.load_cert_chain(file)
    finally:
        file.unlink(missing_ok=True)
    return context, der
