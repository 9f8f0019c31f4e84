"""What a plan shows to people: what changes in which part, whom it concerns, and nothing else."""

from __future__ import annotations

import re

import pytest

from .test_bad_input import sentence
from .test_references import calls, flow, resource
from .test_resources import block, quoted

IMAGE = "inputs:\n  - {id: day, type: STRING, defaults: x}\n"


def as_set(namespace: str, **sources: str) -> str:
    rows = ", ".join(f"{key} = {quoted(text)}" for key, text in sources.items())
    return block("penstock_flows", namespace=quoted(namespace), sources=f"{{ {rows} }}")


def test_a_summary_is_known_at_plan_and_stays(terraform, server, namespace):
    terraform.write(resource("it", flow(namespace, "load")))
    assert 'summary = "new: 1 task (say)"' in terraform.plan(2)
    terraform.apply()
    terraform.plan(0)
    terraform.write(resource("it", flow(namespace, "load", "servus", IMAGE)))
    out = terraform.plan(2, "-out=saved")
    assert '-> "1 task changed: say (message); 1 input changed: day (added)"' in out
    assert out.count("(known after apply)") == 1  # the revision
    terraform.run("apply", "-no-color", "saved")
    terraform.plan(0)
    # What is changed back after somebody else's change is said as well.
    server.put(f"/flows/{namespace}/load", {"source": flow(namespace, "load", "theirs", IMAGE)})
    assert '-> "1 task changed: say (message)"' in terraform.plan(2)
    terraform.apply()
    terraform.plan(0)
    terraform.run("state", "rm", "penstock_flow.it")
    terraform.run("import", "penstock_flow.it", f"{namespace}/load")
    terraform.plan(0)


def test_a_set_says_what_changes_in_each_flow(terraform, server, namespace):
    terraform.write(
        as_set(namespace, a=flow(namespace, "a"), b=flow(namespace, "b"), c=flow(namespace, "c"))
    )
    terraform.apply()
    terraform.plan(0)
    terraform.write(as_set(namespace, a=flow(namespace, "a", "servus"), b=flow(namespace, "b")))
    out = terraform.plan(2)
    assert '~ "a" = "new: 1 task (say)" -> "1 task changed: say (message)"' in out
    assert '- "b" = "new: 1 task (say)" -> null' in out
    assert '~ "c" = "new: 1 task (say)" -> "removed"' in out
    terraform.apply()
    terraform.plan(0)
    assert terraform.state()["penstock_flows.it"]["summaries"] == {
        "a": "1 task changed: say (message)",
        "c": "removed",
    }


def test_plugin_defaults_of_the_same_run_do_not_change_what_was_planned(
    terraform, server, namespace
):
    def both(level: str, word: str) -> str:
        defaults = f'[{{ type = "core.log", values = {{ level = "{level}" }}, forced = true }}]'
        home = block("penstock_namespace", namespace=quoted(namespace), plugin_defaults=defaults)
        return home + resource("it", flow(namespace, "load", word))

    terraform.write(both("WARN", "a"))
    terraform.apply()
    terraform.write(both("ERROR", "b\n    level: INFO"))
    terraform.apply()
    terraform.plan(0)


@pytest.mark.parametrize("is_set", [True, False])
def test_D12_a_plan_names_the_callers_of_what_changes(terraform, server, namespace, is_set):
    def write(word: str, pin: str = "") -> None:
        texts = {
            "child": flow(namespace, "child", word),
            "one": calls(namespace, "one", "child"),
            "two": calls(namespace, "two", "child", pin),
        }
        terraform.write(
            as_set(namespace, **texts)
            if is_set
            else "".join(resource(name, text) for name, text in texts.items())
        )

    write("hi")
    assert "Warning" not in terraform.plan(2)
    terraform.apply()
    write("servus")
    said = sentence(terraform.plan(2))
    names = f"{namespace}/one (task `call`), {namespace}/two (task `call`)"
    assert f"2 tasks call it, from then on in its new form: {names}." in said
    terraform.apply()
    assert server.get(f"/flows/{namespace}/child")["revision"] == 2
    # A caller that is pinned to a revision keeps it, and is not named.
    write("servus", "    revision: 2\n")
    terraform.apply()
    write("salut", "    revision: 2\n")
    said = sentence(terraform.plan(2))
    assert (
        f"One task calls it, from then on in its new form: {namespace}/one (task `call`)." in said
    )
    terraform.apply()
    terraform.plan(0)


@pytest.mark.parametrize("is_set", [True, False])
def test_D13_the_removal_of_a_used_subflow_is_an_error_with_the_callers(
    terraform, server, namespace, is_set
):
    child, other = flow(namespace, "child"), flow(namespace, "other")
    users = resource("one", calls(namespace, "one", "child"))
    users += resource("two", calls(namespace, "two", "child"))

    def children(**texts: str) -> str:
        if is_set:
            return as_set(namespace, **texts)
        return "".join(resource(name, text) for name, text in texts.items())

    terraform.write(users + children(child=child, other=other))
    terraform.apply()
    terraform.write(users + children(other=other))
    said = sentence(terraform.plan(1))
    assert f"Flow {namespace}/child is still needed" in said
    for name in ("one", "two"):
        assert f"flow/{namespace}/{name} still needs flow/{namespace}/child." in said
    # The server refuses it as well.
    refused = server.http.delete(f"/flows/{namespace}/child")
    assert refused.status_code == 409
    assert refused.json()["code"] == "in-use"
    assert {each["message"].partition(" ")[0] for each in refused.json()["problems"]} == {
        f"flow/{namespace}/one",
        f"flow/{namespace}/two",
    }
    # With its callers it may go.
    terraform.write(children(other=other))
    terraform.apply()
    assert server.gone(f"/flows/{namespace}/child")


def test_B24_a_plan_in_ci_ends_with_0_1_or_2_and_places_mistakes(terraform, server, namespace):
    path = terraform.directory / "load.yaml"
    path.write_text(flow(namespace, "load"))
    terraform.write('resource "penstock_flow" "it" {\n  source = file("load.yaml")\n}\n')
    terraform.plan(2)
    terraform.apply()
    terraform.plan(0)
    path.write_text(flow(namespace, "load").replace("message", "mesage"))
    said = sentence(terraform.plan(1))
    assert "on main.tf line" in said
    assert "line 6, column 5: tasks[0].mesage" in said


def test_other_times_are_shown_in_the_schedules_zone(terraform, server, namespace):
    def write(cron: str, trigger: str) -> None:
        timed = f"triggers:\n  - {{id: t, type: core.trigger.Schedule, cron: {trigger}}}\n"
        terraform.write(
            resource("it", flow(namespace, "load") + timed)
            + block(
                "penstock_schedule",
                namespace=quoted(namespace),
                schedule_id='"s"',
                flow_id="penstock_flow.it.flow_id",
                cron=quoted(cron),
                timezone='"Asia/Tokyo"',
            )
        )

    write("0 5 * * *", "0 7 * * *")
    assert "Warning" not in terraform.plan(2)
    terraform.apply()
    write("0 6 * * *", "0 8 * * *")
    said = sentence(terraform.plan(2))
    times = re.search(r"cron: It fires next: (.*?)\. Until now it was: (.*?)\.", said)
    assert times is not None, said
    assert [len(each.split(", ")) for each in times.groups()] == [3, 3]
    assert " 06:00+09:00" in times[1]
    assert " 05:00+09:00" in times[2]
    assert "The trigger `t` fires next: " in said
    terraform.apply()
    terraform.plan(0)
