"""A stand-in for Google Cloud's Secret Manager: the part of its REST protocol that reads secrets.

`python demo/secret_manager.py --secrets FILE [--port 0]` serves on loopback what FILE holds:
``{"<project>/<secret>": ["first version", "second version"]}``. It is a real process speaking
HTTP, so that the way of a secret through Terraform is the real one.

    GET /v1/projects/P/secrets/S/versions/V:access   V is a number or `latest`
    GET /v1/projects/P/secrets/S/versions            newest first, without values

Every call needs `Authorization: Bearer <token>`; the token is read from the environment variable
SECRET_MANAGER_TOKEN. Source: https://cloud.google.com/secret-manager/docs/reference/rest
"""

from __future__ import annotations

import argparse
import base64
import hmac
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypedDict

_VERSION = re.compile(r"/v1/projects/([^/]+)/secrets/([^/]+)/versions/(\d+|latest):access")
_VERSIONS = re.compile(r"/v1/projects/([^/]+)/secrets/([^/]+)/versions")
_STATUSES = {401: "UNAUTHENTICATED", 404: "NOT_FOUND", 400: "INVALID_ARGUMENT"}


class Payload(TypedDict):
    """A value and its checksum."""

    data: str
    dataCrc32c: str


class Answer(Exception):
    """An error answer, as the service words it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli), the checksum of payloads."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class SecretManager(ThreadingHTTPServer):
    """Serves `secrets` (``project/secret`` → values, oldest first) to bearers of `token`.

    `accessed` lists what was read, in order.
    """

    daemon_threads = True

    def __init__(self, secrets: Mapping[str, Sequence[str]], token: str, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.secrets = secrets
        self.token = token
        self.accessed: list[str] = []

    @property
    def url(self) -> str:
        """Address for the provider's `endpoint`."""
        return f"http://127.0.0.1:{self.server_port}"

    def access(self, project: str, secret: str, version: str) -> dict[str, str | Payload]:
        """Answer of `versions.access`."""
        values = self._values(project, secret)
        number = len(values) if version == "latest" else int(version)
        if not 1 <= number <= len(values):
            raise Answer(404, f"Secret Version [{_name(project, secret, number)}] not found.")
        data = values[number - 1].encode()
        name = _name(project, secret, number)
        self.accessed.append(name)
        encoded = base64.b64encode(data).decode()
        return {"name": name, "payload": {"data": encoded, "dataCrc32c": str(crc32c(data))}}

    def versions(self, project: str, secret: str) -> dict[str, list[dict[str, str]] | int]:
        """Answer of `versions.list`."""
        numbers = range(len(self._values(project, secret)), 0, -1)
        found = [{"name": _name(project, secret, n), "state": "ENABLED"} for n in numbers]
        return {"versions": found, "totalSize": len(found)}

    def _values(self, project: str, secret: str) -> Sequence[str]:
        if f"{project}/{secret}" not in self.secrets:
            raise Answer(404, f"Secret [projects/{project}/secrets/{secret}] not found.")
        return self.secrets[f"{project}/{secret}"]


def _name(project: str, secret: str, version: int) -> str:
    return f"projects/{project}/secrets/{secret}/versions/{version}"


class _Handler(BaseHTTPRequestHandler):
    server: SecretManager
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        try:
            code, body = 200, self._answer()
        except Answer as answer:
            status = _STATUSES[answer.code]
            code = answer.code
            body = {"error": {"code": code, "message": str(answer), "status": status}}
        text = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _answer(self) -> object:
        given = self.headers.get("Authorization") or ""
        if not hmac.compare_digest(given.encode(), f"Bearer {self.server.token}".encode()):
            raise Answer(401, "Request had invalid authentication credentials.")
        path = self.path.partition("?")[0]
        if found := _VERSION.fullmatch(path):
            return self.server.access(found[1], found[2], found[3])
        if found := _VERSIONS.fullmatch(path):
            return self.server.versions(found[1], found[2])
        raise Answer(404, "No such method.")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the library's name
        """Says nothing: the demo's output is for what happens."""


def main() -> None:
    """Serves until its standard input ends, or it is told to end."""
    parser = argparse.ArgumentParser(description="A stand-in for GCP Secret Manager.")
    parser.add_argument("--secrets", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    token = os.environ.get("SECRET_MANAGER_TOKEN")
    if not token:
        sys.exit("Set SECRET_MANAGER_TOKEN to the token that callers must bear.")
    secrets: dict[str, list[str]] = json.loads(given.secrets.read_text(encoding="utf-8"))
    with SecretManager(secrets, token, given.port) as server:
        print(server.url, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
