"""The demo's processes are its own, also when somebody else answers on their port."""

from __future__ import annotations

import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from .conftest import REPOSITORY, load


class Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_a_stranger_on_the_port_is_not_taken_for_the_server(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(REPOSITORY / "demo"), *sys.path])
    stage = load("stage")
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        thread = threading.Thread(target=stranger.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        port = stranger.server_address[1]
        stood = stage.Stage(tmp_path)
        try:
            with pytest.raises(stage.DemoFailed, match=f"Cannot listen on 127.0.0.1:{port}"):
                stood.start(
                    "dev",
                    stage.server_command(tmp_path / "data", port),
                    ready=f"http://127.0.0.1:{port}/health/ready",
                    environ=os.environ,
                    says=f"ready at http://127.0.0.1:{port}",
                )
        finally:
            stood.stop()
            stranger.shutdown()
            thread.join()
