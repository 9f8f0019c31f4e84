"""What the flow language means, pinned by small flows: one per feature and per interplay.

The first lines of a file in `valid/` are its expectation, each a key and a YAML value:

    expect: the final state
    runs:   task runs in the order of their creation, ``id[value]=STATE*attempts`` (both optional)
    any_order: whether the order does not matter, because work goes on at the same time
    outputs, given: the flow's outputs, the inputs
    log:    all log lines; `last_log`: the last one
    error:  words of the reason why it failed
    refused: words of the reason why the inputs are not taken; then nothing runs
    resume: for each pause that waits for somebody, what whoever resumes it gives
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from penstock import registry
from penstock.engine.check import check
from penstock.engine.operation import ResumeRequested
from penstock.errors import InvalidInputs
from penstock.language.parse import parse
from penstock.model.execution import Execution, TaskRun
from penstock.model.sealed import hidden
from penstock.model.state import State
from penstock.runtime.local import LocalRunner, Patience
from penstock.service.spec import NamespaceSpec

HERE = Path(__file__).parent / "valid"
FLOWS = sorted(HERE.glob("*.yaml"))
KEYS = {
    "expect",
    "runs",
    "any_order",
    "outputs",
    "given",
    "log",
    "last_log",
    "error",
    "refused",
    "resume",
}
NAMESPACES = {
    "corpus": {"variables": {"host": "db.corpus", "port": 5432}, "labels": {"tier": "gold"}},
    "corpus.valid": {
        "description": "all flows here",
        "variables": {
            "host": "db.valid",
            "tables": {"orders": {"keep": 2}},
            "slack": {"webhook": {"secret": "TOKEN"}, "channel": "#data"},
            "template": "{{ flow.id }}",
            "regions": ["eu", "us"],
            "login": {"user": "ann", "password": {"secret": "LOGIN", "subkey": "password"}},
        },
    },
    "corpus.closed": {"allowedNamespaces": []},
    "corpus.broken": {"variables": {"missing": {"secret": "NOWHERE"}}},
    "corpus.defaults": {
        "pluginDefaults": [
            {"type": "core.debug.Return", "values": {"format": "from above"}},
            {"type": "core.log", "values": {"message": "forced from above"}, "forced": True},
        ]
    },
    "corpus.defaults.below": {
        "pluginDefaults": [
            {"type": "io.kestra.plugin.core.debug.Return", "values": {"format": "from below"}},
            {"type": "core.log.Log", "values": {"message": "forced from below"}, "forced": True},
            {"type": "core.execution.Fail", "values": {"errorMessage": "{{ flow.id }} gave up"}},
        ]
    },
}
"""What `namespace.*` shows, and a namespace that nobody else may use."""
SECRETS = {"TOKEN": "tok-123456", "LOGIN": '{"password": "pw-12345678"}'}
RUN = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,\s]+)')


@pytest.fixture(scope="module")
def runner() -> Iterator[LocalRunner]:
    """One runtime for all of them; it knows the flows that others call, and some namespaces."""
    with LocalRunner(secrets=SECRETS, workers=4) as made:
        made.store.add(map(flow_of, sorted((HERE / "called").glob("*.yaml"))))
        for namespace, spec in NAMESPACES.items():
            made.store.declare(namespace, NamespaceSpec.model_validate(spec))
        made.store.add_files("corpus.valid", HERE / "files")
        yield made


def flow_of(path: Path):
    source = path.read_text()
    parsed = parse(source, registry)
    assert parsed.flow is not None, [problem.sentence() for problem in parsed.problems]
    assert parsed.flow.id == path.stem
    return parsed.flow, source


def expected(path: Path) -> dict[str, Any]:
    head = path.read_text().partition("\nid:")[0].splitlines()
    found: dict[str, Any] = {}
    for line in head:
        key, _, value = line.removeprefix("# ").partition(": ")
        assert key in KEYS, f"{path.name}: {line}"
        found[key] = value if key == "runs" else yaml.safe_load(value)
    return found


def runs_of(text: str) -> list[str]:
    return [
        re.sub(r"\\(.)", r"\1", quoted) if quoted else plain for quoted, plain in RUN.findall(text)
    ]


def shown(run: TaskRun, pattern: str) -> str:
    """A run as `pattern` shows runs: attempts only when they are told."""
    value = f"[{run.value}]" if run.value is not None and "[" in pattern else ""
    attempts = f"*{len(run.attempts)}" if "*" in pattern else ""
    return f"{run.task_id}{value}={run.state.value}{attempts}"


def told(execution: Execution, wanted: list[str], *, any_order: bool) -> list[str]:
    runs = sorted(execution.task_runs.values(), key=lambda run: run.number)
    if not any_order:
        patterns = wanted + [""] * len(runs)
        return [shown(run, pattern) for run, pattern in zip(runs, patterns, strict=False)]
    by_id = {re.split(r"[\[=]", each)[0]: each for each in wanted}
    return sorted(shown(run, by_id.get(run.task_id, "")) for run in runs)


def answer(runner: LocalRunner, execution: Execution, answers: list[dict[str, Any]]):
    """Resumes an execution as often as there are answers, whenever it is PAUSED."""
    executor = runner.executor

    def resume() -> None:
        for active, _ in executor.sample(100):
            if active.id == execution.id and active.state is State.PAUSED and answers:
                executor.operate("main", active.id, ResumeRequested("ann", None, answers.pop(0)))

    return executor.subscribe(execution.id, resume)


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_a_flow_does_what_its_first_lines_say(path: Path, runner: LocalRunner):
    expectation = expected(path)
    flow, source = flow_of(path)
    runner.store.add([(flow, source)])
    lines: list[str] = []
    given = expectation.get("given", {})
    if "refused" in expectation:
        with pytest.raises(InvalidInputs) as refused:
            runner.prepare(flow.namespace, flow.id, given)
        assert expectation["refused"] in refused.value.message
        return
    execution, version = runner.prepare(flow.namespace, flow.id, given)

    def on_line(by: Execution, line) -> None:
        if by.id == execution.id:
            lines.append(line.message)

    undo = answer(runner, execution, expectation.get("resume", []))
    ran = runner.run(execution, version, on_line=on_line, patience=Patience(60))
    undo()
    found = ran.execution
    assert found.failure is None or found.state in ("FAILED", "KILLED")
    wanted = runs_of(expectation["runs"])
    any_order = expectation.get("any_order", False)
    assert told(found, wanted, any_order=any_order) == (sorted(wanted) if any_order else wanted)
    assert found.state.value == expectation["expect"], found.failure
    assert check(found, flow) == []
    if "outputs" in expectation:
        assert hidden(found.outputs) == expectation["outputs"]
    if "log" in expectation:
        assert lines == expectation["log"]
    if "last_log" in expectation:
        assert lines[-1] == expectation["last_log"]
    if "error" in expectation:
        assert found.failure is not None
        assert expectation["error"] in found.failure.message
    assert "Traceback" not in "\n".join(lines)
