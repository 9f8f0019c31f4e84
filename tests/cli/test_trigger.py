"""``penstock trigger``."""

from __future__ import annotations


def test_triggers_are_listed_switched_and_run_for_the_past(server, penstock, ns):
    server.put_flow(
        f"id: f\nnamespace: {ns}\ntasks:\n  - {{id: t, type: core.log.Log, message: hi}}\n"
        'triggers:\n  - {id: yearly, type: core.trigger.Schedule, cron: "@yearly"}\n'
    )
    name = f"{ns}/f/yearly"
    assert "core.trigger.Schedule" in penstock("trigger", "list", "--namespace", ns).out
    switched = penstock("--output", "json", "trigger", "disable", name, "--reason", "too often")
    assert switched.json["override"]["reason"] == "too often"
    assert penstock("trigger", "follow", name).code == 0
    assert penstock("--output", "json", "trigger", "get", name).json["override"] is None
    again = penstock("trigger", "follow", name)
    assert (again.code, "already" in again.err) == (1, True)
    start = ("--start", "2023-06-01T00:00:00Z", "--end", "2024-06-01T00:00:00Z")
    made = penstock("--output", "json", "trigger", "backfill", name, *start, "--paused")
    assert made.json["backfill"]["paused"] is True
    assert penstock("trigger", "delete-backfill", name).code == 0
    assert "NAMESPACE/FLOW/ID" in penstock("trigger", "get", "f/yearly").err
