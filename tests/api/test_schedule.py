"""Schedules as people operate them: switched off and on for a while, with a reason."""

from __future__ import annotations

import pytest

SPEC = {"flowId": "load", "cron": "0 2 * * *"}
UNTIL = "2999-11-26T18:00:00Z"
REASON = {"reason": "vendor outage", "expiresAt": UNTIL}


@pytest.fixture
def put(server, ns):
    def write(**spec):
        answer = server.api.put(f"/schedules/{ns}/nightly", json={**SPEC, **spec})
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    return write


@pytest.fixture
def operate(server, ns):
    def call(operation, body=None, status=200):
        answer = server.api.post(f"/schedules/{ns}/nightly/{operation}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    return call


def actions(server, ns):
    found = server.api.get("/audit-events", params={"object": f"schedule/{ns}/nightly"})
    return [each["action"] for each in found.json()["items"]]


def test_a_schedule_is_switched_off_with_a_reason_and_an_end(server, ns, put, operate):
    before = put()
    assert (before["effectiveDisabled"], before["override"]) == (False, None)
    form = operate("disable", REASON)
    decided = form["override"]
    assert (decided["disabled"], decided["reason"]) == (True, "vendor outage")
    assert (decided["actor"], decided["expiresAt"]) == ("token:admin", UNTIL)
    assert (form["disabled"], form["effectiveDisabled"], form["nextFireAt"]) == (False, True, None)
    assert form["contentHash"] == before["contentHash"], "what is declared stays"
    # A deploy leaves it alone.
    assert put(cron="0 3 * * *")["override"] == decided
    after = operate("follow")
    assert (after["override"], after["effectiveDisabled"]) == (None, False)
    assert after["nextFireAt"].endswith("T03:00:00Z")
    assert actions(server, ns) == [
        "schedule.create",
        "schedule.disable",
        "schedule.update",
        "schedule.follow",
    ]


def test_a_schedule_is_switched_on_though_it_is_declared_as_disabled(put, operate):
    assert put(disabled=True)["nextFireAt"] is None
    form = operate("enable", {"reason": "a trial"})
    assert (form["disabled"], form["effectiveDisabled"]) == (True, False)
    assert form["nextFireAt"] is not None


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "reason"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "r", "expiresAt": "tomorrow"}, "expiresAt"),
        ({"reason": "r", "expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"reason": "r", "until": UNTIL}, "until"),
    ],
)
def test_what_is_no_decision_is_said(put, operate, body, path):
    put()
    assert operate("disable", body, 422)["problems"][0]["path"] == path


def test_nothing_to_follow_and_nothing_to_switch(server, ns, put, operate):
    assert "There is no schedule" in operate("disable", REASON, 404)["detail"]
    put()
    assert "does what is declared already" in operate("follow", None, 409)["detail"]
    assert "must be an object" in operate("disable", [1], 422)["detail"]


def test_the_state_and_plans_tell_of_it(server, ns, put, operate):
    put()
    operate("disable", REASON)
    said = "The schedule is switched off by token:admin until 2999-11-26 18:00 UTC: vendor outage"
    state = server.api.get("/state", params={"kinds": "schedule", "namespaces": ns}).json()
    assert [each["message"] for each in state["overrides"]] == [said]
    flows = server.api.get("/state", params={"kinds": "flow", "namespaces": ns}).json()
    assert flows["overrides"] == []
    name = {"kind": "schedule", "namespace": ns, "id": "nightly"}
    read = server.api.post("/state:read", json={"objects": [name]}).json()
    assert [(each["kind"], each["id"], each["flowId"]) for each in read["overrides"]] == [
        ("schedule", "nightly", "load")
    ]
    changed = {**name, "spec": {**SPEC, "cron": "0 4 * * *"}}
    planned = server.api.post("/plan", json={"objects": [changed]}).json()
    found = [each for each in planned["problems"] if each["code"] == "overridden"]
    assert [(each["message"], each["path"], each["severity"]) for each in found] == [
        (said, "disabled", "warning")
    ]
    same = server.api.post("/plan", json={"objects": [{**name, "spec": SPEC}]}).json()
    assert "overridden" not in {each["code"] for each in same["problems"]}


def test_a_schedule_that_is_declared_anew_begins_without_it(server, ns, put, operate):
    put()
    operate("disable", REASON)
    assert server.api.delete(f"/schedules/{ns}/nightly").status_code == 204
    assert put()["override"] is None
