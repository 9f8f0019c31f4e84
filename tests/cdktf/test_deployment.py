"""`env plan|apply` with a real Terraform and the real provider, against servers in memory."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from penstock_provider.install import configuration, install
from penstock_provider.terraform import find_terraform

from ..provider.fake import TOKEN, Fake  # noqa: TID252  # the folders of tests are no packages

CANARY = "canary-5f2c"
TERRAFORM = find_terraform()


class Proving(Fake):
    """A server on which every content has run once, with success."""

    def on_evidence_read(self, body: dict, *_: object) -> dict:
        return {"items": [{**flow, "success": 1, "failed": 0, "days": 1} for flow in body["flows"]]}


class Manager(BaseHTTPRequestHandler):
    """The secret manager's one answer."""

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:  # the name in http.server
        data = base64.b64encode(CANARY.encode()).decode()
        body = json.dumps({"payload": {"data": data}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def manager(monkeypatch):
    http = ThreadingHTTPServer(("127.0.0.1", 0), Manager)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "stand-in")
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def fakes():
    made = {"dev": Proving(), "prod": Fake()}
    for fake in made.values():
        fake.url = fake.start()
    yield made
    for fake in made.values():
        fake.stop()


ENVIRONMENT = """\
server: {{endpoint: "{url}"}}
backend: {{local: {{path: state/{name}.tfstate}}}}
flows: {{from: {origin}}}
namespaces: {{shop: {{variables: {{stage: "{name} ${{x}}", nothing: null}}}}}}
secrets:
  - namespace: shop
    key: K
    manager: {{project: p, secret: s, version: "1", endpoint: "{manager}"}}
schedules:
  - {{namespace: shop, id: nightly, flow: load, cron: "0 6 * * *"}}
"""


@pytest.fixture
def both(project, fakes, manager, monkeypatch):
    """Dev and prod, each with a server and a state of its own."""
    tmp_path = project.root.parent
    mirror = tmp_path / "mirror"
    install(mirror)
    (tmp_path / "cli.tfrc").write_text(configuration(mirror))
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "cli.tfrc"))
    monkeypatch.setenv("CHECKPOINT_DISABLE", "1")
    monkeypatch.setenv("PENSTOCK_TOKEN", TOKEN)
    for name, origin in (("dev", "git"), ("prod", "lock")):
        text = ENVIRONMENT.format(name=name, origin=origin, url=fakes[name].url, manager=manager)
        project.write(f"environments/{name}/environment.yaml", text)
    project.write("environments/prod/promotion.yaml", "promotes_from: dev\n")
    return project


def load(project, say: str) -> str:
    return project.flow(
        "shop/load",
        text="id: load\nnamespace: shop\ntasks:\n  - id: t\n    type: core.log.Log\n"
        f"    message: '{say} ${{HOME}} %{{if}} é'\n",
    )


def promote(run) -> None:
    code, out, err = run("promote", "apply")
    assert code == 0, out + err


def test_a_commit_reaches_dev_and_a_promotion_reaches_prod(both, fakes, run, answer):
    sha = load(both, "one")
    both.commit()
    assert run("env", "plan", "dev", terraform=TERRAFORM)[0] == 2
    code, out, err = run("env", "apply", "dev", terraform=TERRAFORM)
    assert code == 0, out + err
    assert out.rstrip().endswith("dev: applied.")
    assert run("env", "plan", "dev", terraform=TERRAFORM)[0] == 0
    assert fakes["prod"].objects == {}
    promote(run)
    code, value = answer("env", "apply", "prod", terraform=TERRAFORM)
    assert (code, value["applied"]) == (0, True)
    assert value["conformance"]["changes"] == [f"create shop/load {sha[:12]}"]
    assert answer("env", "plan", "prod", terraform=TERRAFORM)[0] == 0
    stored = {name: fake.objects["flow/shop/load"]["source"] for name, fake in fakes.items()}
    path = both.root / "cdktf-app/flows/shop/load.yaml"
    assert stored["dev"].encode() == stored["prod"].encode() == path.read_bytes()
    variables = fakes["prod"].objects["namespace/shop"]["variables"]
    assert variables == {"stage": "prod ${x}", "nothing": None}
    # A later commit changes dev only.
    load(both, "two")
    both.commit()
    assert run("env", "plan", "dev", terraform=TERRAFORM)[0] == 2
    assert run("env", "plan", "prod", terraform=TERRAFORM)[0] == 0
    written = [path for path in both.root.rglob("*") if path.is_file()]
    assert not [path for path in written if CANARY.encode() in path.read_bytes()]


def test_a_hand_edit_in_prod_stops_the_apply_until_it_is_healed(both, fakes, run, answer):
    load(both, "one")
    both.commit()
    promote(run)
    assert run("env", "apply", "prod", terraform=TERRAFORM)[0] == 0
    kept = fakes["prod"].objects["flow/shop/load"]["source"]
    edited = {"source": kept.replace("one", "hand")}
    fakes["prod"].write("flow", "shop", "load", edited, owner="terraform:prod")
    code, value = answer("env", "plan", "prod", terraform=TERRAFORM)
    assert code == 4
    assert value["conformance"]["drift"][0].startswith("shop/load was changed on the server")
    code, out, _ = run("env", "apply", "prod", terraform=TERRAFORM)
    assert code == 4
    assert "`env apply --heal` lets the locks win." in out
    assert "hand" in fakes["prod"].objects["flow/shop/load"]["source"]
    assert run("env", "apply", "prod", "--heal", terraform=TERRAFORM)[0] == 0
    assert fakes["prod"].objects["flow/shop/load"]["source"] == kept


def test_D26_destroying_dev_leaves_prod_untouched(both, fakes, run):
    load(both, "one")
    both.commit()
    promote(run)
    for name in ("dev", "prod"):
        assert run("env", "apply", name, terraform=TERRAFORM)[0] == 0
    states = {name: both.root / f"state/{name}.tfstate" for name in ("dev", "prod")}
    before, objects = states["prod"].read_bytes(), dict(fakes["prod"].objects)
    done = subprocess.run(
        [*TERRAFORM, f"-chdir={both.root / 'cdktf.out/stacks/dev'}", "destroy", "-auto-approve"],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert fakes["dev"].objects == {}
    assert json.loads(states["dev"].read_text())["resources"] == []
    assert states["prod"].read_bytes() == before
    assert fakes["prod"].objects == objects
    assert run("env", "plan", "prod", terraform=TERRAFORM)[0] == 0


def test_a_plan_that_fails_is_an_error_and_not_a_change(both, run, monkeypatch):
    load(both, "one")
    both.commit()
    monkeypatch.setenv("PENSTOCK_DEV_TOKEN", "wrong")
    code, _, err = run("env", "plan", "dev", terraform=TERRAFORM)
    assert code == 1
    assert "terraform plan failed with exit code 1; its reasons are above." in err


def test_without_terraform_there_is_a_sentence(project, run, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, err = run("env", "plan", "dev")
    assert code == 1
    assert "neither terraform nor tofu on PATH" in err
