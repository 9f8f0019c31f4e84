"""What works without a server: help, validate, mistakes of the command line, and starting one."""

from __future__ import annotations

import concurrent.futures
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

GOOD = "id: f\nnamespace: a.b\ntasks:\n  - id: a\n    type: core.log.Log\n    message: x\n"


def test_validate_says_file_line_column_cause_and_cure(penstock):
    Path("good.yaml").write_text(GOOD)
    Path("bad.yaml").write_text(GOOD.replace("message", "mesage").replace("id: f", "id: g"))
    ran = penstock("validate", "good.yaml", "bad.yaml")
    assert ran.code == 1
    assert re.search(r"bad\.yaml:6:5: error \[unknown-property\]: .*`mesage`", ran.err)
    assert "message" in ran.err
    assert "    |     ^" in ran.err
    found = penstock("--output", "json", "validate", ".").json
    assert set(found[0]) >= {
        "file",
        "path",
        "line",
        "column",
        "severity",
        "code",
        "message",
        "hint",
    }
    assert {each["file"] for each in found} == {"bad.yaml"}
    assert penstock("validate", "good.yaml").code == 0


def test_validate_heeds_namespaces_and_finds_what_is_there_twice(penstock):
    Path("flows").mkdir()
    bare = GOOD.replace("    message: x\n", "")
    Path("flows/one.yaml").write_text(bare)
    assert penstock("validate", "flows").code == 1
    defaults = "[{type: core.log, values: {message: x}}]"
    space = f"kind: namespace\nnamespace: a\nspec: {{pluginDefaults: {defaults}}}\n"
    Path("flows/space.yaml").write_text(space)
    assert penstock("validate", "flows").code == 0
    Path("flows/two.yaml").write_text(bare)
    assert "is also in" in penstock("validate", "flows").err


@pytest.mark.parametrize(
    "text", [b"", b"\xff\xfe", b"a: [", b"- 1", b"id: f\n", b"\x00", b"id: &a [*a]\nnamespace: x\n"]
)
def test_validate_never_breaks_on_a_file(penstock, text):
    Path("odd.yaml").write_bytes(text)
    ran = penstock("validate", "odd.yaml")
    assert ran.code == 1
    assert "odd.yaml" in ran.err
    assert "Traceback" not in ran.err
    applied = penstock("apply", "odd.yaml")
    assert applied.code == 1
    assert "Traceback" not in applied.err


def test_a_file_that_is_not_there(penstock):
    ran = penstock("validate", "nowhere.yaml")
    assert (ran.code, ran.err) == (1, "Error: There is no file nowhere.yaml.\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("flwo", "list"), "Did you mean `penstock flow`?"),
        (("xyzzy",), "There is no command `xyzzy`."),
        (("flow", "lst"), "lst"),
        (("plan",), "Missing argument 'PATHS...'"),
        (("--output", "xml", "flow", "list"), "xml"),
        (("execution", "run", "nothing"), "NAMESPACE/FLOW"),
        (("--url", "http://127.0.0.1:9", "flow", "list"), "Cannot reach http://127.0.0.1:9"),
    ],
)
def test_a_mistyped_command_line_says_how_to_mend_it(penstock, arguments, words):
    ran = penstock(*arguments)
    assert ran.code == 1
    assert words in ran.err
    assert ran.out == ""


def test_help_lists_every_command_and_loads_none_of_them(penstock):
    ran = penstock("--help")
    assert ran.code == 0
    for name in ("server", "validate", "plan", "apply", "flow", "secret", "execution", "provider"):
        assert re.search(rf"^  {name} +\w", ran.out, re.MULTILINE)
    code = (
        "import sys, penstock.cli.root as r; r.command.main(['--help'], standalone_mode=False); "
        "heavy = {'fastapi', 'sqlmodel', 'sqlalchemy', 'pydantic', 'httpx', 'yaml'}; "
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name", ["server", "validate", "plan", "apply", "flow", "execution", "token"]
)
def test_each_command_explains_itself(penstock, name):
    ran = penstock(name, "--help")
    assert ran.code == 0
    assert f"Usage: penstock {name}" in ran.out


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}


def test_the_server_says_once_that_it_is_ready_and_leaves_in_order(tmp_path):
    command = [
        sys.executable,
        "-m",
        "penstock",
        "server",
        "--port",
        "0",
        "--data",
        str(tmp_path / "d"),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(
            r"penstock ready at (http://127\.0\.0\.1:\d+) \(data: (.+), admin token: (.+)\)\n", line
        )
        assert found is not None, process.stderr and process.stderr.read()
        assert Path(found[3]).read_text().startswith("pst_")
        second = subprocess.run(
            [*command[:4], "--port", found[1].rpartition(":")[2], "--data", str(tmp_path / "e")],
            capture_output=True,
            text=True,
            env=environment(),
            check=False,
        )
        assert second.returncode == 1
        assert "Cannot listen on 127.0.0.1:" in second.stderr
        assert not (tmp_path / "e").exists()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out == ""
    assert err == ""


@pytest.mark.parametrize(
    ("arguments", "variables", "words"),
    [
        (["--port", "99999"], {}, "--port"),
        ([], {"PENSTOCK_WORKERS": "many"}, "PENSTOCK_WORKERS"),
        ([], {"PENSTOCK_MASTER_KEY": "c2hvcnQtbWFzdGVyLWtleQ=="}, "PENSTOCK_MASTER_KEY"),
    ],
)
def test_a_setting_that_does_not_hold_is_named_without_its_secret(
    tmp_path, arguments, variables, words
):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "penstock",
            "server",
            "--port",
            "0",
            "--data",
            str(tmp_path),
            *arguments,
        ],
        capture_output=True,
        text=True,
        env=environment() | variables,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "c2hvcnQ" not in done.stderr


def test_a_stopping_server_ends_the_streams_of_its_followers_in_order(tmp_path):
    command = [sys.executable, "-m", "penstock", "server", "--port", "0", "--data", str(tmp_path)]
    variables = environment() | {"PENSTOCK_SHUTDOWN_SECONDS": "3"}
    flow = (
        "id: f\nnamespace: a.b\ntasks:\n  - id: a\n    type: core.flow.Sleep\n    duration: PT1H\n"
    )
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=variables) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[3]
        token = (tmp_path / "admin-token").read_text().strip()
        with httpx.Client(
            base_url=f"{url}/api/v1/tenants/main",
            headers={"authorization": f"Bearer {token}"},
            trust_env=False,
        ) as api:
            api.put("/flows/a.b/f", json={"source": flow})
            body = {"namespace": "a.b", "flowId": "f"}
            execution_id = api.post("/executions", json=body).json()["id"]
            with api.stream("GET", f"/executions/{execution_id}/follow", timeout=30) as stream:
                lines = stream.iter_lines()
                assert "event: snapshot" in (next(lines), next(lines))
                process.send_signal(signal.SIGTERM)
                # A stream that is cut off would raise here.
                assert "event: end" not in list(lines)
            assert process.wait(timeout=30) == 0


def test_a_server_on_something_that_is_no_database_says_so(penstock, tmp_path):
    (tmp_path / "penstock.db").write_bytes(b"not a database " * 100)
    refused = penstock("server", "--port", "0", "--data", tmp_path)
    assert refused.code == 1
    assert "penstock.db: file is not a database." in refused.err
    assert "Traceback" not in refused.err


def test_of_two_servers_that_start_at_once_one_serves(tmp_path):
    command = [sys.executable, "-m", "penstock", "server", "--port", "0", "--data", str(tmp_path)]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    with concurrent.futures.ThreadPoolExecutor(2) as waiting:
        ends = {waiting.submit(each.wait, 60): each for each in both}
        first, _ = concurrent.futures.wait(ends, return_when="FIRST_COMPLETED")
        loser = ends[first.pop()]
        winner = next(each for each in both if each is not loser)
        _, said = loser.communicate()
        assert winner.stdout is not None
        ready = winner.stdout.readline()
        winner.terminate()
    assert "penstock ready" in ready
    assert loser.returncode == 1
    assert "only one server at a time" in said
    winner.communicate()
    assert winner.returncode == 0
