"""``penstock run``: a flow file in this process, with the server's engine, leaving nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

HEAD = "id: main\nnamespace: a.b\n"
GREET = (
    HEAD
    + """
inputs:
  - {id: name, type: STRING, description: Whom to greet.}
  - {id: times, type: INT, defaults: 2}
tasks:
  - id: each
    type: core.flow.ForEach
    values: "{{ range(1, inputs.times) }}"
    tasks:
      - {id: hi, type: core.log.Log, message: "Hello {{ inputs.name }} {{ taskrun.value }}"}
outputs:
  - {id: name, type: STRING, value: "{{ inputs.name | upper }}"}
"""
)
SLOW = HEAD + "tasks:\n  - {id: nap, type: core.flow.Sleep, duration: PT1H}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Gives back what the run left in its temporary folder."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return lambda: [path.name for path in folder.rglob("*")]


def test_lines_then_a_table_then_outputs(penstock, here):
    Path("flow.yaml").write_text(GREET)
    ran = penstock("run", "flow.yaml", "--input", "name=Ada")
    assert (ran.code, ran.err) == (0, "")
    lines = [line.split(maxsplit=1)[1] for line in ran.out.splitlines()[:2]]
    assert lines == ["INFO  hi: Hello Ada 1", "INFO  hi: Hello Ada 2"]
    words = [line.split() for line in ran.out.splitlines()[2:]]
    assert words[0][:2] == ["a.b/main", "SUCCESS"]
    assert [row[:-1] for row in words[1:5]] == [
        ["TASK", "STATE"],
        ["each", "SUCCESS"],
        ["hi", "[1]", "SUCCESS"],
        ["hi", "[2]", "SUCCESS"],
    ]
    assert words[5:] == [["Outputs"], ["name:", '"ADA"']]
    assert here() == []


def test_json_is_exactly_the_execution(penstock, here):
    Path("flow.yaml").write_text(GREET)
    Path("inputs.yaml").write_text("name: Bo\ntimes: 1\n")
    ran = penstock(
        "run", "flow.yaml", "--inputs", "inputs.yaml", "--label", "x=y", "--output", "json"
    )
    assert (ran.code, ran.err) == (0, "")
    found = ran.json
    assert found["state"] == "SUCCESS"
    assert found["inputs"] == {"name": "Bo", "times": 1}
    assert found["outputs"] == {"name": "BO"}
    assert found["labels"]["x"] == "y"
    assert found["trigger"]["type"] == "cli"
    assert [run["taskId"] for run in found["taskRuns"]] == ["each", "hi"]
    assert {"id", "tenant", "flowRevision", "flowHash", "stateHistory", "createdAt"} <= set(found)


def test_an_execution_that_does_not_succeed_ends_with_2(penstock, here):
    Path("flow.yaml").write_text(
        HEAD + "tasks:\n  - {id: a, type: core.execution.Fail, errorMessage: 'no data\nat all'}\n"
    )
    ran = penstock("run", "flow.yaml")
    assert ran.code == 2
    assert "a.b/main FAILED" in ran.out
    assert ran.out.splitlines()[-1].split(maxsplit=3)[3].startswith("no data")
    assert penstock("run", "flow.yaml", "--output", "json").json["state"] == "FAILED"
    assert here() == []


@pytest.mark.parametrize(
    ("flow", "arguments", "place", "words"),
    [
        (GREET.replace("message:", "mesage:"), (), "flow.yaml:12:", "[unknown-property]"),
        (GREET, (), "flow.yaml:5:5: error [missing-input]", "Missing required input:name"),
        (GREET, ("--input", "name=x", "--input", "times=many"), "flow.yaml:6:5:", "whole number"),
        (GREET, ("--inputs", "bad.json"), "bad.json:1:2: error [invalid-inputs]", "not JSON"),
        (GREET, ("--inputs", "list.yaml"), "list.yaml:1:1: error", "no map of inputs"),
        (GREET, ("--inputs", "bad.yaml"), "bad.yaml:2:", "not YAML"),
        (HEAD + "disabled: true\ntasks: []\n", (), "flow.yaml", "tasks"),
    ],
)
def test_what_does_not_hold_is_shown_with_its_place(penstock, flow, arguments, place, words):
    Path("flow.yaml").write_text(flow)
    Path("bad.json").write_text("{name}")
    Path("bad.yaml").write_text("name: [\n")
    Path("list.yaml").write_text("- name\n")
    ran = penstock("run", "flow.yaml", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert place in ran.err
    assert words in ran.err
    if "flow.yaml:" in place:
        assert re.search(r"^  \d+ \| .*\n +\| +\^$", ran.err, re.MULTILINE)
    as_json = penstock("run", "flow.yaml", *arguments, "--output", "json")
    assert (as_json.code, as_json.out) == (1, "")
    assert json.loads(as_json.err)["error"]["problems"][0]["file"] == place.partition(":")[0]


def test_a_disabled_flow_and_a_file_that_is_not_there(penstock, here):
    Path("flow.yaml").write_text(SLOW + "disabled: true\n")
    ran = penstock("run", "flow.yaml")
    assert (ran.code, ran.out) == (1, "")
    assert "is disabled" in ran.err
    ran = penstock("run", "nowhere.yaml")
    assert (ran.code, ran.err) == (1, "Error: There is no file nowhere.yaml.\n")
    assert here() == []


# -- other flows -----------------------------------------------------------------------------------

PARENT = (
    HEAD
    + """
tasks:
  - id: call
    type: core.flow.Subflow
    namespace: a.c
    flowId: child
    inputs: {n: 3}
outputs:
  - {id: got, type: INT, value: "{{ outputs.call.outputs.n }}"}
"""
)
CHILD = """id: child
namespace: a.c
inputs:
  - {id: n, type: INT}
tasks:
  - {id: say, type: core.log.Log, message: "in {{ namespace.place }}"}
outputs:
  - {id: n, type: INT, value: "{{ inputs.n * 2 }}"}
"""
SPACE = "kind: namespace\nnamespace: a\nspec: {variables: {place: Paris}}\n"


def test_with_loads_flows_and_variables_of_a_folder_and_leaves_the_rest_alone(penstock, here):
    Path("flows").mkdir()
    Path("flows/main.yaml").write_text(PARENT)
    Path("flows/child.yaml").write_text(CHILD)
    Path("flows/space.yml").write_text(SPACE)
    Path("flows/compose.yaml").write_text("services: {}\n")
    ran = penstock("run", "flows/main.yaml", "--with", "flows")
    assert (ran.code, ran.err) == (0, "")
    assert "child/say: in Paris" in ran.out
    assert "got: 6" in ran.out
    assert here() == []


def test_defaults_of_a_namespace_in_a_file_reach_the_flow(penstock, here):
    defaults = "[{type: core.log.Log, values: {message: said by default}}]"
    Path("space.yaml").write_text(
        f"kind: namespace\nnamespace: a\nspec: {{pluginDefaults: {defaults}}}\n"
    )
    Path("main.yaml").write_text(
        "id: f\nnamespace: a.b\ntasks:\n  - {id: say, type: core.log.Log}\n"
    )
    ran = penstock("run", "main.yaml", "--with", "space.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert "said by default" in ran.out
    assert penstock("run", "main.yaml").code == 1


def test_a_flow_that_is_not_loaded_is_warned_of_and_fails_its_task(penstock, here):
    Path("main.yaml").write_text(PARENT)
    ran = penstock("run", "main.yaml")
    assert ran.code == 2
    assert "main.yaml:8:13: warning [unknown-flow]: The flow a.c/child is in none" in ran.err
    assert "Unable to find flow 'a.c'.'child'" in ran.out


def test_two_files_with_one_flow_and_a_broken_one_are_refused(penstock, here):
    Path("main.yaml").write_text(PARENT)
    Path("one.yaml").write_text(CHILD)
    Path("two.yaml").write_text(CHILD)
    ran = penstock("run", "main.yaml", "--with", "one.yaml", "--with", "two.yaml")
    assert (ran.code, ran.out) == (1, "")
    assert "two.yaml:1:5: error [duplicate]: The flow a.c/child is in one.yaml too." in ran.err
    Path("two.yaml").write_text(CHILD.replace("tasks", "task"))
    ran = penstock("run", "main.yaml", "--with", "two.yaml")
    assert ran.code == 1
    assert "two.yaml:5:1: error" in ran.err


# -- secrets ---------------------------------------------------------------------------------------

SECRETIVE = (
    HEAD
    + """
tasks:
  - id: tell
    type: scripts.shell.Commands
    env: {K: "{{ secret('KEY') }}"}
    commands:
      - echo "it is $K"
      - echo "$K" >&2
      - 'echo "::{\\"outputs\\":{\\"k\\":\\"$K\\"}}::"'
      - env
  - {id: fail, type: core.execution.Fail, errorMessage: "lost {{ secret('KEY') }}"}
"""
)


@pytest.mark.parametrize("way", ["option", "environment"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_secret_is_given_and_seen_nowhere(penstock, here, monkeypatch, way, form):
    Path("flow.yaml").write_text(SECRETIVE)
    value = "hunter2-and-more"
    arguments: tuple[str, ...] = ()
    if way == "option":
        arguments = ("--secret", f"KEY={value}")
    else:
        monkeypatch.setenv("PENSTOCK_SECRET_KEY", value)
    ran = penstock("run", "flow.yaml", *arguments, "--output", form)
    assert ran.code == 2
    assert value not in ran.out + ran.err
    assert "******" in ran.out
    assert "PENSTOCK_SECRET" not in ran.out


def test_a_secret_that_is_missing_or_not_well_formed(penstock, here):
    Path("flow.yaml").write_text(SECRETIVE)
    ran = penstock("run", "flow.yaml")
    assert ran.code == 2
    assert "flow.yaml:7:14: warning [unknown-secret]: The secret `KEY` is not given." in ran.err
    assert "Set PENSTOCK_SECRET_KEY in the environment" in ran.out
    ran = penstock("run", "flow.yaml", "--secret", "hunter2-and-more")
    assert ran.code == 1
    assert "hunter2" not in ran.err


# -- the end of time -------------------------------------------------------------------------------


def test_after_the_timeout_the_execution_is_killed(penstock, here):
    Path("flow.yaml").write_text(SLOW)
    ran = penstock("run", "flow.yaml", "--timeout", "0.2", "--output", "json")
    assert ran.code == 2
    assert ran.json["state"] == "KILLED"
    assert json.loads(ran.err)["error"]["message"] == (
        "The execution took longer than 0.2 s and was killed."
    )
    assert here() == []


SCRIPT = (
    HEAD
    + """
tasks:
  - id: sh
    type: scripts.shell.Commands
    commands:
      - sleep 3600 & echo "pid $! $$"; wait
"""
)


PATIENT = """
import functools, sys
import penstock.plugins.scripts.process as process
process.ScriptProcess = functools.partial(process.ScriptProcess, grace_seconds=3600.0)
from penstock.cli import main
sys.argv = ["penstock", "run", "flow.yaml"]
main()
"""
"""A run that gives a script which is asked to end an hour for it."""


@contextmanager
def running(
    folder: Path, flow: str, program: tuple[str, ...] = ("-m", "penstock", "run", "flow.yaml")
) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A run whose first line names its processes."""
    (folder / "flow.yaml").write_text(flow)
    (folder / "temporary").mkdir()
    with subprocess.Popen(
        [sys.executable, *program],
        cwd=folder,
        env={
            **os.environ,
            "TMPDIR": str(folder / "temporary"),
            "XDG_CONFIG_HOME": str(folder),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split("pid", 1)[1].split()]
        assert all(map(is_alive, pids))
        try:
            yield process, pids
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_kills_scripts_with_their_children_and_leaves_nothing(tmp_path, number, code):
    with running(tmp_path, SCRIPT) as (process, pids):
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "a.b/main KILLED" in out
    assert err == ""
    assert not any(map(is_alive, pids))
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_second_signal_does_not_wait_for_a_script_that_ignores_the_first(tmp_path):
    stubborn = SCRIPT.replace("- sleep", "- trap '' TERM; sleep")
    # That it ends at all proves it: the script would have an hour.
    with running(tmp_path, stubborn, ("-c", PATIENT)) as (process, pids):
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.3)
    assert process.returncode == 130
    assert not any(map(is_alive, pids))
    assert list((tmp_path / "temporary").iterdir()) == []


def is_alive(pid: int) -> bool:
    """Whether the process does anything; a zombie does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_it_imports_neither_the_api_nor_a_web_server(tmp_path):
    (tmp_path / "flow.yaml").write_text(GREET)
    code = (
        "import sys; from penstock.cli.root import command; "
        "command.main(['run', 'flow.yaml', '--input', 'name=x'], standalone_mode=False); "
        "heavy = {'fastapi', 'starlette', 'uvicorn', 'alembic', 'apscheduler', 'httpx'}; "
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done: subprocess.CompletedProcess[Any] = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


TYPED = """
id: typed
namespace: company.team
inputs:
  - {id: report, type: FILE, allowedFileExtensions: [.csv]}
  - {id: token, type: SECRET}
  - {id: mention, type: STRING, defaults: "@all"}
  - id: contact
    type: FORM
    inputs:
      - {id: mail, type: EMAIL, required: false}
tasks:
  - id: say
    type: core.log.Log
    message: "{{ read(inputs.report) }} {{ inputs.token }} {{ inputs.mention }}"
outputs:
  - {id: token, type: SECRET, value: "{{ inputs.token }}"}
"""


def test_files_and_secrets_are_given_to_a_run(penstock):
    Path("typed.yaml").write_text(TYPED)
    Path("report.csv").write_text("a,b")
    given = ("--input", "report=@report.csv", "--input", "token=canary-77")
    ran = penstock("run", "typed.yaml", *given, "--input", "mention=@@ada")
    assert ran.code == 0, ran.err
    assert "a,b ****** @ada" in ran.out
    assert "canary" not in ran.out + ran.err
    assert json.loads(penstock("run", "typed.yaml", *given, "--output", "json").out)["outputs"] == {
        "token": "******"
    }


def test_a_file_that_is_not_there_or_not_taken_is_told(penstock):
    Path("typed.yaml").write_text(TYPED)
    Path("report.exe").write_text("x")
    missing = penstock("run", "typed.yaml", "--input", "report=@none.csv")
    assert missing.code == 1
    assert "There is no file none.csv for the input `report`." in missing.err
    wrong = penstock("run", "typed.yaml", "--input", "report=@report.exe", "--input", "token=x")
    assert wrong.code == 1
    assert "typed.yaml:5:" in wrong.err
    assert "File type not allowed. Accepted extensions: .csv" in wrong.err
    Path("report.csv").write_text("x")
    given = ("--input", "report=@report.csv", "--input", "token=x", "--input", "contact.mail=x")
    mail = penstock("run", "typed.yaml", *given)
    assert "typed.yaml:11:" in mail.err
    assert "The input must be a valid email" in mail.err


def test_a_folder_becomes_the_files_of_the_namespace(penstock, tmp_path):
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "a.sql").write_text("SELECT 1")
    (tmp_path / "f.yaml").write_text(
        "id: f\nnamespace: a.b\ntasks:\n  - id: t\n    type: core.debug.Return\n"
        "    format: \"{{ read('sql/a.sql') }}\"\n"
    )
    ran = penstock("--output", "json", "run", "f.yaml", "--files", ".")
    assert ran.json["taskRuns"][0]["outputs"] == {"value": "SELECT 1"}
    missing = penstock("run", "f.yaml")
    assert "There is no file 'sql/a.sql' in the namespace 'a.b'" in missing.out + missing.err


def test_what_waits_for_somebody_ends_here(penstock, here):
    Path("flow.yaml").write_text(HEAD + "tasks:\n  - {id: ask, type: core.flow.Pause}\n")
    ran = penstock("run", "flow.yaml")
    assert ran.code == 2
    assert "The execution is PAUSED and waits for somebody" in ran.err
    assert here() == []


def test_events_are_those_of_the_api(penstock, here):
    Path("flow.yaml").write_text(HEAD + "tasks:\n  - {id: a, type: core.log.Log, message: x}\n")
    found = json.loads(penstock("--output", "json", "run", "flow.yaml", "--events").out)
    assert [each["seq"] for each in found["events"]] == [*range(1, len(found["events"]) + 1)]
    assert found["events"][0].keys() == {"seq", "at", "kind", "state", "taskRunId", "detail"}
    assert found["events"][-1]["state"] == "SUCCESS"
