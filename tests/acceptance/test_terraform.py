"""Plan is empty after apply and after import, and drift shows and heals: each resource, for real."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

REQUIRED = {
    "required_providers": {"penstock": {"source": "penstock/penstock", "version": "~> 0.1"}}
}
FLOW = """id: hello
namespace: company.team
tasks:
  - id: say
    type: core.log.Log
    message: Good morning
"""
OTHER = FLOW.replace("id: hello", "id: other")

RESOURCES: dict[str, dict] = {
    "penstock_namespace": {
        "namespace": "company.team",
        "description": "The team's own",
        "variables": {"bucket": "raw", "limits": {"rows": 3}},
    },
    "penstock_flow": {"source": FLOW},
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
        "inputs": {},
        "depends_on": ["penstock_flow.needed"],
    },
}
IMPORT_IDS = {
    "penstock_namespace": "company.team",
    "penstock_flow": "company.team/hello",
    "penstock_flows": "company.team",
    "penstock_secret": "company.team/API_KEY",
    "penstock_schedule": "company.team/nightly",
}
PATHS = {
    "penstock_namespace": "/namespaces/company.team",
    "penstock_flow": "/flows/company.team/hello",
    "penstock_flows": "/flows/company.team/other",
    "penstock_secret": "/secrets/company.team/API_KEY",
    "penstock_schedule": "/schedules/company.team/nightly",
}


def configuration(kind: str) -> dict:
    resources = {kind: {"it": RESOURCES[kind]}}
    if kind == "penstock_schedule":
        resources["penstock_flow"] = {"needed": {"source": FLOW}}
    return {
        "terraform": REQUIRED,
        "resource": resources,
    }


def change_behind(api, kind: str) -> None:
    """Somebody edits the object by hand, past Terraform."""
    force = {"penstock-force-owner": "true"}
    if kind in {"penstock_flow", "penstock_flows"}:
        path, text = (PATHS[kind], OTHER) if kind == "penstock_flows" else (PATHS[kind], FLOW)
        answer = api.put(
            path,
            content=text.replace("morning", "evening"),
            headers={"content-type": "application/yaml", **force},
        )
    else:
        body = {
            "penstock_namespace": {"description": "by hand"},
            "penstock_secret": {"value": "another value"},
            "penstock_schedule": {"flowId": "hello", "cron": "0 7 * * *"},
        }[kind]
        answer = api.put(PATHS[kind], json=body, headers=force)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("kind", RESOURCES)
def test_second_plan_is_empty_and_drift_heals(server, terraform, kind: str):
    terraform.write(configuration(kind))
    terraform.init()
    terraform.apply()
    terraform.assert_nothing_to_do()

    before = server.api.get(PATHS[kind]).json()["contentHash"]
    change_behind(server.api, kind)
    assert terraform.plan_code() == 2, "a change behind Terraform's back must show"
    terraform.apply()
    assert server.api.get(PATHS[kind]).json()["contentHash"] == before
    terraform.assert_nothing_to_do()


@pytest.mark.parametrize("kind", RESOURCES)
def test_what_somebody_deleted_is_created_again(server, terraform, kind: str):
    terraform.write(configuration(kind))
    terraform.init()
    terraform.apply()
    gone = server.api.delete(PATHS[kind], headers={"penstock-force-owner": "true"})
    assert gone.status_code == 204, gone.text
    assert terraform.plan_code() == 2
    terraform.apply()
    assert server.api.get(PATHS[kind]).status_code == 200
    terraform.assert_nothing_to_do()


@pytest.mark.parametrize("kind", RESOURCES)
def test_plan_after_import_is_empty(server, terraform, new_terraform: Callable, kind: str):
    terraform.write(configuration(kind))
    terraform.init()
    terraform.apply()

    fresh = new_terraform(server, "fresh")
    fresh.write(configuration(kind))
    fresh.init()
    if kind == "penstock_schedule":
        fresh.run("import", "-no-color", "penstock_flow.needed", "company.team/hello")
    fresh.run("import", "-no-color", f"{kind}.it", IMPORT_IDS[kind])
    fresh.assert_nothing_to_do()


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
        folders[name].write(configuration("penstock_flows"))
        folders[name].init()
        folders[name].apply()
    folders["dev"].run("destroy", "-auto-approve", "-input=false", "-no-color")
    assert dev.api.get("/flows/company.team/hello").status_code == 404
    assert prod.api.get("/flows/company.team/hello").status_code == 200
    folders["prod"].assert_nothing_to_do()


def test_a_failed_set_leaves_nothing_half_written(server, terraform):
    broken = OTHER.replace("core.log.Log", "core.log.Lgo")
    setup = configuration("penstock_flows")
    setup["resource"]["penstock_flows"]["it"] = {
        "namespace": "company.team",
        "sources": {"hello": FLOW, "other": broken},
    }
    terraform.write(setup)
    terraform.init()
    refused = terraform.run("plan", "-input=false", "-no-color", codes=(1,))
    assert "core.log.Log" in refused.stderr, "the nearest name is named"
    assert "other" in refused.stderr
    assert server.api.get("/flows/company.team/hello").status_code == 404


def test_D31_no_byte_of_a_secret_in_state_plan_or_log(server, terraform, tmp_path):
    canary = RESOURCES["penstock_secret"]["value_wo"]
    terraform.environment |= {"TF_LOG": "TRACE", "TF_LOG_PATH": str(tmp_path / "trace.log")}
    # The value comes from a variable: what is written into a configuration file is no secret.
    setup = configuration("penstock_secret")
    setup["variable"] = {"value": {"type": "string", "sensitive": True, "ephemeral": True}}
    setup["resource"]["penstock_secret"]["it"] = {
        **RESOURCES["penstock_secret"],
        "value_wo": "${var.value}",
    }
    terraform.environment["TF_VAR_value"] = canary
    terraform.write(setup)
    terraform.init()
    terraform.run("plan", "-out=plan.bin", "-input=false", "-no-color")
    terraform.run("show", "-json", "plan.bin")
    terraform.apply()
    terraform.assert_nothing_to_do()
    answers = [
        server.api.get(path).content
        for path in (
            "/secrets/company.team/API_KEY",
            "/secrets",
            "/state?kinds=secret",
            "/audit-events",
        )
    ]
    # One word of the state is compared first, so that this check can fail.
    assert b"API_KEY" in (terraform.folder / "terraform.tfstate").read_bytes()
    unpacked = tmp_path / "plan"
    unpacked.mkdir()
    import zipfile

    zipfile.ZipFile(terraform.folder / "plan.bin").extractall(unpacked)
    for file in [p for p in tmp_path.rglob("*") if p.is_file()]:
        assert canary.encode() not in file.read_bytes(), file
    assert all(canary.encode() not in answer for answer in answers)
    assert b"API_KEY" in answers[0]
    assert json.loads(answers[0])["fingerprint"]
