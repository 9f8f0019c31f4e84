"""The process: go-plugin's handshake, or reattach mode for use without installation.

Until the handshake's line is written nothing is imported that it does not need: Terraform waits
for it, and what comes after is imported while Terraform connects.
"""

from __future__ import annotations

import binascii
import os
import sys

from penstock_provider.framework.endpoint import (
    accept,
    listen,
    private_directory,
    remove_directory,
)

# `typing` itself imports `re` and more, and costs as much as the rest of a handshake.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from penstock_provider.framework.endpoint import Endpoint
    from penstock_provider.framework.http2 import Connection
    from penstock_provider.framework.loop import Loop
    from penstock_provider.framework.resource import Provider
    from penstock_provider.framework.tls import Server

    Make = Callable[[Loop], Provider]

_COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
_OPEN_STREAMS = frozenset({"/plugin.GRPCStdio/StreamStdio", "/plugin.GRPCBroker/StartStream"})
_PROTOCOL = 6
_TLS_SECONDS = 10
_WAIT_SECONDS = 120


def _connect(
    loop: Loop,
    endpoint: Endpoint,
    make: Make,
    *,
    shutdown: Callable[[], None],
    on_close: Callable[[], None],
) -> tuple[Connection, Provider]:
    from penstock_provider.framework import protocol  # noqa: PLC0415 (after the handshake)
    from penstock_provider.framework.core import Core  # noqa: PLC0415 (likewise)
    from penstock_provider.framework.http2 import Connection  # noqa: PLC0415 (likewise)
    from penstock_provider.framework.peer import peer_of  # noqa: PLC0415 (likewise)

    async def healthy(_: bytes) -> bytes:
        return protocol.types["HealthResponse"](status=1).SerializeToString()

    async def stop(_: bytes) -> bytes:
        shutdown()
        return b""

    provider = make(loop)
    provider.peer = peer_of(endpoint)
    core = Core(provider)
    handlers = {
        **core.handlers(),
        "/grpc.health.v1.Health/Check": healthy,
        "/plugin.GRPCController/Shutdown": stop,
    }
    connection = Connection(
        loop,
        endpoint,
        handlers=handlers,
        streams=core.streams(),
        open_streams=_OPEN_STREAMS,
        on_close=on_close,
    )
    return connection, provider


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


def _ignore_interrupts() -> None:
    """Terraform shares our process group: Ctrl-C is its to handle, it tells us by StopProvider."""
    try:
        import _signal as signal  # pyrefly: ignore[missing-import]  # noqa: PLC0415 (`signal` imports `enum`)
    except ImportError:
        import signal  # noqa: PLC0415
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def serve(load: Callable[[], Make]) -> int:
    """Runs as Terraform's child until Terraform leaves; the exit code.

    ``load`` is called after the handshake, and gives what makes the provider.
    """
    refusal = _refusal()
    if refusal is not None:
        sys.stderr.write(refusal + "\n")
        return 1
    _ignore_interrupts()
    directory = private_directory(os.environ.get("PLUGIN_UNIX_SOCKET_DIR"))
    try:
        listener, path = listen(directory)
        client, server, certificate = os.environ.get("PLUGIN_CLIENT_CERT"), None, ""
        if client:
            from penstock_provider.framework import tls  # noqa: PLC0415 (Terraform may do without)

            server = tls.Server(client, directory)
            certificate = binascii.b2a_base64(server.der, newline=False).decode().rstrip("=")
        sys.stdout.write(f"1|{_PROTOCOL}|unix|{path}|grpc|{certificate}\n")
        sys.stdout.flush()
        sys.stdout = sys.stderr
        from penstock_provider.framework.crash import keep_secrets  # noqa: PLC0415 (as below)
        from penstock_provider.framework.loop import Loop  # noqa: PLC0415 (Terraform may connect)

        keep_secrets()
        make = load()
        endpoint = _accept(listener, server)
    finally:
        remove_directory(directory)
    loop = Loop()
    connection, provider = _connect(loop, endpoint, make, shutdown=loop.stop, on_close=loop.stop)
    loop.run()
    connection.drain()
    provider.close()
    sys.stderr.flush()
    # Worker threads may be waiting for a server; nobody waits for them any more.
    os._exit(0)


def _accept(listener: Any, server: Server | None) -> Endpoint:
    """The first connection that proves to be Terraform's; ends when none comes in time."""
    listener.settimeout(_WAIT_SECONDS)
    while True:
        sock = accept(listener)
        if server is None:
            sock.settimeout(0)
            listener.close()
            return sock
        try:
            secured = server.secure(sock, seconds=_TLS_SECONDS)
        except OSError as error:
            from penstock_provider.framework.log import log  # noqa: PLC0415 (hardly ever)

            log("warn", "a client failed the TLS handshake", error=str(error))
            sock.close()
            continue
        listener.close()
        return secured


class Reattach:
    """Serves any number of Terraform commands, one provider for each connection, without TLS.

    The socket is in a directory that only this user may enter. ``environment`` is what Terraform
    needs; ``run`` serves until ``stop``.
    """

    def __init__(self, make: Make, *, addresses: Sequence[str]) -> None:
        import json  # noqa: PLC0415 (a start by Terraform needs none)

        from penstock_provider.framework.loop import Loop  # noqa: PLC0415 (see above)

        self._make = make
        self._loop = Loop()
        self._directory = private_directory(None)
        self._listener, path = listen(self._directory)
        self._listener.settimeout(0)
        self._open: set[Connection] = set()
        description = {
            "Protocol": "grpc",
            "ProtocolVersion": _PROTOCOL,
            "Pid": os.getpid(),
            "Test": True,
            "Addr": {"Network": "unix", "String": path},
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
            remove_directory(self._directory)

    def stop(self) -> None:
        """Ends ``run``."""
        self._loop.stop()

    def _accept(self) -> None:
        try:
            sock = accept(self._listener)
        except BlockingIOError:
            return
        sock.settimeout(0)
        opened: list[tuple[Connection, Provider]] = []

        def closed() -> None:
            for connection, provider in opened:
                self._open.discard(connection)
                provider.close()

        made = _connect(self._loop, sock, self._make, shutdown=lambda: None, on_close=closed)
        opened.append(made)
        self._open.add(made[0])
