"""One source, two environments: real servers, the real Terraform, the CDK app's own commands."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from penstock_cdktf.cli import main
from penstock_provider.terraform import find_terraform

from ..cdktf.conftest import FIXED, Project  # noqa: TID252 (no name for `tests` at run time)
from .conftest import Server

TERRAFORM = find_terraform()
FLOW = """id: load
namespace: shop
tasks:
  - id: say
    type: core.log.Log
    message: "{{ secret('TOKEN') }}"
outputs:
  - {id: stage, type: STRING, value: "{{ namespace.stage }}"}
  - {id: rate, type: FLOAT, value: "{{ kv('rates').vat }}"}
  - {id: region, type: STRING, value: "{{ read('region.txt') }}"}
  - {id: masked, type: STRING, value: "token {{ secret('TOKEN') }}"}
"""
ENVIRONMENT = """server: {{endpoint: "{url}"}}
backend: {{local: {{path: state/{name}.tfstate}}}}
flows: {{from: {origin}}}
namespaces: {{shop: {{variables: {{stage: {name}}}}}}}
secrets:
  - namespace: shop
    key: TOKEN
    manager: {{project: shop-{name}, secret: TOKEN, version: "1", endpoint: "{manager}"}}
kv:
  - {{namespace: shop, key: rates, value: {{vat: {rate}}}}}
"""
RATES = {"dev": 0.1, "prod": 0.2}


class Manager(BaseHTTPRequestHandler):
    """A secret manager in which each project has a value of its own."""

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:  # the name in http.server
        project = self.path.split("/projects/")[1].partition("/")[0]
        value = base64.b64encode(f"canary-of-{project}".encode()).decode()
        body = json.dumps({"payload": {"data": value}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch):
    http = ThreadingHTTPServer(("127.0.0.1", 0), Manager)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "stand-in")
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def servers(new_server: Callable[..., Server]) -> dict[str, Server]:
    return {name: new_server(name) for name in ("dev", "prod")}


@pytest.fixture
def project(tmp_path, servers, manager, provider_mirror: Path, monkeypatch):
    """Dev follows Git, prod follows its locks; each has a server, a token and a state of its own."""
    for name, value in FIXED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PENSTOCK_CDK", "none")
    monkeypatch.setenv("CHECKPOINT_DISABLE", "1")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(provider_mirror / "terraform.rc"))
    (tmp_path / "project").mkdir()
    made = Project(tmp_path / "project")
    for name, origin in (("dev", "git"), ("prod", "lock")):
        monkeypatch.setenv(f"PENSTOCK_{name.upper()}_TOKEN", servers[name].token)
        text = ENVIRONMENT.format(
            name=name, origin=origin, url=servers[name].url, manager=manager, rate=RATES[name]
        )
        made.write(f"environments/{name}/environment.yaml", text)
        made.write(f"environments/{name}/files/shop/region.txt", f"of ${{{name}}}")
        made.write(f"environments/{name}/files/shop/img/logo.bin", b"\0" + name.encode())
    made.write("environments/prod/promotion.yaml", "promotes_from: dev\n")
    made.write("cdktf-app/flows/shop/load.yaml", FLOW)
    made.head = made.commit()
    return made


@pytest.fixture
def run(project, capfd):
    def call(*arguments: str, code: int = 0) -> str:
        capfd.readouterr()
        ended = main([*arguments, "--root", str(project.root)], terraform=TERRAFORM)
        said = capfd.readouterr()
        assert ended == code, said.out + said.err
        return said.out

    return call


def deliver(project, servers, run) -> None:
    """From the commit to dev, proven there, into the lock, to prod."""
    run("env", "apply", "dev")
    assert servers["dev"].run("shop", "load")["state"] == "SUCCESS"
    run("promote", "apply", "--commit")
    run("env", "apply", "prod")


def test_B27_one_source_two_environments_one_hash_and_different_bindings(project, servers, run):
    deliver(project, servers, run)
    locked = project.lock("shop")["flows"]["load"]
    flows = {name: one.api.get("/flows/shop/load").json() for name, one in servers.items()}
    assert {flow["contentHash"] for flow in flows.values()} == {locked["sha256"]}
    assert {flow["source"] for flow in flows.values()} == {FLOW}

    ran = {name: one.run("shop", "load") for name, one in servers.items()}
    assert {name: one["outputs"]["stage"] for name, one in ran.items()} == {
        "dev": "dev",
        "prod": "prod",
    }
    assert {name: one["outputs"]["rate"] for name, one in ran.items()} == RATES
    assert {one["outputs"]["region"] for one in ran.values()} == {"of ${dev}", "of ${prod}"}
    logo = {"namespace": "shop", "path": "img/logo.bin"}
    for name, one in servers.items():
        content = one.api.get("/files:content", params=logo).content
        assert content == b"\0" + name.encode()
    assert {one["flowHash"] for one in ran.values()} == {locked["sha256"]}
    assert "canary-of-" not in json.dumps(ran)
    secrets = {name: one.api.get("/secrets/shop/TOKEN").json() for name, one in servers.items()}
    for name, one in servers.items():
        items = [{"namespace": "shop", "key": "TOKEN", "value": f"canary-of-shop-{name}"}]
        answer = one.api.post("/secrets:compare", json={"items": items}).json()
        assert answer["items"][0]["equal"] is True
    assert secrets["dev"]["fingerprint"] != secrets["prod"]["fingerprint"]

    # A token of dev opens nothing in prod, and both plans are empty.
    headers = {"authorization": f"Bearer {servers['dev'].token}"}
    assert servers["prod"].api.get("/flows", headers=headers).status_code in {401, 403}
    for name in servers:
        run("env", "plan", name)


def test_D32_one_command_says_what_is_deployed_where(project, servers, run):
    deliver(project, servers, run)
    text = run("env", "status", code=2)
    rows = {line.split()[0]: line for line in text.splitlines()}
    digest = project.lock("shop")["flows"]["load"]["sha256"][:12]
    assert rows["object"].split() == ["object", "dev", "prod"]
    times = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", rows["flow/shop/load"])
    assert len(times) == 2
    assert rows["flow/shop/load"].count(digest) == 2
    assert project.head[:8] in rows["flow/shop/load"]
    assert rows["flow/shop/load"].split()[1] == "same"
    assert rows["namespace/shop"].split()[1] == "differs"
    assert "secret/shop/TOKEN" in rows

    value = json.loads(run("env", "status", "--kind", "flow", "--output", "json"))
    (flow,) = value["objects"]
    dev, prod = flow["environments"]["dev"], flow["environments"]["prod"]
    assert flow["same"] is True
    assert dev["contentHash"] == prod["contentHash"]
    assert (dev["owner"], prod["owner"]) == ("terraform:dev", "terraform:prod")
    actors = {name: one.api.get("/whoami").json()["actor"] for name, one in servers.items()}
    assert {"dev": dev["actor"], "prod": prod["actor"]} == actors
    assert dev["commit"] == project.head
    assert prod["commit"] == project.git("rev-parse", "HEAD")

    # Somebody edits prod by hand: who and when stand there, and that it is no longer the same.
    edited = FLOW.replace("stage }}", "stage }}!")
    headers = {"content-type": "application/yaml", "penstock-owner": "terraform:prod"}
    answer = servers["prod"].api.put("/flows/shop/load", content=edited, headers=headers)
    assert answer.status_code == 200, answer.text
    text = run("env", "status", "--select", "shop/load", code=2)
    assert "flow/shop/load  differs" in text
    servers["dev"].kill()
    text = run("env", "status", "--select", "shop*", code=1)
    assert "could not be asked" in text
    assert re.search(r"^flow/shop/load +\? +\? ", text, re.MULTILINE)
    run("env", "status", "--kind", "flaw", code=1)
