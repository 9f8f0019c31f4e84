"""Inputs over HTTP: every mistake named, files that come as a form, secrets, the dry run."""

from __future__ import annotations

import threading

import pytest

A23 = """
id: sync
namespace: {ns}
inputs:
  - id: mode
    type: SELECT
    values: [full, incremental]
tasks:
  - id: reset
    type: core.log.Log
    message: reset
    when: "{{{{ inputs.mode == 'full' }}}}"
  - id: sync
    type: core.log.Log
    message: "sync {{{{ inputs.mode }}}}"
"""
FILES = """
id: load
namespace: {ns}
inputs:
  - {{id: report, type: FILE, allowedFileExtensions: [.csv]}}
  - {{id: settings, type: JSON, required: false}}
  - {{id: form.second, type: FILE, required: false}}
  - {{id: rows, type: INT, defaults: 1}}
tasks:
  - id: read
    type: core.log.Log
    message: "{{{{ read(inputs.report) }}}} {{{{ inputs.rows }}}} {{{{ inputs.settings }}}}"
outputs:
  - {{id: uri, type: FILE, value: "{{{{ inputs.report }}}}"}}
"""


def stored(server) -> list[str]:
    root = server.data / "storage"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("mode", "lines"), [("full", ["reset", "sync full"]), ("incremental", ["sync incremental"])]
)
def test_A23_the_mode_of_a_sync_is_a_typed_input(server, ns, mode, lines):
    server.put_flow(A23.format(ns=ns))
    body = {"namespace": ns, "flowId": "sync", "inputs": {"mode": "fast"}}
    refused = server.api.post("/executions", json=body)
    assert refused.status_code == 422
    (problem,) = refused.json()["problems"]
    assert problem["path"] == "inputs.mode"
    assert problem["message"] == (
        "Invalid value for input `mode`. Cause: it must match the values `[full, incremental]`"
    )
    body["inputs"]["mode"] = mode
    ended = server.wait(server.api.post("/executions", json=body).json()["id"])
    assert ended["state"] == "SUCCESS"
    ran = [run["taskId"] for run in ended["taskRuns"] if run["state"] == "SUCCESS"]
    assert ran == [line.split()[0] for line in lines]
    log = server.api.get(f"/executions/{ended['id']}/logs").json()["items"]
    assert [line["message"] for line in log] == lines


def test_every_problem_is_told_at_once(server, ns):
    inputs = "inputs:\n  - {id: a, type: STRING}\n  - {id: b, type: DATE}\n"
    server.put_flow(
        f"id: f\nnamespace: {ns}\n{inputs}tasks:\n  - {{id: t, type: core.log.Log, message: x}}\n"
    )
    body = {"namespace": ns, "flowId": "f", "inputs": {"b": "soon"}}
    found = server.api.post("/executions", json=body)
    assert found.status_code == 422
    assert [each["message"] for each in found.json()["problems"]] == [
        "Missing required input:a",
        "Invalid value for input `b`. Cause: expected a date such as `2026-01-31`",
    ]


def test_a_form_brings_files(server, ns):
    server.put_flow(FILES.format(ns=ns))
    made = server.api.post(
        "/executions",
        data={
            "namespace": ns,
            "flowId": "load",
            "inputs.rows": "7",
            "labels": '{"team": "x"}',
        },
        files={
            "inputs.report": ("Report.CSV", b"a,b\n1,2"),
            "inputs.settings": ("settings.json", b'{"keep": 1}'),
            "inputs.form.second": ("folder/../second.txt", b"x" * 3_000_000),
        },
    )
    assert made.status_code == 201, made.text
    ended = server.wait(made.json()["id"])
    assert ended["state"] == "SUCCESS"
    folder = f"{ns.replace('.', '/')}/load/executions/{ended['id']}/inputs"
    assert ended["inputs"]["report"] == f"penstock:///{folder}/report/Report.CSV"
    assert ended["outputs"]["uri"] == ended["inputs"]["report"]
    assert ended["inputs"]["form"]["second"].endswith("/form.second/second.txt")
    assert ended["labels"]["team"] == "x"
    (line,) = server.api.get(f"/executions/{ended['id']}/logs").json()["items"]
    assert line["message"] == 'a,b\n1,2 7 {"keep":1}'
    assert [name for name in stored(server) if ended["id"] in name] == [
        f"main/{folder}/form.second/second.txt",
        f"main/{folder}/report/Report.CSV",
    ]


def test_files_of_a_refused_execution_are_removed(server, ns):
    server.put_flow(FILES.format(ns=ns))
    before = stored(server)
    form = {"namespace": ns, "flowId": "load", "inputs.rows": "few"}
    file = ("a.csv", b"a")
    refused = server.api.post("/executions", data=form, files={"inputs.report": file})
    assert refused.status_code == 422
    assert [each["path"] for each in refused.json()["problems"]] == ["inputs.rows"]
    wrong = server.api.post(
        "/executions",
        data={"namespace": ns, "flowId": "load"},
        files={"inputs.report": ("a.exe", b"a")},
    )
    assert wrong.json()["problems"][0]["message"] == (
        "Invalid value for input `report`. Cause: File type not allowed. Accepted extensions: .csv"
    )
    assert stored(server) == before
    uploads = server.data / "work" / "uploads"
    assert not list(uploads.iterdir())


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"data": {"namespace": "a"}, "files": {"report": ("a.csv", b"a")}}, "not named `inputs.<id>`"),
        ({"data": {"odd": "x"}, "files": {"inputs.a": ("a", b"")}}, "There is no property `odd`"),
        ({"data": {"namespace": "a", "flowId": "b", "labels": "{"}, "files": {"inputs.a": ("a", b"")}}, "`labels` is not JSON"),
        ({"content": b"--x\r\nodd", "headers": {"content-type": "multipart/form-data; boundary=y"}}, "no form of the kind"),
        ({"content": b"", "headers": {"content-type": "multipart/form-data"}}, "names no boundary"),
    ],
)  # fmt: skip
def test_a_wrong_form_is_told(server, parts, sentence):
    found = server.api.post("/executions", **parts)
    assert found.status_code == 422, found.text
    assert sentence in found.text


def test_a_form_that_is_cut_off_starts_nothing(server, ns):
    server.put_flow(FILES.format(ns=ns))
    form = {"namespace": ns, "flowId": "load"}
    request = server.api.build_request(
        "POST", "/executions", data=form, files={"inputs.report": ("a.csv", b"a" * 1000)}
    )
    whole, before = request.read(), stored(server)
    for cut in (1, 2, 100, 500):
        found = server.api.post(
            "/executions",
            content=whole.rstrip()[:-cut],
            headers={"content-type": request.headers["content-type"]},
        )
        assert found.status_code == 422, found.text
        assert "The form is cut off" in found.text
    assert stored(server) == before
    assert not list((server.data / "work" / "uploads").iterdir())


def test_a_form_of_an_unknown_flow_keeps_nothing(server, ns):
    before = stored(server)
    form = {"namespace": ns, "flowId": "none"}
    found = server.api.post("/executions", data=form, files={"inputs.a": ("a.csv", b"a")})
    assert found.status_code == 404
    assert stored(server) == before


def test_a_secret_input_is_shown_to_nobody(server, ns):
    inputs = "inputs:\n  - {id: token, type: SECRET}\n"
    tasks = 'tasks:\n  - {id: t, type: core.log.Log, message: "{{ inputs.token }}"}\n'
    server.put_flow(f"id: f\nnamespace: {ns}\n{inputs}{tasks}")
    body = {"namespace": ns, "flowId": "f", "inputs": {"token": "canary-77"}}
    made = server.api.post("/executions", json=body)
    assert made.json()["inputs"] == {"token": "******"}
    ended = server.wait(made.json()["id"])
    assert ended["state"] == "SUCCESS"
    assert ended["inputs"] == {"token": "******"}
    told = [
        server.api.get(f"/executions/{ended['id']}{part}").text for part in ("/logs", "/events")
    ]
    assert "canary" not in "".join(told)
    assert "******" in told[0]


def test_a_dry_run_says_what_the_inputs_would_be(server, ns):
    server.put_flow(f"""
id: f
namespace: {ns}
inputs:
  - {{id: cloud, type: SELECT, values: [aws, gcp]}}
  - id: bucket
    type: STRING
    defaults: "{{{{ inputs.cloud }}}}-x"
    dependsOn: {{inputs: [cloud], condition: "{{{{ inputs.cloud == 'aws' }}}}"}}
  - {{id: token, type: SECRET}}
  - {{id: rows, type: INT, required: false}}
tasks:
  - {{id: t, type: core.log.Log, message: x}}
""")
    body = {"namespace": ns, "flowId": "f", "inputs": {"cloud": "aws", "token": "canary-77"}}
    found = server.api.post("/executions:validate", json=body)
    assert found.status_code == 200
    told = found.json()
    assert told["valid"] is True
    assert "canary" not in found.text
    shown = {
        each["id"]: (each["enabled"], each["isDefault"], each["value"]) for each in told["inputs"]
    }
    assert shown == {
        "cloud": (True, False, "aws"),
        "bucket": (True, True, "aws-x"),
        "token": (True, False, "******"),
        "rows": (True, False, None),
    }
    assert told["inputs"][0]["choices"] == ["aws", "gcp"]

    body["inputs"] = {"cloud": "gcp", "rows": "few", "odd": 1}
    told = server.api.post("/executions:validate", json=body).json()
    assert told["valid"] is False
    assert [each["enabled"] for each in told["inputs"]] == [True, False, True, True]
    assert [(each["severity"], each["path"]) for each in told["problems"]] == [
        ("error", "inputs.token"),
        ("error", "inputs.rows"),
        ("warning", "inputs.odd"),
    ]
    body["flowId"] = "none"
    assert server.api.post("/executions:validate", json=body).status_code == 404
    assert server.api.get("/executions", params={"namespace": ns}).json()["items"] == []


def test_a_dry_run_asks_the_checks_too(server, ns):
    server.put_flow(f"""id: f
namespace: {ns}
inputs:
  - {{id: rows, type: INT}}
  - {{id: token, type: SECRET, required: false}}
checks:
  - {{when: "{{{{ inputs.rows > 0 }}}}", message: "No {{{{ inputs.rows }}}} {{{{ inputs.token }}}}"}}
  - when: "{{{{ inputs.rows < 100 }}}}"
    message: Many
    style: WARNING
    behavior: CREATE_EXECUTION
tasks:
  - {{id: t, type: core.log.Log, message: x}}
""")
    body = {"namespace": ns, "flowId": "f", "inputs": {"rows": 0, "token": "canary-78"}}
    found = server.api.post("/executions:validate", json=body)
    assert "canary" not in found.text
    told = found.json()
    assert told["valid"] is False
    assert told["checks"] == [
        {"message": "No 0 ******", "style": "INFO", "behavior": "BLOCK_EXECUTION"}
    ]
    (problem,) = told["problems"]
    assert (problem["path"], problem["code"], problem["severity"]) == ("checks", "check", "error")

    body["inputs"] = {"rows": 200}
    told = server.api.post("/executions:validate", json=body).json()
    assert told["valid"] is True
    assert told["checks"] == [
        {"message": "Many", "style": "WARNING", "behavior": "CREATE_EXECUTION"}
    ]
    assert [each["severity"] for each in told["problems"]] == ["warning"]

    # Checks see the inputs: they are asked when all of these hold.
    body["inputs"] = {"rows": "few"}
    told = server.api.post("/executions:validate", json=body).json()
    assert [each["path"] for each in told["problems"]] == ["inputs.rows"]
    assert told["checks"] == []


def test_a_dry_run_of_a_disabled_flow_says_so(server, ns):
    server.put_flow(
        f"id: f\nnamespace: {ns}\ndisabled: true\ntasks:\n  - {{id: t, type: core.log.Log, message: x}}\n"
    )
    body = {"namespace": ns, "flowId": "f"}
    told = server.api.post("/executions:validate", json=body).json()
    assert told["valid"] is False
    assert told["problems"][0]["code"] == "flow-disabled"
    assert server.api.post("/executions", json=body).status_code == 409


def test_a_subflow_is_told_of_inputs_that_it_does_not_declare(server, ns):
    server.put_flow(f"""id: called
namespace: {ns}
inputs:
  - {{id: text, type: STRING}}
tasks:
  - {{id: t, type: core.log.Log, message: "{{{{ inputs.text }}}}"}}
""")
    server.put_flow(f"""id: caller
namespace: {ns}
tasks:
  - {{id: c, type: core.flow.Subflow, namespace: {ns}, flowId: called, inputs: {{text: a, txt: b}}}}
""")
    found = server.run(ns, "caller")
    assert found["state"] == "SUCCESS"
    children = server.api.get("/executions", params={"parentId": found["id"]}).json()["items"]
    lines = server.api.get(f"/executions/{children[0]['id']}/logs").json()["items"]
    assert [(each["level"], each["message"]) for each in lines] == [
        ("WARN", "The flow declares no input `txt`; it is ignored. Did you mean `text`?"),
        ("INFO", "a"),
    ]


def test_inputs_see_the_variables_that_were_declared_last(server, ns):
    server.api.put(f"/namespaces/{ns}", json={"variables": {"region": "eu"}})
    server.put_flow(
        f"id: where\nnamespace: {ns}\n"
        "inputs: [{id: region, type: STRING, defaults: '{{ namespace.region }}'}]\n"
        "tasks: [{id: wait, type: core.flow.Pause}]\n"
    )
    body = {"namespace": ns, "flowId": "where"}
    assert _value(server, body) == "eu"
    id_ = server.api.post("/executions", json=body).json()["id"]
    # Whoever starts a flow does not wait for the executor to have heard of the change.
    is_held, may_go_on = threading.Event(), threading.Event()

    def hold() -> None:
        is_held.set()
        may_go_on.wait(30)

    executor = server.application.executor
    undo = executor.subscribe(id_, hold)
    executor.kill("main", id_, "enough")
    assert is_held.wait(30)
    server.api.put(f"/namespaces/{ns}", json={"variables": {"region": "us"}})
    found = _value(server, body)
    undo()
    may_go_on.set()
    assert found == "us"


def _value(server, body):
    (given,) = server.api.post("/executions:validate", json=body).json()["inputs"]
    return given["value"]
