"""What can never do what it is there for is found before it runs."""

from __future__ import annotations

import pytest

from .test_needs import CALL, TASKS, flow, problems

SLEEP = "tasks:\n  - {id: a, type: core.flow.Sleep, duration: DURATION, timeout: TIMEOUT}\n"
SCRIPT = (
    "tasks:\n  - {id: a, type: scripts.shell.Commands, commands: [ls], containerImage: 'IMAGE'}\n"
)
UPSTREAM = "triggers:\n  - id: t\n    type: core.trigger.Flow\n    dependsOn: [{namespace: NS, flowId: NAME}]\n"


def codes(server, *objects, **more):
    return [
        each["code"] for each in problems(server, *objects, **more) if each["needs"] is not None
    ]


@pytest.mark.parametrize(
    ("duration", "timeout", "found"),
    [
        ("PT10M", "PT1M", ["short-timeout"]),
        ("PT1M", "PT10M", []),
        ("PT1M", "PT1M", []),
        ('"{{ inputs.wait }}"', "PT1S", []),
    ],
)
def test_timeouts_of_sleeps(server, ns, duration, timeout, found):
    head = "inputs:\n  - {id: wait, type: DURATION, defaults: PT1S}\n"
    text = head + SLEEP.replace("DURATION,", f"{duration},").replace("TIMEOUT", timeout)
    assert codes(server, flow(ns, "one", text)) == found


@pytest.mark.parametrize(
    ("image", "is_right"),
    [
        ("python", True),
        ("python:3.11-slim", True),
        ("ghcr.io/company/load_orders:1.4", True),
        ("localhost:5000/a/b", True),
        ("python@sha256:" + "a" * 64, True),
        ("{{ inputs.image }}", True),
        ("Python:3.11", False),
        ("python 3.11", False),
        ("python:", False),
        ("ghcr.io//load", False),
    ],
)
def test_names_of_images(server, ns, image, is_right):
    head = "inputs:\n  - {id: image, type: STRING, defaults: python}\n"
    text = head + SCRIPT.replace("IMAGE", image)
    assert codes(server, flow(ns, "one", text)) == ([] if is_right else ["invalid-image"])


@pytest.mark.parametrize(("name", "found"), [("up", []), ("upp", ["unknown-flow"])])
def test_triggers_that_wait_for_a_flow(server, ns, name, found):
    text = TASKS + UPSTREAM.replace("NAME", name)
    assert codes(server, flow(ns, "one", text), flow(ns, "up", TASKS)) == found


def test_circles_of_calls_are_said_once(server, ns):
    def call(name, child):
        return flow(ns, name, CALL.replace("child", child))

    around = [call("a", "b"), call("b", "c"), call("c", "a")]
    (problem,) = problems(server, *around)
    assert problem["code"] == "cyclic-subflow"
    assert f"{ns}/a → {ns}/b → {ns}/c → {ns}/a" in problem["message"]
    assert problem["needs"] == [f"flow/{ns}/b", f"flow/{ns}/c"]
    assert not problems(server, *around[:2], flow(ns, "c", TASKS))


def test_a_secret_of_the_namespace_in_a_text(server, ns):
    server.api.put(f"/secrets/{ns}/PASSWORD", json={"value": "kiwi-harbour"})
    found = problems(server, flow(f"{ns}.below", "one", TASKS.replace("MESSAGE", "kiwi-harbour")))
    assert [(each["code"], each["line"]) for each in found] == [("secret-in-text", 4)]
    assert "kiwi" not in str(found)
    assert not problems(server, flow(f"{ns}x", "one", TASKS.replace("MESSAGE", "kiwi-harbour")))


@pytest.mark.parametrize("name", ["read('sql/a.sql')", "read('nsfile:///sql/a.sql')"])
def test_a_file_that_a_flow_reads_is_in_use(server, ns, name):
    server.api.put(f"/files/{ns}/sql/a.sql", content=b"select 1")
    reader = flow(ns, "one", TASKS.replace("MESSAGE", f"{{{{ {name} }}}}"))
    assert server.api.post("/apply", json={"objects": [reader]}).status_code == 200
    gone = {"kind": "file", "namespace": ns, "id": "sql/a.sql"}
    (problem,) = problems(server, deletes=[gone])
    assert problem["message"] == f"flow/{ns}/one still needs file/{ns}/sql/a.sql."
    assert not problems(server, flow(ns, "one", TASKS), deletes=[gone])


def test_variables_that_flows_read_do_not_go_unseen(server, ns):
    def home(**variables):
        spec = {"variables": variables}
        return {"kind": "namespace", "namespace": ns, "id": None, "spec": spec}

    reader = flow(f"{ns}.below", "one", TASKS.replace("MESSAGE", "{{ namespace.bucket }}"))
    applied = server.api.post("/apply", json={"objects": [home(bucket="b", more=1), reader]})
    assert applied.status_code == 200, applied.text
    (problem,) = problems(server, home(more=1))
    assert problem["code"] == "variable-in-use"
    assert problem["needs"] == [f"flow/{ns}.below/one"]
    assert not problems(server, home(bucket="c"))
    assert not problems(server, home(bucket={"$unknown": True}))
    # In one set the flow hears of it itself.
    assert [each["code"] for each in problems(server, home(more=1), reader)] == ["missing-variable"]
