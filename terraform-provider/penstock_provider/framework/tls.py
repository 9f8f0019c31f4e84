"""TLS as go-plugin's AutoMTLS wants it: both sides show a certificate made for this one run."""

from __future__ import annotations

import importlib
import os
import time

from penstock_provider.framework import p256
from penstock_provider.framework.endpoint import Secured

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TLS_1_2 = 0x0303
_REQUIRED = 2
"""The client must show a certificate, and it is verified."""


def native() -> Any | None:
    """The C part of ``ssl``, or None where it is not as we know it."""
    try:
        module = importlib.import_module("_ssl")
        known = (module._SSLContext, module.PROTOCOL_TLS_SERVER, module.SSLWantReadError)  # noqa: SLF001 (the fallback is below)
    except (ImportError, AttributeError):
        return None
    return module if all(known) else None


class Server:
    """Accepts only the client with ``client_certificate`` (PEM); ``der`` is our own certificate.

    OpenSSL takes a key only from a file: it is written in ``directory`` (which must be private)
    and removed before this returns.
    """

    def __init__(self, client_certificate: str, directory: str, module: Any | None = None) -> None:
        self.der, certificate, key = p256.self_signed(time.time())
        self._module = module or native() or importlib.import_module("ssl")
        self._is_native = self._module.__name__ == "_ssl"
        make = self._module._SSLContext if self._is_native else self._module.SSLContext  # noqa: SLF001 (as in `native`)
        context = make(self._module.PROTOCOL_TLS_SERVER)
        context.minimum_version = _TLS_1_2
        context.verify_mode = _REQUIRED
        context.load_verify_locations(cadata=client_certificate)
        context._set_alpn_protocols(b"\x02h2")  # noqa: SLF001 (what the public method calls)
        context.num_tickets = 0
        path = f"{directory}/pair.pem"
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(certificate + key)
            context.load_cert_chain(path)
        finally:
            os.unlink(path)  # noqa: PTH108 (`pathlib` costs a start 4 ms)
        self._context = context

    def secure(self, sock: Any, *, seconds: float) -> Secured:
        """A client's connection after the TLS handshake; ``OSError`` when it is not that client."""
        sock.settimeout(seconds)
        if self._is_native:
            tls = self._context._wrap_socket(sock, True)  # noqa: SLF001 (as in `native`)
            tls.do_handshake()
        else:
            import socket  # noqa: PLC0415 (only the fallback needs the public class)

            sock = socket.socket(fileno=sock.detach())
            sock.settimeout(seconds)
            sock = tls = self._context.wrap_socket(sock, server_side=True)
        sock.settimeout(0)
        return Secured(sock, tls, self._module)
