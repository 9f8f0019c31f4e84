"""``penstock test``: what it finds, how it says what is otherwise, and how it ends."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

HERE = Path(__file__).parents[1] / "flowtests"
FLOW = """id: f
namespace: a.b
inputs:
  - {id: day, type: STRING, defaults: monday}
tasks:
  - {id: a, type: core.debug.Return, format: "{{ inputs.day }}"}
  - {id: s, type: scripts.shell.Commands, commands: ["echo 1"]}
  - {id: b, type: core.log.Log, message: "{{ outputs.a.value }}"}
"""
SUITE = "id: t\nnamespace: a.b\nflowId: f\nfixtures: {tasks: [{id: s}]}\ncases:\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()
    (tmp_path / "f.yaml").write_text(FLOW)

    def write(cases: str) -> None:
        (tmp_path / "tests" / "t.yaml").write_text(SUITE + cases)

    return write


def test_every_suite_of_the_folder_passes(penstock, monkeypatch):
    monkeypatch.chdir(HERE / "passing")
    ran = penstock("test")
    assert ran.code == 0, ran.out + ran.err
    assert "17 passed, 1 skipped" in ran.out
    assert "✓ loads_and_tells" in ran.out
    assert "- passed_over" in ran.out


def test_a_case_that_fails_says_where_and_why(penstock, here):
    here(
        "  - id: wrong\n"
        "    expect:\n"
        "      state: FAILED\n"
        "      tasks: {a: {outputs: {value: tuesday}}, b: 2}\n"
        "      order: [b, a]\n"
        "      log: [nothing]\n"
        "      kv: {k: 1}\n"
        "    assertions:\n"
        '      - {value: "{{ outputs.a.value }}", equalTo: x, errorMessage: The day.}\n'
        "  - {id: right}\n"
    )
    ran = penstock("test", "--case", "wrong", "--case", "right")
    assert ran.code == 2
    told = [line.strip() for line in ran.out.splitlines() if "t.yaml:" in line]
    assert told == [
        "tests/t.yaml:8:14: The execution is SUCCESS, not FAILED.",
        "tests/t.yaml:12:15: There is no key `k`.",
        'tests/t.yaml:9:36: The output `value` of `a` is "monday", not "tuesday".',
        "tests/t.yaml:9:50: The task `b` ran once, not twice.",
        "tests/t.yaml:10:18: The task `a` began before `b`.",
        'tests/t.yaml:11:13: No line of the log says "nothing". The last line is "monday".',
        'tests/t.yaml:14:51: The day: "monday" is not equal to "x".',
    ]
    assert ran.out.endswith("s\n")
    assert "1 passed, 1 failed" in ran.out
    assert "log: monday" in ran.out


def test_json_and_junit_say_the_same(penstock, here):
    here("  - {id: good}\n  - {id: bad, expect: {state: FAILED}}\n  - {id: off, disabled: true}\n")
    ran = penstock("--output", "json", "test", "--junit", "junit.xml")
    assert ran.code == 2
    found = json.loads(ran.out)
    assert (found["passed"], found["failed"], found["skipped"]) == (1, 1, 1)
    (suite,) = found["suites"]
    assert (suite["file"], suite["flowId"]) == ("tests/t.yaml", "f")
    good, bad, off = suite["cases"]
    assert (good["state"], good["executionState"], good["taskRuns"]) == ("passed", "SUCCESS", 3)
    assert bad["problems"][0]["line"] == 7
    assert off["state"] == "skipped"
    root = ET.parse("junit.xml").getroot()
    (junit,) = root
    assert (junit.get("tests"), junit.get("failures"), junit.get("skipped")) == ("3", "1", "1")
    assert junit[1][0].get("message") == "The execution is SUCCESS, not FAILED."


def test_what_reaches_the_world_is_refused_even_where_failures_are_allowed(penstock, here):
    Path("f.yaml").write_text(
        FLOW.replace('commands: ["echo 1"]', 'commands: ["echo 1"], allowFailure: true')
        + "  - {id: h, type: core.http.Request, uri: 'https://example.com/x', allowFailure: true}\n"
    )
    Path("tests/t.yaml").write_text(
        "id: t\nnamespace: a.b\nflowId: f\ncases: [{id: c, expect: {state: WARNING}}]\n"
    )
    ran = penstock("test")
    assert ran.code == 2
    assert "Nothing stands for the task 's' (scripts.shell.Commands)" in ran.out
    assert "Nothing answers GET https://example.com/x of the task 'h'." in ran.out


def test_inputs_that_do_not_fit(penstock, here):
    Path("f.yaml").write_text(FLOW.replace("type: STRING, defaults: monday", "type: INT"))
    here("  - {id: c, fixtures: {inputs: {day: monday}}}\n")
    ran = penstock("test")
    assert ran.code == 2
    assert "tests/t.yaml:6:32: The flow cannot start:" in ran.out


def test_no_tests_and_no_flow(penstock, here):
    ran = penstock("test")
    assert ran.code == 1
    assert "There are no tests here." in ran.err
    here("  - {id: c}\n")
    Path("f.yaml").unlink()
    ran = penstock("test")
    assert ran.code == 1
    assert "The flow a.b/f is in none of the files." in ran.out + ran.err


def test_a_broken_flow_is_named_and_other_suites_still_run(penstock, here):
    here("  - {id: c}\n")
    Path("g.yaml").write_text("id: g\nnamespace: a.b\ntasks:\n  - {id: x, type: core.log.Lag}\n")
    Path("tests/g.yaml").write_text("id: g\nnamespace: a.b\nflowId: g\ncases: [{id: c}]\n")
    ran = penstock("test")
    assert ran.code == 1
    assert "g.yaml:4:" in ran.out + ran.err
    assert "1 passed, 1 files do not hold" in ran.out


def test_a_hundred_tests_run_in_one_go(penstock, here):
    here("".join(f"  - {{id: c{n}, expect: {{log: [monday]}}}}\n" for n in range(100)))
    ran = penstock("test")
    assert ran.code == 0
    assert "100 passed" in ran.out


GOLDEN = sorted((HERE / "broken" / "tests").glob("*.yaml"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_broken_files_say_what_is_wrong(penstock, monkeypatch, path):
    monkeypatch.chdir(HERE / "broken")
    ran = penstock("test", f"tests/{path.name}")
    assert ran.code == 1
    text = "".join(
        f"{line}\n" for line in (ran.out + ran.err).splitlines() if " passed" not in line
    )
    golden = path.with_suffix(".txt")
    if os.environ.get("PENSTOCK_GOLDEN") == "write":
        golden.write_text(text)
    assert text == golden.read_text()
    assert "Input should" not in text


def test_C11_pytest_collects_the_same_files(tmp_path, penstock):
    shutil.copytree(HERE / "passing", tmp_path / "project")
    (tmp_path / "project" / "tests" / "bad.yaml").write_text(
        "id: bad\nnamespace: shop.team\nflowId: files\n"
        "cases: [{id: c, fixtures: {tasks: [{id: fetch}]}, expect: {tasks: {show: SUCCESS}}}]\n"
    )
    (tmp_path / "project" / "test_it.py").write_text(
        "def test_with_the_fixture(penstock_run):\n"
        "    ran = penstock_run('limits.yaml', kv={'since': 'x'}, tasks=[{'id': 'script', 'error': 'no'}])\n"
        "    assert ran.state == 'FAILED'\n"
        "    assert 'no' in ran.error\n"
        "    assert ran.task('slow').state == 'WARNING'\n"
        "    assert 'since x' in ran.log\n"
        "    assert ran.outputs == {}\n"
    )
    ran = pytest_in(tmp_path / "project", "-v")
    assert "tests/load.yaml::loads_and_tells PASSED" in ran
    assert "tests/load.yaml::passed_over SKIPPED" in ran
    assert "test_it.py::test_with_the_fixture PASSED" in ran
    assert "tests/bad.yaml::c FAILED" in ran
    assert "bad.yaml:4:" in ran
    assert "Traceback" not in ran
    assert "1 failed, 18 passed, 1 skipped" in ran
    os.chdir(tmp_path / "project")
    assert "17 passed, 1 failed, 1 skipped" in penstock("test").out


def test_C11_a_broken_file_is_an_error_with_its_place(tmp_path):
    (tmp_path / "t.yaml").write_text(
        "id: t\nnamespace: a.b\nflowId: f\ncases:\n  - {id: c, expct: {}}\n"
    )
    ran = pytest_in(tmp_path)
    assert "t.yaml:5:13: error[unknown-property]: There is no property `expct` here." in ran
    assert "Did you mean `expect`?" in ran


def test_C11_the_plugin_is_an_entry_point_and_light():
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"penstock": "penstock.pytest_plugin"}
    heavy = python(
        "import sys, penstock.pytest_plugin\n"
        "print([each for each in ('sqlalchemy', 'pydantic', 'yaml', 'click') if each in sys.modules])"
    )
    assert heavy.strip() == "[]"


def pytest_in(folder: Path, *arguments: str) -> str:
    import subprocess
    import sys

    # In case this environment was made before the entry point.
    known = subprocess.run(
        [
            sys.executable,
            "-c",
            "import importlib.metadata as m; print([e.name for e in m.entry_points(group='pytest11')])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    named = () if "'penstock'" in known.stdout else ("-p", "penstock.pytest_plugin")
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *named,
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            *arguments,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout + ran.stderr


def python(code: str) -> str:
    import subprocess
    import sys

    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_the_guide_says_what_happens(tmp_path, penstock, monkeypatch):
    guide = (Path(__file__).parents[2] / "docs" / "testing.md").read_text()
    flow, suite = re.findall(r"^```yaml\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    (code,) = re.findall(r"^```python\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    (tmp_path / "flows" / "tests").mkdir(parents=True)
    (tmp_path / "flows" / "load.yaml").write_text(flow)
    (tmp_path / "flows" / "tests" / "load.yaml").write_text(suite)
    (tmp_path / "flows" / "tests" / "test_load.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    ran = penstock("test", "flows")
    assert ran.code == 0, ran.out
    (told,) = re.findall(
        r"^```console\n\$ penstock test flows\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE
    )
    seconds = re.compile(r"[\d.]+ s")
    assert seconds.sub("N s", ran.out) == seconds.sub("N s", told)
    assert "3 passed" in pytest_in(tmp_path, "flows")
