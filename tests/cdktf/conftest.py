"""A project in a real Git repository, and a server which answers what promotion asks."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from penstock_cdktf.cli import main

FLOW = "id: {id}\nnamespace: {namespace}\ntasks:\n  - id: say\n    type: core.log.Log\n    message: {say}\n"
DEV = """\
server: {{endpoint: "{url}"}}
backend: {{local: {{path: state/dev.tfstate}}}}
"""
PROD = """\
server: {{endpoint: "{url}"}}
backend: {{local: {{path: state/prod.tfstate}}}}
flows: {{from: lock}}
"""
# The same commit ids on every machine and in every year.
FIXED = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


class Project:
    """A checkout with flows and environments."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "Ada")
        self.git("config", "user.email", "ada@example.com")

    def git(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.root), *arguments], capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, path: str, content: str | bytes) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return target

    def flow(self, ref: str, *, text: str | bytes | None = None, say: str = "hello") -> str:
        """Writes a flow and returns its SHA-256."""
        namespace, name = ref.split("/")
        if text is None:
            text = FLOW.format(id=name, namespace=namespace, say=say)
        path = f"cdktf-app/flows/{namespace.replace('.', '/')}/{name}.yaml"
        return hashlib.sha256(self.write(path, text).read_bytes()).hexdigest()

    def commit(self, message: str = "Change") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def lock(self, namespace: str, env: str = "prod") -> dict:
        path = self.root / f"environments/{env}/locks/{namespace}.lock.json"
        return json.loads(path.read_text())

    def stack(self, env: str) -> dict:
        return json.loads((self.root / f"cdktf.out/stacks/{env}/cdk.tf.json").read_text())


class Server:
    """Evidence by content, and flows and secrets that exist, over a real socket."""

    def __init__(self) -> None:
        self.evidence: dict[str, dict] = {}
        self.flows: dict[str, str] = {}
        self.secrets: set[str] = set()
        self.requests: list[tuple[str, str | None]] = []
        self.status = 200
        self.token = "stand-in-token"
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                return

            def answer(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size)) if size else {}
                server.requests.append((self.path, self.headers.get("Authorization")))
                status, answer = server.answer(self.path, body, self.headers.get("Authorization"))
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = answer  # noqa: N815  # the names in http.server

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def ran(self, sha256: str, *, success: int = 1, failed: int = 0, **more: object) -> None:
        self.evidence[sha256] = {"success": success, "failed": failed, "days": 1, **more}

    def answer(self, path: str, body: dict, authorization: str | None) -> tuple[int, dict]:
        if authorization != f"Bearer {self.token}":
            return 401, {"code": "unauthenticated", "detail": "The token is not known."}
        if self.status != 200:
            return self.status, {"detail": "broken on purpose"}
        what = path.removeprefix("/api/v1/tenants/main")
        if what == "/evidence:read":
            none = {"success": 0, "failed": 0, "days": 0, "firstAt": None, "lastAt": None}
            return 200, {
                "items": [
                    {**flow, **none, "engine": "0.1.0", "executions": []}
                    | self.evidence.get(flow["contentHash"], {})
                    for flow in body["flows"]
                ]
            }
        if what == "/state:read":
            found = [{"kind": one["kind"]} if self._has(one) else None for one in body["objects"]]
            return 200, {"objects": [{"ref": "", "object": one} for one in found]}
        if what == "/state?kinds=flow":
            rows = [
                {"namespace": ref.split("/")[0], "id": ref.split("/")[1], "contentHash": sha}
                for ref, sha in self.flows.items()
            ]
            return 200, {"objects": rows}
        return 404, {"detail": f"no {what}"}

    def _has(self, one: dict) -> bool:
        ref = f"{one['namespace']}/{one['id']}"
        return ref in (self.secrets if one["kind"] == "secret" else self.flows)


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("PENSTOCK_", "CDKTF_", "TF_", "GITHUB_", "CI_", "BUILD_")):
            monkeypatch.delenv(name)
    for name, value in FIXED.items():
        monkeypatch.setenv(name, value)
    # One process holds one library; test_golden starts others in processes of their own.
    monkeypatch.setenv("PENSTOCK_CDK", "none")


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    made = Project(root)
    made.write("environments/dev/environment.yaml", DEV.format(url="http://127.0.0.1:1"))
    return made


@pytest.fixture
def server(monkeypatch):
    made = Server()
    monkeypatch.setenv("PENSTOCK_TOKEN", made.token)
    yield made
    made.stop()


@pytest.fixture
def pair(project, server):
    """Dev follows Git, prod follows locks; one server stands for both."""
    project.write("environments/dev/environment.yaml", DEV.format(url=server.url))
    project.write("environments/prod/environment.yaml", PROD.format(url=server.url))
    project.write(
        "environments/prod/promotion.yaml", "promotes_from: dev\ngates: {min_successes: 1}\n"
    )
    return project


@pytest.fixture
def run(project, capfd):
    """Runs a command of the app on the project: exit code, stdout, stderr."""

    def call(*argv: str, terraform: list[str] | None = None) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main([*argv, "--root", str(project.root)], terraform=terraform)
        said = capfd.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def answer(run):
    """Runs a command with JSON output: exit code and value."""

    def call(*argv: str, terraform: list[str] | None = None) -> tuple[int, dict]:
        code, out, err = run(*argv, "--output", "json", terraform=terraform)
        assert out, err
        return code, json.loads(out)

    return call
