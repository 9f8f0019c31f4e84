"""What somebody changes on the server needs a reason and an end, and shows in the next plan."""

from __future__ import annotations

import pytest

from .test_bad_input import sentence
from .test_references import resource
from .test_resources import block, quoted

TEXT = """id: load
namespace: NAMESPACE
tasks:
  - id: say
    type: core.log.Log
    message: WORD
triggers:
  - id: nightly
    type: core.trigger.Schedule
    cron: 0 2 * * *
"""
REASON = {"reason": "vendor outage", "expiresAt": "2999-11-26T18:00:00Z"}


def text(namespace: str, word: str = "hi") -> str:
    return TEXT.replace("NAMESPACE", namespace).replace("WORD", word)


def as_set(namespace: str, word: str = "hi") -> str:
    sources = f"{{ load = {quoted(text(namespace, word))} }}"
    return block("penstock_flows", namespace=quoted(namespace), sources=sources)


def single(namespace: str, word: str = "hi") -> str:
    return resource("it", text(namespace, word))


def switch_off(server, namespace, body=None):
    path = f"/triggers/{namespace}/load/nightly/disable"
    return server.http.post(path, json=REASON if body is None else body)


@pytest.mark.parametrize("write", [single, as_set])
def test_D24_a_change_beside_terraform_needs_an_override_and_shows(
    terraform, server, namespace, write
):
    terraform.write(write(namespace))
    terraform.apply()
    # The object itself is Terraform's: somebody else's change is refused, with the owner's name.
    refused = server.http.put(
        f"/flows/{namespace}/load",
        json={"source": text(namespace, "mine")},
        headers={"Penstock-Owner": "ui"},
    )
    assert refused.status_code == 409
    assert "is declared by terraform:default" in refused.json()["detail"]
    # Switching its trigger off needs a reason, and ends by itself.
    assert switch_off(server, namespace, {}).status_code == 422
    done = switch_off(server, namespace)
    assert done.status_code == 200, done.text
    said = (
        "The trigger `nightly` is switched off by admin until 2999-11-26 18:00 UTC: vendor outage"
    )
    actor = done.json()["override"]["actor"]
    said = said.replace("admin", actor)

    out = sentence(terraform.plan(0))
    assert "Warning" in out
    assert out.count(said) == 1
    terraform.write(write(namespace, "servus"))
    out = sentence(terraform.plan(2))
    assert out.count(said) == 1
    terraform.apply()
    assert server.get(f"/triggers/{namespace}/load/nightly")["disabled"]
    assert said in sentence(terraform.plan(0))


@pytest.mark.parametrize("write", [single, as_set])
def test_an_override_is_cleared_or_refuses_the_change(terraform, server, namespace, write):
    terraform.write(write(namespace))
    terraform.apply()
    assert switch_off(server, namespace).status_code == 200
    terraform.provider = 'on_override = "error"'
    terraform.write(write(namespace, "servus"))
    said = sentence(terraform.plan(1))
    assert f"Flow {namespace}/load is overridden" in said
    assert "vendor outage" in said
    terraform.provider = 'on_override = "clear"'
    terraform.write(write(namespace, "servus"))
    terraform.apply()
    assert server.get(f"/triggers/{namespace}/load/nightly")["override"] is None
    assert "Warning" not in terraform.plan(0)


def test_running_executions_finish_on_their_revision(terraform, server, namespace):
    def waiting(seconds: int) -> str:
        task = f"tasks:\n  - id: wait\n    type: core.flow.Sleep\n    duration: PT{seconds}S\n"
        return resource("it", f"id: load\nnamespace: {namespace}\n{task}")

    terraform.write(waiting(6))
    terraform.apply()
    body = {"namespace": namespace, "flowId": "load"}
    started = server.http.post("/executions", json=body)
    assert started.status_code == 201, started.text
    terraform.write(waiting(1))
    assert "1 running execution finishes on revision 1." in sentence(terraform.plan(2))
    terraform.write("")
    said = sentence(terraform.plan(2))
    assert "1 running execution goes on to the end without the flow; no new one begins." in said
    terraform.apply()
    identity = started.json()["id"]
    assert server.get(f"/executions/{identity}")["state"] == "RUNNING"
    assert server.http.get(f"/executions/{identity}/follow").status_code == 200  # until the end
    assert server.get(f"/executions/{identity}")["state"] == "SUCCESS"
