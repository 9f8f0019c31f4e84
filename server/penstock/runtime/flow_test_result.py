"""What became of tests of flows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from penstock.model.execution import Execution
from penstock.model.flow_test import Suite
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.runtime.stand_in import Sent

CaseState = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of a case; `problems` say where in the test's text and what is otherwise."""

    id: str
    state: CaseState
    seconds: float = 0.0
    problems: tuple[Problem, ...] = ()
    execution: Execution | None = None
    lines: tuple[str, ...] = ()
    sent: tuple[Sent, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """For people's programs."""
        execution = self.execution
        return {
            "id": self.id,
            "state": self.state,
            "seconds": round(self.seconds, 3),
            "problems": [{**problem.to_json()} for problem in self.problems],
            "executionState": None if execution is None else execution.state.value,
            "taskRuns": 0 if execution is None else len(execution.task_runs),
            "log": [*self.lines],
            "requests": [each.to_json() for each in self.sent],
        }


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """What became of a suite; `problems` are those of the suite itself, which then does not run."""

    suite: Suite
    cases: tuple[CaseResult, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def is_passed(self) -> bool:
        """Whether nothing is otherwise than it says."""
        return not self.problems and all(case.state != "failed" for case in self.cases)

    @property
    def counts(self) -> Counter[str]:
        """How many cases are `passed`, `failed`, `skipped`."""
        return Counter(case.state for case in self.cases)

    @property
    def misses(self) -> list[tuple[str, Problem]]:
        """What is otherwise than a case says, with the case."""
        return [(case.id, problem) for case in self.cases for problem in case.problems]

    def cases_json(self) -> list[Json]:
        """Every case, for results."""
        return [case.to_json() for case in self.cases]
