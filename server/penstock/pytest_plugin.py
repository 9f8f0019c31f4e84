"""The pytest plugin: collects tests of flows, and gives Python tests a runner.

An entry point, so pytest imports this at every start: nothing heavy is imported before a test
file is found or the fixture is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from penstock.cli.test_files import SuiteFile, Surroundings
    from penstock.model.execution import Execution, TaskRun
    from penstock.model.flow_test import Case
    from penstock.model.frozen import Json
    from penstock.model.problem import Problem
    from penstock.runtime.flow_test import FlowTests, Material
    from penstock.runtime.flow_test_result import CaseResult
    from penstock.runtime.stand_in import Sent

_LOOKS = (
    re.compile(r"^flowId\s*:", re.MULTILINE),
    re.compile(r"^(cases|testCases)\s*:", re.MULTILINE),
)
_STASH = pytest.StashKey[dict[Path, Any]]()  # one `Surroundings` a folder


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Takes YAML files with `flowId` and `cases`."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    try:
        text = file_path.read_text()
    except (OSError, UnicodeDecodeError):
        return None
    if not all(pattern.search(text) for pattern in _LOOKS):
        return None
    return SuiteCollector.from_parent(parent, path=file_path)


class BrokenSuite(Exception):
    """A test file that does not hold; its text is all problems with their places."""


class CaseFailed(Exception):
    """A case is otherwise than it says."""


class SuiteCollector(pytest.File):
    """One test file."""

    def collect(self) -> Iterator[pytest.Item]:
        """Its cases. Raises `BrokenSuite`."""
        from penstock.cli import test_files  # noqa: PLC0415 - see the module
        from penstock.language.flow_test import check_suite  # noqa: PLC0415 - as above
        from penstock.runtime.flow_test import FlowTests  # noqa: PLC0415 - as above

        (found,) = test_files.suites([self.path])
        suite = found.parsed.suite
        if suite is None:
            raise BrokenSuite(_told(found.problems(found.parsed.problems)))
        material, problems = test_files.material(found, _surroundings(self.config, self.path))
        if material is None:
            raise BrokenSuite(_told(problems))
        flow = material.flows[suite.namespace, suite.flow_id][0]
        wrong = found.problems(check_suite(found.parsed, flow))
        if wrong:
            raise BrokenSuite(_told(wrong))
        tests = FlowTests(jobs=1)
        for case in suite.cases:
            item = CaseItem.from_parent(self, name=case.id)
            item.found, item.case, item.material, item.tests = found, case, material, tests
            yield item

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # as pytest says
        """Sentences instead of a stack."""
        if isinstance(excinfo.value, BrokenSuite):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class CaseItem(pytest.Item):
    """One case."""

    found: SuiteFile
    case: Case
    material: Material
    tests: FlowTests

    def runtest(self) -> None:
        """Runs it. Raises `CaseFailed`."""
        result = self.tests.run_case(self.found.parsed, self.case, self.material)
        if result.state == "skipped":
            pytest.skip("disabled")
        if result.lines:
            self.add_report_section("call", "log", "\n".join(result.lines))
        if result.state == "failed":
            raise CaseFailed(_told(self.found.problems(result.problems)))

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> Any:  # as pytest says
        """Sentences instead of a stack."""
        if isinstance(excinfo.value, CaseFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it is."""
        suite = self.found.parsed.suite
        assert suite is not None
        number = suite.cases.index(self.case)
        line, _ = self.found.parsed.place((*self.found.parsed.cases, number))
        return self.path, line - 1, f"{suite.id}::{self.name}"


@dataclass(frozen=True, slots=True)
class FlowRun:
    """What became of an execution that a Python test started."""

    execution: Execution
    log: tuple[str, ...]
    requests: tuple[Sent, ...]

    @property
    def state(self) -> str:
        """The final state, such as SUCCESS."""
        return self.execution.state.value

    @property
    def outputs(self) -> dict[str, Json]:
        """The flow's outputs."""
        return self.execution.outputs or {}

    @property
    def error(self) -> str | None:
        """Why it failed."""
        return None if self.execution.failure is None else self.execution.failure.message

    def task(self, task_id: str) -> TaskRun:
        """The one run of a task. Raises `LookupError` when there are none or several."""
        found = self.tasks(task_id)
        if len(found) != 1:
            raise LookupError(f"The task '{task_id}' has {len(found)} runs.")
        return found[0]

    def tasks(self, task_id: str) -> list[TaskRun]:
        """The runs of a task in the order of their creation."""
        runs = self.execution.task_runs.values()
        return sorted((run for run in runs if run.task_id == task_id), key=lambda run: run.number)


@dataclass(slots=True)
class FlowRunner:
    """Runs flows in this process, each with a store and a clock of its own."""

    folder: Path
    _surroundings: dict[Path, Surroundings] = field(default_factory=dict)

    def __call__(
        self, flow: str | Path, *, real: tuple[str, ...] = (), **fixtures: Any
    ) -> FlowRun:  # as in a test file
        """Runs a flow: the path of its file (from the test's folder), or its text.

        `fixtures` are those of test files: `inputs`, `tasks`, `secrets`, `requests`, …; `real`
        names the tasks that may reach the world. Raises `ValueError` when the flow, the fixtures
        or the inputs do not hold.
        """
        from penstock.language.flow_test import parse_suite  # noqa: PLC0415 - see the module
        from penstock.runtime.flow_test import FlowTests  # noqa: PLC0415 - as above

        material, key = self._material(flow)
        parsed = parse_suite(_suite(key, fixtures, real))
        if parsed.suite is None:
            raise ValueError("; ".join(problem.message for problem in parsed.problems))
        result: CaseResult = FlowTests(jobs=1).run_case(
            parsed, parsed.suite.cases[0], material, judged=False
        )
        if result.execution is None:
            raise ValueError("; ".join(problem.message for problem in result.problems))
        return FlowRun(result.execution, result.lines, result.sent)

    def _material(self, flow: str | Path) -> tuple[Material, tuple[str, str]]:
        from penstock import registry  # noqa: PLC0415 - see the module
        from penstock.cli import test_files  # noqa: PLC0415 - as above
        from penstock.language.parse import parse  # noqa: PLC0415 - as above
        from penstock.runtime.flow_test import Material  # noqa: PLC0415 - as above

        is_text = isinstance(flow, str) and "\n" in flow
        path = self.folder if is_text else (self.folder / flow).resolve()
        source = str(flow) if is_text else path.read_text()
        # pyrefly: ignore[bad-argument-type] - cached functions
        parsed = parse(source, registry)
        if parsed.flow is None:
            raise ValueError(
                "; ".join(problem.sentence() for problem in parsed.problems if problem.is_error)
            )
        key = (parsed.flow.namespace, parsed.flow.id)
        if is_text:
            return Material({key: (parsed.flow, source)}), key
        surroundings = self._surroundings.setdefault(path.parent, test_files.Surroundings())
        surroundings.look([path.parent])
        return test_files.reachable(key, surroundings), key


def _suite(key: tuple[str, str], fixtures: Mapping[str, Any], real: tuple[str, ...]) -> str:
    import json  # noqa: PLC0415 - see the module

    case = {"id": "run", "fixtures": fixtures, "real": [*real]}
    suite = {"id": "run", "namespace": key[0], "flowId": key[1], "cases": [case]}
    return json.dumps(suite, default=str)


@pytest.fixture
def penstock_run(request: pytest.FixtureRequest) -> FlowRunner:
    """Runs a flow with fixtures, as a test file would: ``penstock_run("flow.yaml", inputs=…)``."""
    return FlowRunner(request.path.parent)


def _surroundings(config: pytest.Config, path: Path) -> Surroundings:
    from penstock.cli import test_files  # noqa: PLC0415 - see the module

    known = config.stash.setdefault(_STASH, {})
    folder = test_files.around(path)
    if folder not in known:
        known[folder] = test_files.Surroundings()
        known[folder].look([folder])
    return known[folder]


def _told(problems: Sequence[Problem]) -> str:
    from penstock.language.excerpt import render_problems  # noqa: PLC0415 - see the module

    texts = {problem.file: Path(problem.file).read_text() for problem in problems if problem.file}
    return render_problems(problems, texts).rstrip()
