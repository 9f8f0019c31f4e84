from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import textwrap
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import ValidationError

from penstock import registry
from penstock.model.task import LogLevel
from penstock.plugins.scripts.guard import guard
from penstock.plugins.scripts.lines import LineSplitter
from penstock.plugins.scripts.process import ScriptProcess, base_environment
from penstock.sdk.task import Outputs, RunnableTask, TaskFailed

Run = Callable[..., Outputs]
COMMANDS, SCRIPT = "scripts.shell.Commands", "scripts.shell.Script"
PYTHON, PYTHON_COMMANDS = "scripts.python.Script", "scripts.python.Commands"


def wheel_of(folder: Path, name: str) -> Path:
    """A package that can be installed without a network."""
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    about = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}.py", f"NAME = '{name}'\n")
        archive.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        )
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return wheel


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def test_output_is_logged_line_by_line(run: Run, context) -> None:
    outputs = run(COMMANDS, commands=["echo one", "echo two >&2", "printf three"])
    assert sorted(context.lines) == sorted(
        [(LogLevel.INFO, "one"), (LogLevel.WARN, "two"), (LogLevel.INFO, "three")]
    )
    assert outputs == {
        "exitCode": 0,
        "vars": {},
        "outputFiles": {},
        "stdOutLineCount": 2,
        "stdErrLineCount": 1,
    }


def test_lines_arrive_while_the_script_still_runs(context, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    heard = threading.Event()
    process = ScriptProcess(
        command=["/bin/sh", "-c", f"echo ready; cat '{gate}'"],
        directory=tmp_path,
        environment=base_environment(os.environ),
        on_line=lambda *_: heard.set(),
    )
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(process.run()))
    thread.start()
    assert heard.wait(30)
    gate.write_text("go")
    thread.join(30)
    assert codes == [0]


def test_marker_lines_give_outputs_metrics_logs(run: Run, context) -> None:
    outputs = run(
        COMMANDS,
        commands=[
            """echo '::{"outputs":{"a":1,"b":{"c":[true]}}}::'""",
            """echo '::{"outputs":{"a":2},"metrics":[{"name":"n","type":"counter","value":3,"tags":{"k":"v"}}]}::'""",
            """echo '::{"metrics":[{"name":"t","type":"timer","value":"PT1.5S"}],"unknown":1}::'""",
            """echo '::{"logs":[{"level":"ERROR","message":"bad day"}]}::'""",
            """echo '::{"outputs":{broken}::'""",
            """echo '::{"metrics":[{"value":1}]}::'""",
        ],
    )
    assert outputs["vars"] == {"a": 2, "b": {"c": [True]}}
    assert context.metrics == [("n", 3, "counter", {"k": "v"}), ("t", 1.5, "timer", {})]
    assert (LogLevel.ERROR, "bad day") in context.lines
    wrong = [line for level, line in context.lines if level is LogLevel.WARN]
    assert "not taken as outputs" in wrong[0]
    assert "metrics.0.name: Field required" in wrong[1]


def test_exit_code_fails_the_task_and_keeps_outputs(run: Run) -> None:
    with pytest.raises(TaskFailed, match="exited with code 3") as caught:
        run(
            SCRIPT,
            script="""echo '::{"outputs":{"a":1}}::'; echo x > f.txt; exit 3""",
            outputFiles=["*.txt"],
        )
    assert caught.value.outputs["exitCode"] == 3
    assert caught.value.outputs["vars"] == {"a": 1}
    assert caught.value.outputs["outputFiles"] == {"f.txt": "penstock:///shop/f.txt"}


def test_death_by_signal_has_the_shell_s_code(run: Run) -> None:
    with pytest.raises(TaskFailed, match="exited with code 143"):
        run(SCRIPT, script="kill -TERM $$")


def test_fail_fast(run: Run, context) -> None:
    with pytest.raises(TaskFailed, match="exited with code 1"):
        run(COMMANDS, commands=["false", "echo later"])
    assert context.lines == []
    run(COMMANDS, commands=["false", "echo later"], failFast=False)
    assert context.lines == [(LogLevel.INFO, "later")]


def test_before_commands_share_the_shell(run: Run, context) -> None:
    run(COMMANDS, beforeCommands=["X=1", "cd /"], commands=["echo $X $PWD"])
    assert context.lines == [(LogLevel.INFO, "1 /")]


def test_interpreter(run: Run, context) -> None:
    run(COMMANDS, interpreter=[sys.executable, "-c"], failFast=False, commands=["print(6 * 7)"])
    assert context.lines == [(LogLevel.INFO, "42")]
    with pytest.raises(TaskFailed, match="exited with code 127"):
        run(COMMANDS, interpreter=["/no/such/shell"], commands=["true"])


def test_files_go_in_and_come_out(run: Run, context, tmp_path: Path) -> None:
    stored = tmp_path / "stored"
    stored.write_text("from storage")
    outputs = run(
        SCRIPT,
        inputFiles={
            "a/text.txt": "hello",
            "stored.txt": context.store_file(stored),
            "map.json": {"k": [1]},
            "empty": None,
        },
        outputFiles=["out/**/*.txt", "nothing*"],
        script="mkdir -p out/deep; cat a/text.txt stored.txt map.json empty > out/deep/r.txt",
    )
    files = outputs["outputFiles"]
    assert isinstance(files, dict)
    assert list(files) == ["out/deep/r.txt"]
    assert context.text(files["out/deep/r.txt"]) == 'hellofrom storage{"k": [1]}'
    assert (LogLevel.WARN, "outputFiles: no file matches 'nothing*'.") in context.lines


def test_input_files_as_json_text(run: Run, context) -> None:
    run(SCRIPT, inputFiles='{"a.txt": "A"}', script="cat a.txt")
    assert context.lines == [(LogLevel.INFO, "A")]
    with pytest.raises(TaskFailed, match="must be a map"):
        run(SCRIPT, inputFiles="[1]", script="true")


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", ""])
def test_files_stay_inside(run: Run, name: str) -> None:
    with pytest.raises(TaskFailed, match="not a path inside the working directory"):
        run(SCRIPT, inputFiles={name: "x"}, script="true")
    with pytest.raises(TaskFailed, match="not a path inside the working directory"):
        run(SCRIPT, outputFiles=[name], script="true")


def test_what_cannot_be_is_said_in_a_sentence(run: Run) -> None:
    with pytest.raises(TaskFailed, match=r"inputFiles\['a'\] cannot be written: .*directory"):
        run(SCRIPT, inputFiles={"a/b": "x", "a": "y"}, script="true")
    with pytest.raises(TaskFailed, match="could not be started: embedded null byte"):
        run(SCRIPT, script="echo \0")
    with pytest.raises(TaskFailed, match=r"could not be started: .*Argument list too long"):
        run(SCRIPT, env={"A": "x" * 300_000}, script="true")


def test_links_out_of_the_directory_are_left(run: Run, context) -> None:
    outputs = run(SCRIPT, outputFiles=["*"], script="ln -s /etc/passwd link; echo 1 > own")
    assert list(outputs["outputFiles"]) == ["own"]  # pyrefly: ignore
    assert (LogLevel.WARN, "link leads out of the working directory: left.") in context.lines


def test_the_server_s_environment_stays_with_the_server(
    run: Run, context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENSTOCK_TOKEN", "hidden")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    run(COMMANDS, commands=["env"], env={"OWN": "1", "N": 5})
    names = {line.partition("=")[0] for _, line in context.lines}
    assert {"OWN", "N", "PATH", "WORKING_DIR"} <= names
    assert not any(name.startswith(("PENSTOCK", "AWS", "PYTEST")) for name in names)


def test_python_is_at_hand_and_imports_input_files(run: Run, context) -> None:
    outputs = run(
        PYTHON,
        inputFiles={"helper.py": "NAME = 'helper'"},
        outputFiles=["*"],
        script="import helper, sys\nprint(helper.NAME, sys.prefix)\nopen('o', 'w').write('ü')",
    )
    assert context.lines == [(LogLevel.INFO, f"helper {sys.prefix}")]
    assert "o" in outputs["outputFiles"]  # pyrefly: ignore
    assert ".script.py" not in outputs["outputFiles"]  # pyrefly: ignore
    run(PYTHON_COMMANDS, commands=["python -c 'print(1)'", "python -m pip --version > v.txt"])
    assert (LogLevel.INFO, "1") in context.lines


def test_packages_that_a_script_installs_stay_with_the_script(
    run: Run, context, tmp_path: Path
) -> None:
    wheel = wheel_of(tmp_path, "visitor")
    outputs = run(
        PYTHON,
        beforeCommands=[f"python -m pip install -q --no-index --no-cache-dir {wheel}"],
        script="import visitor\nprint(visitor.NAME)",
        outputFiles=["**/*"],
    )
    assert context.lines[-1] == (LogLevel.INFO, "visitor")
    assert outputs["outputFiles"] == {}
    assert importlib.util.find_spec("visitor") is None


def test_large_scripts_pass(run: Run, context) -> None:
    run(SCRIPT, script="# " + "x" * 300_000 + "\necho done")
    run(PYTHON, script="# " + "x" * 300_000 + "\nprint('py')")
    assert [line for _, line in context.lines] == ["done", "py"]


@pytest.mark.parametrize("runner", ["core.runner.Process", "io.kestra.plugin.core.runner.Process"])
def test_process_runner_is_accepted(run: Run, runner: str) -> None:
    assert run(COMMANDS, commands=["true"], taskRunner={"type": runner})["exitCode"] == 0


def test_other_runners_are_refused_with_the_cure(run: Run) -> None:
    with pytest.raises(ValidationError, match=r"Batch' is not available.*core\.runner\.Process"):
        run(COMMANDS, commands=["true"], taskRunner={"type": "ee.aws.runner.Batch"})


@pytest.mark.parametrize(
    "asked",
    [
        {
            "taskRunner": {
                "type": "io.kestra.plugin.scripts.runner.docker.Docker",
                "cpu": {"cpus": 1},
            }
        },
        {"docker": {"image": "ubuntu"}},
        {"runner": "DOCKER"},
    ],
)
def test_a_container_is_accepted_and_the_log_says_what_runs(run: Run, context, asked) -> None:
    run(COMMANDS, commands=["true"], **asked)
    (key,) = asked
    said = f"{key} has no effect: the script runs as a process of the worker."
    assert context.lines[0][1] == said


def test_container_image_is_said_to_have_no_effect(run: Run, context) -> None:
    run(COMMANDS, commands=["true"], containerImage="ubuntu")
    assert "no effect" in context.lines[0][1]


def test_outputs_are_bounded(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("penstock.plugins.scripts.protocol.MAX_VARS_BYTES", 100)
    with pytest.raises(TaskFailed, match="write them to a file"):
        run(PYTHON, script="""print('::{"outputs":{"a":"' + 'x' * 200 + '"}}::')""")


def test_long_lines_are_cut() -> None:
    lines: list[tuple[str, bool]] = []
    splitter = LineSplitter(lambda line, cut: lines.append((line, cut)))
    for _ in range(100):
        splitter.feed(b"x" * 10_000)
    splitter.feed("\nü\r\n\n".encode())
    splitter.feed(b"::{" + b"y" * 100_000 + b"}::\nend")
    splitter.close()
    assert len(lines[0][0]) < 41_000
    assert [cut for _, cut in lines] == [True, False, False, False, False]
    assert [line for line, _ in lines[1:3]] == ["ü", ""]
    assert len(lines[3][0]) == 100_006
    assert lines[4][0] == "end"


@pytest.mark.parametrize("before", [32 * 1024 - 3, 32 * 1024 - 6, 30_000])
def test_a_secret_at_the_cut_of_a_long_line_is_hidden(run: Run, context, before: int) -> None:
    run(PYTHON, script=f"print('x' * {before} + 'cAnArY' + 'y' * 9000)")
    [(_, line)] = context.lines
    assert "(cut: the line is over 32768 bytes)" in line
    assert "cA" not in line
    assert len(line) < 33_000


def test_a_marker_line_that_is_too_long_fails_the_task(run: Run) -> None:
    with pytest.raises(TaskFailed, match="write them to a file"):
        run(PYTHON, script="""print('::{"outputs":{"a":"' + 'x' * 2_000_000 + '"}}::')""")


def stopped(context, script: str, *, grace: float | None = None) -> TaskFailed:
    """Runs a shell script, cancels it after its first line, gives the failure."""
    kind = registry.load_task(SCRIPT)
    assert kind is not None
    task = kind.model_validate({"id": "t", "type": SCRIPT, "script": script})
    assert isinstance(task, RunnableTask)
    failed: list[TaskFailed] = []

    def work() -> None:
        try:
            task.run(context)
        except TaskFailed as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert context.said.wait(30)
    context.cancel()
    thread.join(30)
    assert not thread.is_alive()
    return failed[0]


def test_cancel_ends_the_whole_group(context, tmp_path: Path) -> None:
    held = tmp_path / "held"
    os.mkfifo(held)
    reader = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    error = stopped(context, f"exec 9>'{held}'; sleep 1000 & sleep 1000 & echo ready; wait")
    assert "asked to stop" in error.message
    os.set_blocking(reader, True)
    assert os.read(reader, 1) == b""  # the last holder of the pipe is gone
    os.close(reader)


def test_who_ignores_the_signal_is_killed(context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScriptProcess.__init__, "__defaults__", _with_grace(0.05))
    error = stopped(context, "trap '' TERM; echo ready; while :; do sleep 1000; done")
    assert "asked to stop" in error.message


def _with_grace(seconds: float) -> tuple[object, ...]:
    defaults = ScriptProcess.__init__.__defaults__ or ()
    return (seconds, *defaults[1:])


def test_cancelled_before_its_start_nothing_runs(run: Run, context) -> None:
    context.cancelled = True
    with pytest.raises(TaskFailed, match="asked to stop"):
        run(SCRIPT, script="echo never")
    assert context.lines == []


def test_what_a_script_leaves_behind_is_killed(run: Run, context, tmp_path: Path) -> None:
    held = tmp_path / "held"
    os.mkfifo(held)
    reader = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    run(SCRIPT, script=f"exec 9>'{held}'; sleep 1000 & echo started")
    os.set_blocking(reader, True)
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_nothing_leaks(run: Run) -> None:
    run(COMMANDS, commands=["true"])
    before = open_files()
    for _ in range(5):
        run(COMMANDS, commands=["true"])
    assert open_files() == before
    assert guard._groups == set()
    # The guard's watcher is the one child, alive; a zombie would give its number here.
    assert os.waitpid(-1, os.WNOHANG)[0] == 0


SERVER = textwrap.dedent("""
    import os, sys
    from pathlib import Path
    from penstock.plugins.scripts.guard import guard
    from penstock.plugins.scripts.process import ScriptProcess
    if sys.argv[2] == "guard lost":
        guard.add(999999999)
        guard._watcher.kill()
        guard._watcher.wait()
    ScriptProcess(
        command=["/bin/sh", "-c", f"exec 9>'{sys.argv[1]}'; trap '' TERM HUP; sleep 1000 & echo up; wait"],
        directory=Path("/"),
        environment=dict(os.environ),
        on_line=lambda line, *_: print(line, flush=True),
    ).run()
""")


@pytest.mark.parametrize("case", ["plain", "guard lost"])
def test_scripts_die_with_a_server_that_is_killed(tmp_path: Path, case: str) -> None:
    held = tmp_path / "held"
    os.mkfifo(held)
    reader = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(held), case], stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"up\n"
        server.send_signal(signal.SIGKILL)
    os.set_blocking(reader, True)
    assert os.read(reader, 1) == b""  # blocks until script and grandchild are gone
    os.close(reader)


def test_secrets_that_a_script_says_are_sealed(run: Run, context) -> None:
    line = '::{"outputs": {"a": 1}, "encryptedOutputs": {"token": "abc", "map": {"x": 1}}}::'
    found = run(SCRIPT, script=f"echo '{line}'; echo '::{{\"encryptedOutputs\": 5}}::'")
    assert found["vars"] == {"a": 1, "token": {"sealed": "cba"}, "map": {"sealed": '}1 :"x"{'}}
    (warning,) = [message for _, message in context.lines]
    assert warning.startswith("A line with secrets (not taken as outputs")


@pytest.mark.parametrize(
    "script",
    [
        """echo '::{"encryptedOutputs": {"token": "hunter2"}}:: done'""",
        """echo 'see ::{"encryptedOutputs": {"token": "hunter2"}}::'""",
        """echo '::{"encryptedOutputs": {"token": "hunter2"}}::' >&2""",
        """printf '::{"encryptedOutputs": {"token": "hunter2%01100000d"}}::\\n' 0""",
        """printf 'x ::{"encryptedOutputs": {"token": "hunter2%070000d"}}::\\n' 0""",
    ],
)
def test_a_line_with_secrets_that_is_not_obeyed_is_not_shown(run, context, script):
    with suppress(TaskFailed):
        run(SCRIPT, script=script)
    (message,) = [message for _, message in context.lines]
    assert message == "A line with secrets (not taken as outputs)"
