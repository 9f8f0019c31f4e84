"""The process: go-plugin's handshake, or reattach mode for use without installation."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import socket
import ssl
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from penstock_provider.framework import protocol, tls
from penstock_provider.framework.core import Core
from penstock_provider.framework.http2 import Connection, Handler
from penstock_provider.framework.log import log
from penstock_provider.framework.loop import Loop
from penstock_provider.framework.peer import peer_of
from penstock_provider.framework.resource import Provider

_COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
_OPEN_STREAMS = frozenset({"/plugin.GRPCStdio/StreamStdio", "/plugin.GRPCBroker/StartStream"})
_PROTOCOL = 6
_TLS_SECONDS = 10
_WAIT_SECONDS = 120


def _handlers(core: Core, shutdown: Callable[[], None]) -> dict[str, Handler]:
    async def healthy(_: bytes) -> bytes:
        return protocol.types["HealthResponse"](status=1).SerializeToString()

    async def stop(_: bytes) -> bytes:
        shutdown()
        return b""

    handlers: dict[str, Handler] = dict(core.handlers())
    handlers["/grpc.health.v1.Health/Check"] = healthy
    handlers["/plugin.GRPCController/Shutdown"] = stop
    return handlers


def _listen(directory: Path) -> tuple[socket.socket, Path]:
    path = directory / "plugin"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(16)
    return listener, path


def _refusal() -> str | None:
    if os.environ.get("TF_PLUGIN_MAGIC_COOKIE") != _COOKIE:
        return (
            "This program is a Terraform provider: terraform starts it. Run `penstock provider "
            "install` "
            "so that `terraform init` finds it, or start it with `--reattach` for tests."
        )
    wanted = os.environ.get("PLUGIN_PROTOCOL_VERSIONS", "")
    if wanted and str(_PROTOCOL) not in wanted.split(","):
        return f"This Terraform speaks plugin protocol {wanted}; the provider needs {_PROTOCOL}."
    return None


def serve(make: Callable[[Loop], Provider]) -> int:
    """Runs as Terraform's child until Terraform leaves; the exit code."""
    refusal = _refusal()
    if refusal is not None:
        sys.stderr.write(refusal + "\n")
        return 1
    # Terraform shares our process group: Ctrl-C is its to handle, it tells us by StopProvider.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    directory = Path(
        tempfile.mkdtemp(prefix="plugin", dir=os.environ.get("PLUGIN_UNIX_SOCKET_DIR"))
    )
    try:
        listener, path = _listen(directory)
        client, context, certificate = os.environ.get("PLUGIN_CLIENT_CERT"), None, ""
        if client:
            context, der = tls.server_context(client, directory)
            certificate = base64.b64encode(der).decode().rstrip("=")
        sys.stdout.write(f"1|{_PROTOCOL}|unix|{path}|grpc|{certificate}\n")
        sys.stdout.flush()
        sys.stdout = sys.stderr
        sock = _accept(listener, context)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    loop = Loop()
    provider = make(loop)
    provider.peer = peer_of(sock)
    core = Core(provider)
    connection = Connection(
        loop,
        sock,
        handlers=_handlers(core, loop.stop),
        streams=core.streams(),
        open_streams=_OPEN_STREAMS,
        on_close=loop.stop,
    )
    loop.run()
    connection.drain()
    provider.close()
    sys.stderr.flush()
    # Worker threads may be waiting for a server; nobody waits for them any more.
    os._exit(0)


def _accept(listener: socket.socket, context: ssl.SSLContext | None) -> socket.socket:
    """The first connection that proves to be Terraform's; ends when none comes in time."""
    listener.settimeout(_WAIT_SECONDS)
    while True:
        sock, _ = listener.accept()
        if context is None:
            sock.setblocking(False)
            listener.close()
            return sock
        sock.settimeout(_TLS_SECONDS)
        try:
            secured = context.wrap_socket(sock, server_side=True)
        except OSError as error:
            log("warn", "a client failed the TLS handshake", error=str(error))
            sock.close()
            continue
        secured.setblocking(False)
        listener.close()
        return secured


class Reattach:
    """Serves any number of Terraform commands, one provider for each connection, without TLS.

    The socket is in a directory that only this user may enter. ``environment`` is what Terraform
    needs; ``run`` serves until ``stop``.
    """

    def __init__(self, make: Callable[[Loop], Provider], *, addresses: Sequence[str]) -> None:
        self._make = make
        self._loop = Loop()
        self._directory = Path(tempfile.mkdtemp(prefix="plugin"))
        self._listener, path = _listen(self._directory)
        self._listener.setblocking(False)
        self._open: set[Connection] = set()
        description = {
            "Protocol": "grpc",
            "ProtocolVersion": _PROTOCOL,
            "Pid": os.getpid(),
            "Test": True,
            "Addr": {"Network": "unix", "String": str(path)},
        }
        self.environment = {
            "TF_REATTACH_PROVIDERS": json.dumps(dict.fromkeys(addresses, description))
        }
        self._loop.watch(self._listener, self._accept)

    def run(self) -> None:
        """Serves until ``stop`` is called from another thread."""
        try:
            self._loop.run()
        finally:
            for connection in list(self._open):
                connection.close()
            self._loop.forget(self._listener)
            self._listener.close()
            self._loop.close()
            shutil.rmtree(self._directory, ignore_errors=True)

    def stop(self) -> None:
        """Ends ``run``."""
        self._loop.stop()

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            sock, _ = self._listener.accept()
            sock.setblocking(False)
            provider = self._make(self._loop)
            provider.peer = peer_of(sock)
            core = Core(provider)
            opened: list[Connection] = []

            def closed() -> None:
                self._open.difference_update(opened)
                provider.close()

            connection = Connection(
                self._loop,
                sock,
                handlers=_handlers(core, lambda: None),
                streams=core.streams(),
                open_streams=_OPEN_STREAMS,
                on_close=closed,
            )
            opened.append(connection)
            self._open.add(connection)
