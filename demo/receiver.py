"""The world around the pipeline: a raw data export, and a chat that takes notifications.

`python demo/receiver.py --data FOLDER --messages FILE [--port 0]` serves on loopback:

    GET  /data/<name>.csv      the files of FOLDER; needs the bearer token of RECEIVER_DATA_TOKEN
    POST /<channel>/messages   takes a JSON message; needs the bearer token of RECEIVER_CHAT_TOKEN
    GET  /messages             all messages so far, oldest first

Each message is appended to FILE as one JSON line: ``{"channel": …, "message": …}``.
"""

from __future__ import annotations

import argparse
import hmac
import json
import os
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_DATA = re.compile(r"/data/([a-z]+\.csv)")
_CHANNEL = re.compile(r"/([a-z]+)/messages")
_LARGEST = 1024 * 1024


class Receiver(ThreadingHTTPServer):
    """Serves `data`, keeps messages in `messages`; each side has a token of its own."""

    daemon_threads = True

    def __init__(
        self, data: Path, messages: Path, *, data_token: str, chat_token: str, port: int = 0
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.data = data
        self.messages = messages
        self.data_token = data_token
        self.chat_token = chat_token
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Address of all three services."""
        return f"http://127.0.0.1:{self.server_port}"

    def keep(self, channel: str, message: object) -> None:
        """Appends a message to the file."""
        line = json.dumps({"channel": channel, "message": message}, ensure_ascii=False)
        with self._lock, self.messages.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def kept(self) -> list[object]:
        """All messages so far."""
        if not self.messages.exists():
            return []
        lines = self.messages.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/messages":
            self._answer(200, json.dumps(self.server.kept()).encode())
        elif (found := _DATA.fullmatch(self.path)) and (self.server.data / found[1]).is_file():
            if self._bears(self.server.data_token):
                self._answer(200, (self.server.data / found[1]).read_bytes(), "text/csv")
        else:
            self._answer(404, b'{"error": "There is nothing here."}')

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(size, _LARGEST))
        found = _CHANNEL.fullmatch(self.path)
        if found is None:
            self._answer(404, b'{"error": "There is no such channel."}')
        elif self._bears(self.server.chat_token):
            try:
                message = json.loads(body)
            except ValueError:
                self._answer(400, b'{"error": "The message is no JSON."}')
                return
            self.server.keep(found[1], message)
            self._answer(201, b'{"ok": true}')

    def _bears(self, token: str) -> bool:
        given = self.headers.get("Authorization") or ""
        if hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return True
        self._answer(401, b'{"error": "The token is wrong or missing."}')
        return False

    def _answer(self, code: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(code)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the library's name
        """Says nothing: the demo's output is for what happens."""


def main() -> None:
    """Serves until it is told to end."""
    parser = argparse.ArgumentParser(description="The world around the demo's pipeline.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--messages", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    tokens = {
        "data_token": os.environ["RECEIVER_DATA_TOKEN"],
        "chat_token": os.environ["RECEIVER_CHAT_TOKEN"],
    }
    with Receiver(given.data, given.messages, **tokens, port=given.port) as server:
        print(server.url, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
