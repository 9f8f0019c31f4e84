"""Plugin defaults of namespaces: what plan says, what apply refuses, what runs afterwards."""

from __future__ import annotations

from penstock.model.plugin_default import PluginDefault
from penstock.service.surroundings import PluginDefaults, Surroundings
from penstock.store import timetable


def flow(namespace, tasks, name="f", more=""):
    text = f"id: {name}\nnamespace: {namespace}\n{more}tasks:\n{tasks}"
    return {"kind": "flow", "namespace": namespace, "id": name, "spec": {"source": text}}


def space(namespace, *defaults):
    return {"kind": "namespace", "namespace": namespace, "spec": {"pluginDefaults": [*defaults]}}


def default(kind, **values):
    return {"type": kind, "values": values}


def plan(server, *objects):
    answer = server.api.post("/plan", json={"objects": objects})
    assert answer.status_code == 200, answer.text
    return answer.json()


def apply(server, *objects):
    answer = server.api.post("/apply", json={"objects": objects})
    assert answer.status_code == 200, answer.text
    return answer.json()


LOG = "  - {id: a, type: core.log.Log}\n"
OTHER = "  - {id: a, type: core.debug.Return, format: x}\n"


def test_a_flow_may_need_the_defaults_of_its_set(server, ns):
    below = f"{ns}.below"
    wanted = flow(below, LOG)
    assert not plan(server, wanted)["valid"]
    assert plan(server, wanted, space(ns, default("core.log.Log", message="x")))["valid"]
    apply(server, space(ns, default("core.log.Log", message="x")), wanted)
    assert plan(server, wanted)["valid"]
    shown = server.api.get(f"/namespaces/{ns}").json()
    assert shown["pluginDefaults"] == [{"type": "core.log.Log", "values": {"message": "x"}}]


def test_a_plan_names_the_flows_that_a_default_changes(server, ns):
    first = space(ns, default("core.log.Log", message="x"))
    apply(server, first, flow(ns, LOG), flow(f"{ns}.below", LOG), flow(ns, OTHER, "other"))
    (planned,) = plan(server, space(ns, default("core.log.Log", message="y")))["objects"]
    assert planned["touches"] == [f"flow/{ns}/f", f"flow/{ns}.below/f"]
    assert planned["action"] == "update"
    assert plan(server, first)["objects"][0]["touches"] == []


def test_a_default_that_breaks_a_flow_is_refused(server, ns):
    apply(server, space(ns, default("core.log.Log", message="x")), flow(ns, LOG))
    answer = plan(server, space(ns))
    (problem,) = answer["problems"]
    assert not answer["valid"]
    assert (problem["code"], problem["object"]) == ("breaks-flow", f"namespace/{ns}")
    assert problem["message"] == (
        f"The flow {ns}/f would no longer hold: line 4: `core.log.Log` needs the property "
        "`message`."
    )
    # Together with a text that does without, it goes.
    assert plan(server, space(ns), flow(ns, OTHER))["valid"]


def test_what_is_wrong_with_a_default_is_said(server, ns):
    answer = plan(server, space(ns, {"type": "core.log.Log", "vaules": {"message": "x"}}))
    assert {problem["path"] for problem in answer["problems"]} == {
        "pluginDefaults[0].values",
        "pluginDefaults[0].vaules",
    }


def test_a_wrong_value_of_a_default_is_told_of_the_flow(server, ns):
    answer = plan(server, space(ns, default("core.log.Log", level="LOUD")), flow(ns, LOG))
    problem = next(each for each in answer["problems"] if each["path"] == "tasks[0].level")
    assert (problem["line"], problem["object"]) == (4, f"flow/{ns}/f")
    assert f"The value comes from the plugin defaults of the namespace `{ns}`." in problem["hint"]


def test_the_text_of_a_flow_stays_what_is_compared(server, ns):
    wanted = flow(ns, LOG)
    first = apply(server, space(ns, default("core.log.Log", message="x")), wanted)["objects"][1]
    again = apply(server, space(ns, default("core.log.Log", message="y")), wanted)["objects"]
    assert [each["action"] for each in again] == ["update", "none"]
    assert again[1]["contentHash"] == first["contentHash"]


def test_executions_follow_the_present_defaults(server, ns):
    apply(server, space(ns, default("core.debug.Return", format="one")), flow(ns, RETURN))
    assert output(server, ns) == "one"
    apply(server, space(ns, default("core.debug.Return", format="two")))
    assert output(server, ns) == "two"


RETURN = """  - {id: a, type: core.debug.Return}
outputs:
  - {id: a, type: STRING, value: "{{ outputs.a.value }}"}
"""


def output(server, ns):
    return server.run(ns, "f")["outputs"]["a"]


def test_a_schedule_follows_the_defaults_of_triggers(server, ns):
    trigger = "triggers:\n  - {id: daily, type: core.trigger.Schedule, cron: '0 6 * * *'}\n"
    apply(server, flow(ns, OTHER, more=trigger))
    assert zones(server, ns) == ["UTC"]
    apply(server, space(ns, default("core.trigger.Schedule", timezone="Europe/Berlin")))
    assert zones(server, ns) == ["Europe/Berlin"]
    apply(server, space(ns))
    assert zones(server, ns) == ["UTC"]


def test_a_namespace_that_goes_takes_its_defaults_with_it(server, ns):
    trigger = "triggers:\n  - {id: daily, type: core.trigger.Schedule, cron: '0 6 * * *'}\n"
    below = f"{ns}.below"
    apply(
        server,
        space(ns, default("core.trigger.Schedule", timezone="Europe/Berlin")),
        flow(below, OTHER, more=trigger),
    )
    assert zones(server, below) == ["Europe/Berlin"]
    going = {"deletes": [{"kind": "namespace", "namespace": ns}]}
    assert server.api.post("/apply", json=going).status_code == 200
    assert zones(server, below) == ["UTC"]

    apply(server, space(ns, default("core.log.Log", message="x")), flow(below, LOG))
    answer = server.api.post("/plan", json=going).json()
    (problem,) = answer["problems"]
    assert (problem["code"], problem["object"]) == ("breaks-flow", f"namespace/{ns}")
    assert f"The flow {below}/f would no longer hold" in problem["message"]
    assert not server.api.post("/apply", json=going).is_success
    assert not server.api.delete(f"/namespaces/{ns}").is_success
    both = [*going["deletes"], {"kind": "flow", "namespace": below, "id": "f"}]
    assert server.api.post("/apply", json={"deletes": both}).status_code == 200


def zones(server, ns):
    with server.application.database.read() as tx:
        found = timetable.of_flows(tx, "main", [(ns, "f")])
    return [entry.timezone for entries in found.values() for entry in entries]


def test_the_server_has_the_last_word_when_it_is_forced():
    server = [PluginDefault(type="core.log.Log", values={"message": "x"}, forced=True)]
    known = PluginDefaults(server)
    assert known._server == [{"type": "core.log.Log", "values": {"message": "x"}, "forced": True}]
    inherited = Surroundings({}, known._server).of("a.b")
    assert [entry.origin for entry in inherited.entries] == ["the plugin defaults of the server"]
    assert inherited.key
    assert Surroundings().of("a.b").key == ""
