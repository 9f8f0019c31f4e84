"""Every example of the provider is run: plan, apply, empty plan, destroy, against a server that has something."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from pathlib import Path

import pytest
import yaml

from penstock.docs import terraform as documented
from penstock.docs.build import EXAMPLES

from ..provider.workspace import Terraform  # noqa: TID252 (no name for `tests` at run time)

THERE = Path(__file__).parent / "there" / "company.yaml"
OUTSIDE = {"penstock_secret_manager_value"}
"""These need a service that is not ours: their configuration is only checked, in tests/house."""
APPLIED = ("resources", "data-sources", "ephemeral-resources")
"""Others are not for `apply`, and need Terraform 1.14: they have tests of their own."""
EXAMPLE = [
    f"{folder}/{name}"
    for folder, name, _ in documented.things()
    if folder in APPLIED and name not in OUTSIDE
]
VARIABLE = re.compile(r'^variable "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def company(server):
    """What the examples of data sources look for, declared by somebody else."""
    for step in yaml.safe_load(THERE.read_text()):
        if "put" in step:
            server.put(step["put"], step["body"], **{"Penstock-Owner": "ui"})
            continue
        answer = server.http.post("/executions", json=step["run"])
        assert answer.status_code == 201, answer.text
        with server.http.stream("GET", f"/executions/{answer.json()['id']}/follow") as stream:
            assert any("event: end" in line for line in stream.iter_lines())


@pytest.fixture
def example(tmp_path, server, reattach, company, monkeypatch):
    """A copy of an example's folder, with a value for each variable that needs one."""
    made = Terraform(tmp_path, server.url, server.token, reattach)
    # The provider runs in this process.
    monkeypatch.setenv("PENSTOCK_ENDPOINT", server.url)
    monkeypatch.setenv("PENSTOCK_TOKEN", server.token)

    def prepared(folder: str) -> Terraform:
        shutil.copytree(EXAMPLES / folder, tmp_path, dirs_exist_ok=True)
        for name, inside in VARIABLE.findall((tmp_path / "main.tf").read_text()):
            if "default" not in inside:
                made.environment[f"TF_VAR_{name}"] = secrets.token_hex(32)
        return made

    return prepared


@pytest.mark.parametrize("folder", EXAMPLE)
def test_an_example_is_applied(example, folder):
    terraform = example(folder)
    terraform.apply()
    terraform.plan(0)
    shown = json.loads(terraform.run("show", "-json"))["values"]
    found = [item["type"] for item in shown["root_module"].get("resources", [])]
    if not folder.startswith("ephemeral-"):
        assert folder.rpartition("/")[2] in found
    assert all("value" in output for output in shown.get("outputs", {}).values())
    terraform.run("destroy", "-auto-approve")


def test_what_data_sources_find(example, server):
    terraform = example("data-sources/penstock_state")
    folder = terraform.directory
    blocks = []
    for path in sorted((EXAMPLES / "data-sources").glob("*/main.tf")):
        text = path.read_text()
        blocks += re.findall(r'^data "(\w+)" "(\w+)" (\{.*?^\})', text, re.MULTILINE | re.DOTALL)
    unique = {(kind, name): body for kind, name, body in blocks}
    (folder / "main.tf").write_text(
        'terraform {\n  required_providers {\n    penstock = { source = "penstock/penstock" }\n  }\n}\n'
        + "".join(f'data "{kind}" "{name}" {body}\n' for (kind, name), body in unique.items())
    )
    terraform.apply()
    state = terraform.state()
    data = {address.removeprefix("data.penstock_"): values for address, values in state.items()}
    assert [*data["flows.finance"]["flows"]] == ["company.finance/close_month"]
    assert data["flow.notify"]["description"] == "Tells people"
    assert data["namespace.shared"]["variables"] == {"bucket": "raw"}
    namespaces = data["namespaces.company"]["namespaces"].keys()  # other tests may have some, too
    assert "company.shared" in namespaces
    assert "company.finance" not in namespaces
    assert data["secret.warehouse"]["version"] == 1
    assert data["secret_keys.team"]["namespaces"] == {"WAREHOUSE_TOKEN": "company.shared"}
    assert data["schedule.close"]["next_fire_at"].endswith("-01T04:00:00Z")
    assert (
        data["schedules.finance"]["schedules"]["company.finance/close_each_month"]["timezone"]
        == "UTC"
    )
    assert data["kv.rates"]["value"] == {"vat": 0.2}
    assert data["kv.rates"]["type"] == "JSON"
    assert data["kvs.shared"]["values"] == {"rates": {"vat": 0.2}}
    assert data["file.orders"]["content"] == "SELECT * FROM orders;\n"
    assert data["files.queries"]["files"]["company.shared/sql/orders.sql"]["size"] == 22
    assert data["test.notify"]["flow_id"] == "notify"
    assert [*data["tests.shared"]["tests"]] == ["company.shared/notify_test"]
    assert data["executions.failed"]["executions"] == []
    latest = data["execution.latest"]
    assert (latest["state"], latest["outputs"]) == ("SUCCESS", {"channel": "orders"})
    assert latest["flow_hash"] == data["flow.notify"]["content_hash"]
    assert latest["ended_at"] >= latest["created_at"]
    assert latest["error"] is None
    ours = [item for item in data["state.all"]["objects"] if item["namespace"] == "company.finance"]
    assert [(item["kind"], item["id"], item["owner"]) for item in ours] == [
        ("flow", "close_month", "ui"),
        ("schedule", "close_each_month", "ui"),
    ]
    assert "s3cret-of-the-examples" not in (folder / "terraform.tfstate").read_text()
