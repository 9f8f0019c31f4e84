"""Triggers over HTTP: shown, switched on and off, unlocked, run for the past."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest


def iso(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).isoformat().replace("+00:00", "Z")


def flow(ns: str, more: str = "", cron: str = "0 0 1 1 *") -> str:
    return (
        f"id: f\nnamespace: {ns}\ninputs:\n  - {{id: mode, type: STRING, defaults: normal}}\n"
        'tasks:\n  - {id: say, type: core.log.Log, message: "{{ inputs.mode }}"}\ntriggers:\n'
        f'  - id: t\n    type: core.trigger.Schedule\n    cron: "{cron}"\n{more}'
        "  - {id: hook, type: core.trigger.Webhook, key: abc}\n"
    )


def executions(server, ns: str) -> list[dict]:
    found = server.api.get("/executions", params={"namespace": ns}).json()["items"]
    return [server.wait(each["id"]) for each in found]


def audit(server, ns: str) -> list[tuple[str, str]]:
    return [
        (each["action"], each["actor"])
        for each in server.api.get("/audit-events").json()["items"]
        if each["object"].startswith(f"trigger/{ns}/")
    ]


def test_the_triggers_of_flows_are_listed(server, ns):
    server.put_flow(flow(ns))
    query = {"namespace": ns, "limit": 1}
    first = server.api.get("/triggers", params=query).json()
    assert [each["id"] for each in first["items"]] == ["hook"]
    query["cursor"] = first["nextCursor"]
    second = server.api.get("/triggers", params=query).json()
    assert second["nextCursor"] is None
    (found,) = second["items"]
    assert found["type"] == "core.trigger.Schedule"
    assert found["nextAt"].endswith("-01-01T00:00:00Z")
    assert (found["disabled"], found["override"], found["backfill"]) == (False, None, None)
    assert server.api.get(f"/triggers/{ns}/f/t").json() == found
    assert server.api.get(f"/triggers/{ns}/f/none").status_code == 404
    assert server.api.get("/triggers", params={"cursor": "a"}).status_code == 422
    server.put_flow(flow(ns).replace("id: hook", "id: other"))
    names = [
        each["id"] for each in server.api.get("/triggers", params={"namespace": ns}).json()["items"]
    ]
    assert names == ["other", "t"]
    server.api.delete(f"/flows/{ns}/f")
    assert server.api.get("/triggers", params={"namespace": ns}).json()["items"] == []


def test_somebody_switches_a_trigger_off_and_a_deploy_does_not_switch_it_on(server, ns):
    server.put_flow(flow(ns))
    call = f"/api/v1/tenants/main/webhooks/{ns}/f/abc"
    address = f"/triggers/{ns}/f/hook"
    answer = server.api.post(f"{address}/disable", json={"reason": "too many calls"})
    assert answer.status_code == 200
    found = answer.json()
    assert found["disabled"] is True
    assert found["declaredDisabled"] is False
    assert found["override"]["reason"] == "too many calls"
    assert found["override"]["actor"] == "token:admin"
    expires = datetime.fromisoformat(found["override"]["expiresAt"])
    assert timedelta(days=6) < expires - datetime.now(UTC) <= timedelta(days=7)
    assert server.api.post(f"{server.url}{call}").status_code == 404
    server.put_flow(flow(ns).replace("id: say", "id: tell"))
    assert server.api.post(f"{server.url}{call}").status_code == 404
    assert server.api.post(f"{address}/follow").json()["override"] is None
    assert server.api.post(f"{server.url}{call}").status_code == 200
    assert server.api.post(f"{address}/follow").status_code == 409
    actions = [action for action, _ in audit(server, ns)]
    assert sorted(actions) == ["trigger.disable", "trigger.follow"]


def test_somebody_switches_on_what_the_flow_switches_off(server, ns):
    server.put_flow(flow(ns, "    disabled: true\n"))
    found = server.api.get(f"/triggers/{ns}/f/t").json()
    assert (found["declaredDisabled"], found["disabled"], found["nextAt"]) == (True, True, None)
    body = {"reason": "once more", "expiresAt": iso(hours=-1)}
    found = server.api.post(f"/triggers/{ns}/f/t/enable", json=body).json()
    assert (found["declaredDisabled"], found["disabled"]) == (True, False)
    assert found["nextAt"].endswith("-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("disable", {}),
        ("disable", {"reason": ""}),
        ("disable", {"reason": "x", "expiresAt": "2020-01-01T00:00:00Z"}),
        ("disable", {"reason": "x", "expiresAt": "soon"}),
        ("disable", {"reason": "x", "whatever": 1}),
        ("enable", []),
        ("backfill", {}),
        ("backfill", {"start": "2026-01-01"}),
        ("backfill", {"start": "2999-01-01T00:00:00Z"}),
        ("backfill", {"start": "2020-01-01T00:00:00Z", "end": "2999-01-01T00:00:00Z"}),
        ("backfill", {"start": "2020-01-01T00:00:00Z", "labels": {"a": 1}}),
        ("backfill", {"start": "2020-01-01T00:00:00Z", "inputs": []}),
    ],
)
def test_what_makes_no_sense_is_refused(server, ns, operation, body):
    server.put_flow(flow(ns))
    answer = server.api.post(f"/triggers/{ns}/f/t/{operation}", json=body)
    assert answer.status_code == 422
    assert answer.json()["problems"]
    assert audit(server, ns) == []


def test_operations_that_do_not_fit_now_are_conflicts(server, ns):
    server.put_flow(flow(ns))
    for operation in ("pause-backfill", "unpause-backfill", "delete-backfill"):
        assert server.api.post(f"/triggers/{ns}/f/t/{operation}").status_code == 409
    body = {"start": iso(days=800)}
    assert server.api.post(f"/triggers/{ns}/f/hook/backfill", json=body).status_code == 409
    for operation in ("unlock", "restart", "forget"):
        assert server.api.post(f"/triggers/{ns}/f/t/{operation}").status_code == 200


def test_a_backfill_runs_the_dates_of_the_past_with_its_inputs_and_labels(server, ns):
    server.put_flow(flow(ns))
    body = {
        "start": "2023-01-01T00:00:00Z",
        "end": "2025-06-01T00:00:00Z",
        "inputs": {"mode": "again"},
        "labels": {"why": "repair"},
    }
    made = server.api.post(f"/triggers/{ns}/f/t/backfill", json=body).json()
    assert made["backfill"]["start"] == "2023-01-01T00:00:00Z"
    assert made["backfill"]["inputs"] == ["mode"]
    found: list[dict] = []
    while len(found) < 3:
        found = executions(server, ns)
    assert sorted(each["trigger"]["variables"]["date"][:4] for each in found) == [
        "2023",
        "2024",
        "2025",
    ]
    for each in found:
        assert each["inputs"] == {"mode": "again"}
        assert each["labels"]["why"] == "repair"
        assert each["trigger"]["actor"] == "token:admin"
    spans = sorted((each["createdAt"], each["endedAt"]) for each in found)
    assert all(ended <= began for (_, ended), (began, _) in itertools.pairwise(spans))


def test_a_backfill_is_paused_and_ended(server, ns):
    server.put_flow(flow(ns))
    body = {"start": "2023-01-01T00:00:00Z", "end": "2023-06-01T00:00:00Z", "paused": True}
    address = f"/triggers/{ns}/f/t"
    assert server.api.post(f"{address}/backfill", json=body).json()["backfill"]["paused"] is True
    assert server.api.post(f"{address}/backfill", json=body).status_code == 409
    assert executions(server, ns) == []
    assert server.api.post(f"{address}/pause-backfill").json()["backfill"]["paused"] is True
    assert server.api.post(f"{address}/unpause-backfill").json()["backfill"]["paused"] is False
    while not executions(server, ns):
        pass
    server.api.post(f"{address}/delete-backfill")
    assert server.api.get(address).json()["backfill"] is None


def test_a_backfill_takes_no_secret_inputs(server, ns):
    secret = "  - {id: token, type: SECRET, required: false}\ntasks:"
    assert server.put_flow(flow(ns).replace("tasks:", secret, 1)).is_success
    body = {"start": "2023-01-01T00:00:00Z", "inputs": {"token": "s3cr3t"}}
    answer = server.api.post(f"/triggers/{ns}/f/t/backfill", json=body)
    assert answer.status_code == 422
    assert "`token` is a SECRET input" in answer.text
    assert "s3cr3t" not in answer.text
    assert server.api.get(f"/triggers/{ns}/f/t").json()["backfill"] is None
