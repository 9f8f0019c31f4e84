"""Rows B02 and B18 of the acceptance list, through a real server process and real sockets."""

from __future__ import annotations

import json
import textwrap

import pytest

ARTICLE = textwrap.dedent("""
    id: daily_sales
    namespace: company.team
    description: The entire pipeline in one YAML file.

    tasks:
      - id: extract
        type: {python}
        outputFiles: [sales.csv]
        script: |
          with open("sales.csv", "w") as file:
              file.write("city,amount\\nRome,3\\nOslo,4\\n")

      - id: load
        type: {duckdb}
        inputFiles:
          sales.csv: "{{{{ outputs.extract.outputFiles['sales.csv'] }}}}"
        sql: SELECT sum(amount)::INT AS amount FROM read_csv('sales.csv')
        fetchType: FETCH_ONE

      - id: tell
        type: {http}
        uri: "{{{{ namespace.notify_url }}}}/messages"
        method: POST
        contentType: application/json
        body: '{{"sold": {{{{ outputs.load.row.amount }}}}}}'
        options:
          auth:
            type: BEARER
            token: "{{{{ secret('NOTIFY_TOKEN') }}}}"

    triggers:
      - id: daily
        type: {schedule}
        cron: "0 6 * * *"
""")
OURS = {
    "python": "scripts.python.Script",
    "duckdb": "jdbc.duckdb.Query",
    "http": "core.http.Request",
    "schedule": "core.trigger.Schedule",
}
KESTRA = {name: f"io.kestra.plugin.{type_name}" for name, type_name in OURS.items()}
HISTORIC = {**KESTRA, "http": "io.kestra.plugin.fs.http.Request"}


@pytest.mark.parametrize("names", [OURS, KESTRA, HISTORIC], ids=["ours", "kestra", "historic"])
def test_B02_the_entire_pipeline_in_one_yaml_file(shop, names: dict[str, str]) -> None:
    declared = shop.put(ARTICLE.format(**names))
    notes = [f"{note['line']}: {note['message']} {note['hint']}" for note in declared["warnings"]]
    if names is HISTORIC:
        assert len(notes) == 1
        assert "core.http.Request" in notes[0].replace(names["http"], "")
    else:
        assert notes == []
    before = len(shop.messages())
    execution = shop.run("company.team", "daily_sales")
    assert execution["state"] == "SUCCESS", json.dumps(execution["taskRuns"])
    assert [run["taskId"] for run in execution["taskRuns"]] == ["extract", "load", "tell"]
    assert shop.messages()[before:] == [{"sold": 7}]


FOLDER = textwrap.dedent("""
    id: folder
    namespace: company.team
    tasks:
      - id: script
        type: scripts.shell.Commands
        inputFiles: {"n.csv": "n\\n4\\n"}
        commands: ["cd /", "grep 4 {{ workingDir }}/n.csv"]
      - id: query
        type: jdbc.duckdb.Query
        inputFiles: {"n.csv": "n\\n5\\n"}
        sql: FROM read_csv('{{ workingDir }}/n.csv', header = true)
        fetchType: FETCH_ONE
    outputs:
      - id: n
        type: INT
        value: "{{ outputs.query.row.n }}"
""")


def test_expressions_see_the_folder_in_which_a_task_works(shop) -> None:
    shop.put(FOLDER)
    execution = shop.run("company.team", "folder")
    assert execution["state"] == "SUCCESS", json.dumps(execution["taskRuns"])
    assert execution["outputs"] == {"n": 5}


HANDLED = textwrap.dedent("""
    id: handled
    namespace: company.team
    tasks:
      - id: fine
        type: core.log.Log
        message: so far, so good
      - id: breaks
        type: scripts.shell.Commands
        commands: ["exit 3"]
      - id: never
        type: core.log.Log
        message: unreachable
    errors:
      - id: tell
        type: core.http.Request
        uri: "{uri}"
        method: POST
        body:
          task: "{{{{ tasksWithState('FAILED')[0].taskId }}}}"
          execution: "{{{{ execution.id }}}}"
          namespace: "{{{{ flow.namespace }}}}"
        options:
          auth: {{type: BEARER, token: "{{{{ secret('NOTIFY_TOKEN') }}}}"}}
""")


def test_B18_the_errors_handler_names_task_execution_and_namespace(shop) -> None:
    shop.put(HANDLED.format(uri="{{ namespace.notify_url }}/messages"))
    before = len(shop.messages())
    execution = shop.run("company.team", "handled")
    assert execution["state"] == "FAILED"
    states = [(run["taskId"], run["state"]) for run in execution["taskRuns"]]
    assert states == [("fine", "SUCCESS"), ("breaks", "FAILED"), ("tell", "SUCCESS")]
    assert shop.messages()[before:] == [
        {"task": "breaks", "execution": execution["id"], "namespace": "company.team"}
    ]


def test_B18_a_failing_handler_does_not_hide_the_first_error(shop) -> None:
    shop.put(HANDLED.format(uri="http://127.0.0.1:1/"))
    execution = shop.run("company.team", "handled")
    assert execution["state"] == "FAILED"
    errors = {run["taskId"]: (run["error"] or {}).get("message") for run in execution["taskRuns"]}
    assert "exited with code 3" in errors["breaks"]
    assert "refused" in errors["tell"]
    lines = shop.api.get(f"/executions/{execution['id']}/logs?minLevel=ERROR").json()["items"]
    assert any("exited with code 3" in line["message"] for line in lines), lines


def test_B18_a_handler_that_calls_a_flow_sees_the_failure_too(shop) -> None:
    shop.put_pipeline()
    before = len(shop.messages())
    execution = shop.run("shop.analytics", "orders_daily", day="2019-01-01")
    assert execution["state"] == "FAILED"
    assert shop.messages()[before:] == [
        {"task": "check_orders", "execution": execution["id"], "namespace": "shop.analytics"}
    ]


def test_the_pipeline_turns_raw_data_into_the_report(shop) -> None:
    shop.put_pipeline()
    before = len(shop.messages())
    execution = shop.run("shop.analytics", "orders_daily")
    assert execution["state"] == "SUCCESS", json.dumps(execution["taskRuns"])
    report = execution["outputs"]["report"]
    assert "2026-10  EUR           692     670,144.65     531,399.09" in report
    assert execution["outputs"]["orders"] == 2357
    (message,) = shop.messages()[before:]
    assert message["kind"] == "report"
    assert message["orders"] == 2357
    month = shop.run("shop.analytics", "orders_daily", mode="month", day="2026-09-30")
    assert "2026-08" not in month["outputs"]["report"].partition("Best")[0]
    assert month["outputs"]["orders"] == 716 + 35 + 34


@pytest.mark.parametrize("inputs", [{"day": "yesterday"}, {"mode": "everything"}])
def test_the_pipeline_refuses_other_inputs(shop, inputs: dict[str, str]) -> None:
    shop.put_pipeline()
    wanted = {"namespace": "shop.analytics", "flowId": "orders_daily", "inputs": inputs}
    answer = shop.api.post("/executions", json=wanted)
    assert answer.status_code == 422
    assert [problem["path"] for problem in answer.json()["problems"]] == [
        f"inputs.{name}" for name in inputs
    ]


def test_tokens_stay_secret(shop) -> None:
    shop.put_pipeline()
    execution = shop.run("shop.analytics", "orders_daily")
    said = [
        json.dumps(execution),
        shop.api.get(f"/executions/{execution['id']}/logs?limit=1000").text,
        shop.api.get(f"/executions/{execution['id']}/events").text,
    ]
    stored = [path.read_bytes() for path in (shop.folder / "data").rglob("*") if path.is_file()]
    for text in [*(part.encode() for part in said), *stored]:
        assert b"canary-" not in text
