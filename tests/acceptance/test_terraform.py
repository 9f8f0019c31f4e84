"""Plan is empty after apply and after import, and drift shows and heals: each resource, for real."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from .conftest import Server, Terraform

REQUIRED = {
    "required_providers": {"penstock": {"source": "penstock/penstock", "version": "~> 0.1"}}
}
FLOW = """id: hello
namespace: company.team
inputs:
  - id: name
    type: STRING
    defaults: you
tasks:
  - id: say
    type: core.log.Log
    message: Good morning, {{ inputs.name }}
"""
SINGLE = FLOW.replace("company.team", "company.single")
TEST = "id: hello_test\nnamespace: company.single\nflowId: hello\ncases: [{id: greets}]\n"
LOGO = bytes(range(256))
OTHER = FLOW.replace("id: hello", "id: other")

RESOURCES: dict[str, dict] = {
    "penstock_namespace": {
        "namespace": "company.team",
        "description": "The team's own",
        "variables": {"bucket": "raw", "limits": {"rows": 3}},
    },
    "penstock_flow": {"source": SINGLE},
    "penstock_flows": {"namespace": "company.team", "sources": {"hello": FLOW, "other": OTHER}},
    "penstock_secret": {
        "namespace": "company.team",
        "key": "API_KEY",
        "value_wo": "canary-5c1e1c0b",
        "value_wo_version": "1",
    },
    "penstock_schedule": {
        "namespace": "company.team",
        "schedule_id": "nightly",
        "flow_id": "hello",
        "cron": "0 6 * * *",
        "timezone": "Europe/Paris",
        "inputs": {"name": "Ada"},
        "depends_on": ["penstock_flows.it"],
    },
    "penstock_kv": {"namespace": "company.team", "key": "rates", "value": {"vat": 0.2}},
    "penstock_file": {
        "namespace": "company.team",
        "path": "img/logo.bin",
        "source": "${path.module}/logo.bin",
    },
    "penstock_files": {"namespace": "company.single", "files": {"sql/a.sql": "SELECT 1;\n"}},
    "penstock_test": {"source": TEST, "depends_on": ["penstock_flow.it"]},
}
IMPORT_IDS = {
    "penstock_namespace": "company.team",
    "penstock_flow": "company.single/hello",
    "penstock_flows": "company.team",
    "penstock_secret": "company.team/API_KEY",
    "penstock_schedule": "company.team/nightly",
    "penstock_kv": "company.team/rates",
    "penstock_file": "company.team/img/logo.bin",
    "penstock_files": "company.single",
    "penstock_test": "company.single/hello_test",
}
PATHS = {
    "penstock_namespace": "/namespaces/company.team",
    "penstock_flow": "/flows/company.single/hello",
    "penstock_flows": "/flows/company.team/other",
    "penstock_secret": "/secrets/company.team/API_KEY",
    "penstock_schedule": "/schedules/company.team/nightly",
    "penstock_kv": "/kv/company.team/rates",
    "penstock_file": "/files/company.team/img/logo.bin",
    "penstock_files": "/files/company.single/sql/a.sql",
    "penstock_test": "/tests/company.single/hello_test",
}


EVERYTHING = {
    "terraform": REQUIRED,
    "resource": {kind: {"it": body} for kind, body in RESOURCES.items()},
}


def change_behind(api: httpx.Client, kind: str) -> None:
    """Somebody edits the object by hand, past Terraform."""
    force = {"penstock-owner": "terraform:default"}
    if kind in {"penstock_flow", "penstock_flows"}:
        text = api.get(PATHS[kind]).json()["source"]
        answer = api.put(
            PATHS[kind],
            content=text.replace("morning", "evening"),
            headers={"content-type": "application/yaml", **force},
        )
    else:
        body = {
            "penstock_namespace": {"description": "by hand"},
            "penstock_secret": {"value": "another value"},
            "penstock_schedule": {"flowId": "hello", "cron": "0 7 * * *"},
            "penstock_kv": {"value": "by hand"},
            "penstock_file": {"content": "by hand"},
            "penstock_files": {"content": "by hand"},
            "penstock_test": {"source": TEST + "# by hand\n"},
        }[kind]
        answer = api.put(PATHS[kind], json=body, headers=force)
    assert answer.status_code == 200, answer.text


def test_apply_drift_heal_and_import_of_everything_with_the_installed_provider(
    server: Server, terraform: Terraform, new_terraform: Callable[..., Terraform]
):
    """Plain `terraform init` from the mirror, with mutual TLS; tests/terraform has the details."""
    terraform.write(EVERYTHING)
    (terraform.folder / "logo.bin").write_bytes(LOGO)
    terraform.init()
    terraform.apply()
    terraform.assert_nothing_to_do()
    where = {"namespace": "company.team", "path": "img/logo.bin"}
    assert server.api.get("/files:content", params=where).content == LOGO

    before = {kind: server.api.get(path).json()["contentHash"] for kind, path in PATHS.items()}
    for kind in PATHS:
        change_behind(server.api, kind)
    assert terraform.plan_code() == 2
    assert f"{len(PATHS)} to change" in terraform.last.stdout, "each change shows as drift"
    terraform.apply()
    assert {
        kind: server.api.get(path).json()["contentHash"] for kind, path in PATHS.items()
    } == before
    terraform.assert_nothing_to_do()

    fresh = new_terraform(server, "fresh")
    fresh.write(EVERYTHING)
    (fresh.folder / "logo.bin").write_bytes(LOGO)
    fresh.init()
    for kind, identity in IMPORT_IDS.items():
        fresh.run("import", "-no-color", f"{kind}.it", identity)
    fresh.assert_nothing_to_do()


def test_a_change_of_blanks_alone_reaches_the_server_to_the_byte(
    server: Server, terraform: Terraform
):
    """Otherwise a promoted hash could differ from the one that prod runs."""
    for text in (FLOW, FLOW + "\n", FLOW.replace("\n", "\r\n")):
        terraform.write(
            {"terraform": REQUIRED, "resource": {"penstock_flow": {"it": {"source": text}}}}
        )
        if text == FLOW:
            terraform.init()
        terraform.apply()
        assert server.api.get("/flows/company.team/hello").json()["source"] == text
        terraform.assert_nothing_to_do()


def test_D28_delete_in_code_deletes_on_the_server_and_leaves_others_alone(
    server, terraform, new_terraform: Callable
):
    terraform.environment["PENSTOCK_OWNER"] = "terraform:mine"
    terraform.write(
        {"terraform": REQUIRED, "resource": {"penstock_flow": {"it": {"source": FLOW}}}}
    )
    terraform.init()
    terraform.apply()
    other = FLOW.replace("id: hello", "id: theirs")
    server.put_flow(other)

    # Another workspace may not take the flow over: a conflict, not a take-over.
    stranger = new_terraform(server, "stranger", owner="terraform:stranger")
    stranger.write(
        {
            "terraform": REQUIRED,
            "resource": {"penstock_flow": {"it": {"source": FLOW.replace("morning", "evening")}}},
        }
    )
    stranger.init()
    refused = stranger.run("apply", "-auto-approve", "-input=false", "-no-color", codes=(1,))
    assert "terraform:mine" in refused.stderr
    assert "morning" in server.api.get("/flows/company.team/hello").json()["source"]

    terraform.write({"terraform": REQUIRED})
    terraform.apply()
    assert server.api.get("/flows/company.team/hello").status_code == 404
    assert server.api.get("/flows/company.team/theirs").status_code == 200


def test_D26_destroying_dev_leaves_prod_untouched(new_server: Callable, new_terraform: Callable):
    dev, prod = new_server("dev"), new_server("prod")
    folders = {}
    for name, server in (("dev", dev), ("prod", prod)):
        folders[name] = new_terraform(server, f"tf-{name}")
        folders[name].write(EVERYTHING)
        (folders[name].folder / "logo.bin").write_bytes(LOGO)
        folders[name].init()
        folders[name].apply()
    folders["dev"].run("destroy", "-auto-approve", "-input=false", "-no-color")
    assert dev.api.get("/flows/company.team/hello").status_code == 404
    assert prod.api.get("/flows/company.team/hello").status_code == 200
    folders["prod"].assert_nothing_to_do()
