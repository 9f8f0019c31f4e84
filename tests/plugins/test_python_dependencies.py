"""`dependencies` and `pythonVersion` of Python scripts; a folder of wheels stands for the index."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sys
import threading
from pathlib import Path

import pytest
from pydantic import ValidationError

from penstock import registry
from penstock.model.task import LogLevel
from penstock.sdk.task import TaskFailed

from .test_scripts import wheel_of

PYTHON, COMMANDS = "scripts.python.Script", "scripts.python.Commands"
SHOW = "import visitor, sys\nprint(visitor.NAME, sys.prefix)"


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "index"
    folder.mkdir()
    for name in ("visitor", "guest"):
        wheel_of(folder, name)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def said(context) -> list[str]:
    return [line for level, line in context.lines if level is LogLevel.INFO]


def installs(context) -> int:
    return sum(line.startswith("Installing visitor") for _, line in context.lines)


def test_an_environment_is_made_once_and_changed_by_nobody(run, context) -> None:
    run(PYTHON, dependencies=["visitor"], script=SHOW, packageManager="PIP")
    run(PYTHON, dependencies=["visitor"], script=SHOW, packageManager="PIP")
    first, second = said(context)
    assert first == second
    assert first.startswith(f"visitor {context.cache_directory}")
    assert installs(context) == 1
    context.lines.clear()
    run(
        COMMANDS,
        requirements=["visitor"],
        packageManager="PIP",
        beforeCommands=[f"pip install -q --no-index --find-links {context.folder}/index guest"],
        commands=["python -c 'import visitor, guest; print(guest.NAME)'"],
    )
    assert said(context) == ["guest"]
    assert installs(context) == 0
    shutil.rmtree(context.working_directory)  # the next attempt has another
    with pytest.raises(TaskFailed, match="exited with code 1"):
        run(PYTHON, dependencies=["visitor"], script="import guest", packageManager="PIP")
    assert importlib.util.find_spec("visitor") is None


def test_runs_that_ask_at_the_same_time_share_one(run, context) -> None:
    failed: list[Exception] = []

    def once() -> None:
        try:
            run(PYTHON, dependencies=["visitor"], script=SHOW, packageManager="PIP")
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=once) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert len(set(said(context))) == 1
    assert installs(context) == 1


def test_without_the_cache_the_environment_is_the_run_s_own(run, context) -> None:
    found = run(
        PYTHON,
        dependencies=["visitor"],
        dependencyCacheEnabled=False,
        packageManager="PIP",
        script=SHOW,
        outputFiles=["**/*.py"],
    )
    assert said(context) == [f"visitor {context.working_directory}/.venv"]
    assert found["outputFiles"] == {}
    assert list(context.cache_directory.iterdir()) == []


def test_what_cannot_be_installed_is_told_with_the_last_lines(run, context, monkeypatch) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "http://user:hidden@127.0.0.1:1/simple")
    with pytest.raises(TaskFailed, match="nowhere==9 cannot be installed; pip says: ERR") as told:
        run(PYTHON, dependencies=["nowhere==9"], script="", packageManager="PIP")
    assert "No matching distribution found for nowhere==9" in told.value.message
    assert "hidden" not in told.value.message + str(context.lines)
    assert not any((context.cache_directory / "python").glob("*/.penstock-complete"))


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A stand-in for uv on PATH."""

    def make(text: str) -> None:
        folder = tmp_path / "programs"
        folder.mkdir()
        (folder / "uv").write_text(f"#!/bin/sh\n{text}\n")
        (folder / "uv").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    return make


def test_uv_installs_where_it_is_there(run, context, uv) -> None:
    uv(f'echo "uv $*"; [ "$1" = pip ] || exec {sys.executable} -m venv --without-pip "$4"')
    run(PYTHON, dependencies=["visitor", "guest>=1"], script="import sys\nprint(sys.prefix)")
    (folder,) = said(context)
    heard = [line for level, line in context.lines if level is LogLevel.TRACE]
    assert heard == [
        f"uv venv --python {sys.executable} {folder}",
        f"uv pip install --python {folder}/bin/python -- visitor guest>=1",
    ]


def test_installing_ends_with_the_task(context, uv) -> None:
    uv("echo begun; sleep 60")
    kind = registry.load_task(PYTHON)
    assert kind is not None
    task = kind.model_validate(
        {"id": "t", "type": PYTHON, "script": "", "dependencies": ["visitor"]}
    )
    failed: list[TaskFailed] = []

    def call() -> None:
        try:
            task.run(context)
        except TaskFailed as error:
            failed.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    assert context.said.wait(30)
    context.cancel()
    thread.join(30)
    assert not thread.is_alive()
    assert "asked to stop" in failed[0].message


@pytest.mark.parametrize("each", ["-r all.txt", "--index-url=http://x", " "])
def test_options_are_no_dependencies(each) -> None:
    kind = registry.load_task(PYTHON)
    assert kind is not None
    with pytest.raises(ValidationError, match="is no package"):
        kind.model_validate({"id": "t", "type": PYTHON, "script": "", "dependencies": [each]})


def test_another_python_is_taken_by_its_version(run, context, tmp_path, monkeypatch) -> None:
    folder = tmp_path / "programs"
    folder.mkdir()
    other = folder / "python3.99"
    other.write_text(
        f'#!/bin/sh\ncase "$2" in *version*) echo 3.99.1;; *) exec {sys.executable} "$@";; esac\n'
    )
    other.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    run(PYTHON, pythonVersion="3.99", script="print('here')")
    run(COMMANDS, pythonVersion=platform.python_version(), commands=["python -c 'print(1)'"])
    assert said(context) == ["here", "1"]
    with pytest.raises(TaskFailed, match=r"Python 2\.7 is not installed .* there is .*3\.99\."):
        run(PYTHON, pythonVersion="2.7", script="")
    with pytest.raises(TaskFailed, match="is no version"):
        run(PYTHON, pythonVersion="latest", script="")
