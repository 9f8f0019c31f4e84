"""What somebody changes on the server needs a reason and an end, and shows in the next plan."""

from __future__ import annotations

import json

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
LOG = "  - id: say\n    type: core.log.Log\n    message: WORD\n"
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


def follow(server, identity: str, state: str) -> None:
    """Returns when the execution has come to a state."""
    with server.http.stream("GET", f"/executions/{identity}/follow") as stream:
        told = (line.removeprefix("data: ") for line in stream.iter_lines() if "data: " in line)
        assert any(json.loads(each).get("state") == state for each in told)


def timetable(namespace: str, cron: str = "0 2 * * *") -> str:
    return single(namespace) + block(
        "penstock_schedule",
        namespace=quoted(namespace),
        schedule_id=quoted("nightly"),
        flow_id=quoted("load"),
        cron=quoted(cron),
        depends_on="[penstock_flow.it]",
    )


def test_an_override_of_a_schedule_shows_and_outlives_a_change(terraform, server, namespace):
    path = f"/schedules/{namespace}/nightly"
    terraform.write(timetable(namespace))
    terraform.apply()
    done = server.http.post(f"{path}/disable", json=REASON)
    assert done.status_code == 200, done.text
    actor = done.json()["override"]["actor"]
    said = f"The schedule is switched off by {actor} until 2999-11-26 18:00 UTC: vendor outage"
    assert sentence(terraform.plan(0)).count(said) == 1
    terraform.write(timetable(namespace, "0 3 * * *"))
    assert sentence(terraform.plan(2)).count(said) == 1
    terraform.apply()
    assert server.get(path)["effectiveDisabled"]
    assert said in sentence(terraform.plan(0))


def test_an_override_of_a_schedule_is_cleared_or_refuses_the_change(terraform, server, namespace):
    path = f"/schedules/{namespace}/nightly"
    terraform.write(timetable(namespace))
    terraform.apply()
    assert server.http.post(f"{path}/disable", json=REASON).status_code == 200
    terraform.provider = 'on_override = "error"'
    terraform.write(timetable(namespace, "0 3 * * *"))
    said = sentence(terraform.plan(1))
    assert f"Schedule {namespace}/nightly is overridden" in said
    assert "vendor outage" in said
    terraform.provider = 'on_override = "clear"'
    terraform.write(timetable(namespace, "0 3 * * *"))
    terraform.apply()
    form = server.get(path)
    assert (form["override"], form["cron"]) == (None, "0 3 * * *")
    assert "Warning" not in terraform.plan(0)


def test_running_executions_finish_on_their_revision(terraform, server, namespace):
    def waiting(word: str) -> str:
        tasks = f"tasks:\n  - id: wait\n    type: core.flow.Pause\n{LOG.replace('WORD', word)}"
        return resource("it", f"id: load\nnamespace: {namespace}\n{tasks}")

    terraform.write(waiting("one"))
    terraform.apply()
    body = {"namespace": namespace, "flowId": "load"}
    started = server.http.post("/executions", json=body)
    assert started.status_code == 201, started.text
    identity = started.json()["id"]
    follow(server, identity, "PAUSED")
    terraform.write(waiting("two"))
    assert "1 running execution finishes on revision 1." in sentence(terraform.plan(2))
    terraform.write("")
    said = sentence(terraform.plan(2))
    assert "1 running execution goes on to the end without the flow; no new one begins." in said
    terraform.apply()
    assert server.get(f"/executions/{identity}")["state"] == "PAUSED"
    resumed = server.http.post(f"/executions/{identity}/resume", json={})
    assert resumed.status_code == 200, resumed.text
    follow(server, identity, "SUCCESS")
    logs = server.http.get(f"/executions/{identity}/logs").text
    assert '"one"' in logs, "the text of its own revision"
