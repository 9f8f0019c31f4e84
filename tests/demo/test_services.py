from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from penstock_provider.secret_managers import gcp

TOKEN = {"Authorization": "Bearer t"}
ACCESS = "/v1/projects/p/secrets/s/versions/{}:access"


@pytest.fixture
def manager(secret_manager: ModuleType) -> Iterator[str]:
    with secret_manager.SecretManager({"p/s": ["one", "zwölf"]}, "t") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server.url
        server.shutdown()
        thread.join()


def test_secret_manager_gives_versions_with_checksums(manager: str) -> None:
    for version, number, value in (("1", 1, "one"), ("2", 2, "zwölf"), ("latest", 2, "zwölf")):
        answer = httpx.get(manager + ACCESS.format(version), headers=TOKEN)
        assert answer.status_code == 200
        body = answer.json()
        assert body["name"] == f"projects/p/secrets/s/versions/{number}"
        data = base64.b64decode(body["payload"]["data"])
        assert data.decode() == value
        assert int(body["payload"]["dataCrc32c"]) == gcp.crc32c(data)


def test_secret_manager_lists_versions_without_values(manager: str) -> None:
    answer = httpx.get(f"{manager}/v1/projects/p/secrets/s/versions", headers=TOKEN)
    names = [version["name"].rpartition("/")[2] for version in answer.json()["versions"]]
    assert names == ["2", "1"]
    assert "payload" not in answer.text


@pytest.mark.parametrize(
    ("path", "headers", "code", "status"),
    [
        (ACCESS.format(1), {}, 401, "UNAUTHENTICATED"),
        (ACCESS.format(1), {"Authorization": "Bearer x"}, 401, "UNAUTHENTICATED"),
        (ACCESS.format(3), TOKEN, 404, "NOT_FOUND"),
        (ACCESS.format(0), TOKEN, 404, "NOT_FOUND"),
        ("/v1/projects/p/secrets/other/versions/1:access", TOKEN, 404, "NOT_FOUND"),
        ("/v1/elsewhere", TOKEN, 404, "NOT_FOUND"),
    ],
)
def test_secret_manager_refuses_as_the_real_one(
    manager: str, path: str, headers: dict[str, str], code: int, status: str
) -> None:
    answer = httpx.get(manager + path, headers=headers)
    assert answer.status_code == code
    assert answer.json()["error"]["status"] == status


def test_crc32c_is_castagnoli(secret_manager: ModuleType) -> None:
    assert secret_manager.crc32c(b"123456789") == 0xE3069283


def test_receiver_keeps_messages_and_guards_data(receiver: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("a\n")
    messages = tmp_path / "messages.jsonl"
    with receiver.Receiver(tmp_path, messages, data_token="d", chat_token="t") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        with httpx.Client(base_url=server.url) as client:
            assert client.get("/messages").json() == []
            assert client.post("/dev/messages", json={"a": "ü"}).status_code == 401
            assert client.post("/dev/messages", json={"a": "ü"}, headers=TOKEN).status_code == 201
            assert client.post("/dev/messages", content="x", headers=TOKEN).status_code == 400
            assert client.post("/nowhere", json=1, headers=TOKEN).status_code == 404
            assert client.get("/messages").json() == [{"channel": "dev", "message": {"a": "ü"}}]
            assert client.get("/data/orders.csv", headers=TOKEN).status_code == 401
            good = client.get("/data/orders.csv", headers={"Authorization": "Bearer d"})
            assert good.text == "a\n"
            assert client.get("/data/other.csv").status_code == 404
            assert client.get("/data/../messages.jsonl").status_code == 404
        server.shutdown()
        thread.join()
    assert json.loads(messages.read_text()) == {"channel": "dev", "message": {"a": "ü"}}


def test_both_run_as_programs(repository: Path, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"p/s": ["v"]}))
    tokens = {"SECRET_MANAGER_TOKEN": "t", "RECEIVER_DATA_TOKEN": "d", "RECEIVER_CHAT_TOKEN": "t"}
    for arguments, path in (
        (["secret_manager.py", "--secrets", secrets], ACCESS.format(1)),
        (["receiver.py", "--data", tmp_path, "--messages", tmp_path / "m"], "/messages"),
    ):
        program = [sys.executable, repository / "demo" / str(arguments[0]), *arguments[1:]]
        with subprocess.Popen(
            program, stdout=subprocess.PIPE, text=True, env={**os.environ, **tokens}
        ) as process:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert httpx.get(url + path, headers=TOKEN).status_code == 200
            process.terminate()
