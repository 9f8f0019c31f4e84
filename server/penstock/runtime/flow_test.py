"""Runs tests of flows: each case with the local runner, on a store, clock and world of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from penstock.engine.variables import Environment, task_variables
from penstock.errors import Conflict, InvalidInputs, PenstockError
from penstock.expression import Scope, render_deep
from penstock.expression.error import ExpressionError
from penstock.language.cron import next_fire, previous_fire
from penstock.language.flow_test import ParsedSuite, check_suite
from penstock.language.node import Path as Place
from penstock.model.execution import Execution, Origin
from penstock.model.flow import Flow
from penstock.model.flow_test import START, Case, Fixtures, Suite, TriggerFixture
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.plugins.core.trigger.schedule import Schedule
from penstock.runtime.clock import SkippingClock
from penstock.runtime.flow_test_result import CaseResult, CaseState, SuiteResult
from penstock.runtime.flows import FlowVersion
from penstock.runtime.local import LocalRunner, Patience
from penstock.runtime.local_store import TENANT, empty_database
from penstock.runtime.processor_time import processor_time
from penstock.runtime.rendering import Renderer
from penstock.runtime.stand_in import StandIn
from penstock.runtime.turns import Turns
from penstock.runtime.verdict import Found, Miss, judge
from penstock.service.services import Parses
from penstock.service.spec import NamespaceSpec
from penstock.store import kv as kv_store

PATIENCE_SECONDS = 60.0
"""How long a case may take in real time, whatever its clock says."""
_SUITE_SECONDS = 600.0
"""How long all cases of a suite may take on a server, which has other work too."""
_MOST_WAITING = 8
_TURN_SECONDS = 30.0
"""Who waits for another suite holds a thread of the API: not many may, and not for long."""
_WORKERS = 4
_ENVIRONMENT = Environment(name="test")

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Material:
    """What the tested flow may find: other flows with their texts, and what namespaces say."""

    flows: Mapping[Key, tuple[Flow, str]]
    namespaces: Mapping[str, NamespaceSpec] = field(default_factory=dict)


class FlowTests:
    """Runs suites; flows are parsed once for all of them."""

    def __init__(self, parses: Parses | None = None, *, jobs: int = 4) -> None:
        self._parses = parses or Parses()
        self._database: bytes | None = None
        self._turns = Turns(_MOST_WAITING, _TURN_SECONDS)
        self._jobs = jobs

    def run(
        self,
        parsed: ParsedSuite,
        material: Material,
        *,
        wanted: Callable[[Case], bool] = lambda _: True,
        seconds: float | None = None,
    ) -> SuiteResult:
        """Runs the cases of a suite at the same time; what has not ended after `seconds` fails."""
        suite = parsed.suite
        assert suite is not None, "the suite has no errors"
        found = material.flows.get((suite.namespace, suite.flow_id))
        if found is None:
            missing = f"There is no flow {suite.namespace}/{suite.flow_id}."
            problem = parsed.problem(missing, ("flowId",), code="unknown-flow")
            return SuiteResult(suite, (), (problem,))
        problems = check_suite(parsed, found[0])
        if problems:
            return SuiteResult(suite, (), tuple(problems))
        cases = [case for case in suite.cases if wanted(case)]
        latest = None if seconds is None else time.monotonic() + seconds

        def result(case: Case) -> CaseResult:
            left = PATIENCE_SECONDS if latest is None else latest - time.monotonic()
            if left <= 0:
                late = Miss(f"The suite did not end within {seconds:g} s of real time.", ())
                return CaseResult(case.id, "failed", 0.0, (_problem(parsed, case, late),))
            return self.run_case(parsed, case, material, seconds=min(left, PATIENCE_SECONDS))

        with ThreadPoolExecutor(self._jobs) as pool:
            return SuiteResult(suite, tuple(pool.map(result, cases)))

    def run_suite(
        self,
        parsed: ParsedSuite,
        flows: Mapping[Key, tuple[Flow, str]],
        namespaces: Mapping[str, NamespaceSpec],
    ) -> SuiteResult:
        """See `penstock.service.port.FlowTests`. One suite at a time: raises `Conflict` when too
        many wait for that, or too long.
        """
        with self._turns.take() as is_mine:
            if not is_mine:
                raise Conflict(
                    "Another suite of tests runs.",
                    hint="Try again, or run this one with `penstock test`.",
                )
            return self.run(parsed, Material(flows, namespaces), seconds=_SUITE_SECONDS)

    def run_case(
        self,
        parsed: ParsedSuite,
        case: Case,
        material: Material,
        *,
        judged: bool = True,
        seconds: float = PATIENCE_SECONDS,
    ) -> CaseResult:
        """Runs one case, for `seconds` of real time at most. Never raises for what the flow does;
        not `judged`, it always passes once it has run.
        """
        suite = parsed.suite
        assert suite is not None
        if suite.disabled or case.disabled:
            return CaseResult(case.id, "skipped")
        started = time.perf_counter()
        if self._database is None:
            self._database = empty_database()
        trial = Trial(suite, case, material, self._parses, self._database, seconds=seconds)
        try:
            found, misses = trial.run()
            misses = misses if judged else []
        except (PenstockError, ExpressionError) as error:
            found, misses = None, _refused(error)
        seconds = time.perf_counter() - started
        problems = tuple(_problem(parsed, case, miss) for miss in misses)
        state: CaseState = "failed" if problems else "passed"
        if found is None:
            return CaseResult(case.id, state, seconds, problems)
        lines, sent = tuple(found.lines), tuple(found.sent)
        return CaseResult(case.id, state, seconds, problems, found.execution, lines, sent)


class Trial:
    """One case at work."""

    def __init__(
        self,
        suite: Suite,
        case: Case,
        material: Material,
        parses: Parses,
        database: bytes,
        *,
        seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._case = case
        self._seconds = seconds
        self._key = (suite.namespace, suite.flow_id)
        self._material = material
        self._parses = parses
        self._database = database
        self._fixtures = case.fixtures.over(suite.fixtures)
        self._flow = material.flows[self._key][0]
        self._real = frozenset({*suite.real, *case.real})

    def run(self) -> tuple[Found, list[Miss]]:
        """Runs the flow and judges what became of it. Raises `InvalidInputs` and the like."""
        fixtures = self._fixtures
        start, trigger = self._trigger(fixtures.clock or START)
        clock = SkippingClock(start)
        with TemporaryDirectory(prefix="penstock-test-") as folder:
            stand_in = StandIn(self._key, fixtures, self._real, clock)
            runner = LocalRunner(
                secrets=_Secrets(fixtures.secrets),
                environment=_ENVIRONMENT,
                clock=clock,
                workers=_WORKERS,
                parses=self._parses,
                database=self._database,
                substitute=stand_in,
            )
            with runner:
                stand_in.fixtures = self._settle(runner, Path(folder))
                return self._run(runner, stand_in, trigger)

    def _run(
        self, runner: LocalRunner, stand_in: StandIn, trigger: Origin | None
    ) -> tuple[Found, list[Miss]]:
        fixtures = stand_in.fixtures
        inputs = {**self._trigger_inputs(runner, trigger), **fixtures.inputs}
        execution, version = runner.prepare(
            *self._key, inputs, labels=fixtures.labels, origin=trigger
        )
        version = self._out_of_place(version)
        lines: list[str] = []
        ran = runner.run(
            execution,
            version,
            on_line=lambda _, line: lines.append(line.message),
            patience=Patience(self._seconds),
        )
        found = Found(
            ran.execution,
            lines,
            stand_in.sent,
            stand_in.refusals,
            lambda value: self._rendered(runner, ran.execution, value),
            lambda key: self._pair(runner, key),
        )
        if ran.timed_out:
            late = f"It did not end within {self._seconds:.3g} s of real time."
            return found, [Miss(late, ())]
        return found, judge(self._case, found)

    def _settle(self, runner: LocalRunner, folder: Path) -> Fixtures:
        """Puts flows, namespaces, files and pairs in place; gives the fixtures with URIs."""
        fixtures, own = self._fixtures, self._key[0]
        runner.store.add(self._material.flows.values())
        spaces = dict(self._material.namespaces)
        if fixtures.variables:
            before = spaces.get(own, NamespaceSpec())
            variables = {**before.variables, **fixtures.variables}
            spaces[own] = before.model_copy(update={"variables": variables})
        for name, spec in spaces.items():
            runner.store.declare(name, spec)
        uris = {
            name: runner.store.keep(self._key, name, text, folder)
            for name, text in fixtures.files.items()
        }
        fixtures = _with_files(fixtures, uris)
        for key, value in fixtures.kv.items():
            namespace, _, name = key.rpartition("/")
            runner.store.put_pair(namespace or own, name, value)
        return fixtures

    def _out_of_place(self, version: FlowVersion) -> FlowVersion:
        """Tasks that take time on the test's clock must not hold up the executor."""
        slow = {each.id for each in self._fixtures.tasks if each.takes is not None}
        return replace(version, instant=version.instant - slow) if slow else version

    def _trigger(self, start: datetime) -> tuple[datetime, Origin | None]:
        """The moment of the start, and what started it."""
        fixture = self._fixtures.trigger
        if fixture is None:
            return start, None
        declared = next((each for each in self._flow.triggers if each.id == fixture.id), None)
        variables = {**fixture.variables}
        kind = fixture.type or ("" if declared is None else declared.type)
        if isinstance(declared, Schedule) and "date" not in variables:
            start, dates = _dates(declared, start)
            variables = {**dates, **variables}
        return start, Origin(_canonical(kind, fixture), id=fixture.id, variables=variables)

    def _trigger_inputs(self, runner: LocalRunner, trigger: Origin | None) -> dict[str, Json]:
        """The inputs that the trigger itself gives."""
        if trigger is None:
            return {}
        declared = next((each for each in self._flow.triggers if each.id == trigger.id), None)
        inputs = getattr(declared, "inputs", None)
        if not isinstance(inputs, dict):
            return {}
        rendered = runner.render(
            self._key, inputs, {"trigger": trigger.variables, "schedule": trigger.variables}
        )
        return rendered if isinstance(rendered, dict) else {}

    def _rendered(self, runner: LocalRunner, execution: Execution, value: Json) -> Json:
        renderer = Renderer(runner.store.world, runner.clock, execution)
        variables = task_variables(self._flow, execution, None, renderer.environment())
        return renderer.render(value, variables, typed=True)

    def _pair(self, runner: LocalRunner, key: str) -> tuple[Json] | None:
        namespace, _, name = key.rpartition("/")
        with runner.store.database.read() as tx:
            row = kv_store.find(
                tx, TENANT, namespace or self._key[0], key=name, now=runner.clock.now()
            )
        return None if row is None else (row.value,)


class _Secrets(dict[str, str]):
    """Those that are given; of others any value will do, so that tests need no real ones."""

    def __init__(self, given: Mapping[str, str | None]) -> None:
        super().__init__({key: value for key, value in given.items() if value is not None})
        self._missing = {key for key, value in given.items() if value is None}

    def __contains__(self, key: object) -> bool:
        return key not in self._missing

    def __missing__(self, key: str) -> str:
        return f"test-secret-{key}"


def _with_files(fixtures: Fixtures, uris: Mapping[str, str]) -> Fixtures:
    if not uris:
        return fixtures
    scope = Scope(variables={"files": {**uris}}, clock=processor_time)

    def render(value: dict[str, Json]) -> dict[str, Json]:
        found = render_deep(value, scope, typed=True)
        assert isinstance(found, dict)
        return found  # type: ignore[return-value] - texts and what was there

    tasks = tuple(
        each.model_copy(update={"outputs": render(each.outputs)}) for each in fixtures.tasks
    )
    subflows = tuple(
        each.model_copy(update={"outputs": render(each.outputs)}) for each in fixtures.subflows
    )
    return fixtures.model_copy(
        update={
            "inputs": render(fixtures.inputs),
            "kv": render(fixtures.kv),
            "tasks": tasks,
            "subflows": subflows,
        }
    )


def _dates(trigger: Schedule, start: datetime) -> tuple[datetime, dict[str, Json]]:
    """The first fire from `start` on, and what expressions see of it."""
    zone = ZoneInfo(trigger.timezone)
    at = next_fire(trigger.cron, trigger.timezone, start - timedelta(seconds=1)) or start
    following = next_fire(trigger.cron, trigger.timezone, at)
    before = previous_fire(trigger.cron, trigger.timezone, at)
    dates: dict[str, Json] = {
        "date": at.astimezone(zone).isoformat(),
        "next": None if following is None else following.astimezone(zone).isoformat(),
        "previous": None if before is None else before.astimezone(zone).isoformat(),
    }
    return at, dates


def _canonical(kind: str, fixture: TriggerFixture) -> str:
    return kind or fixture.id


def _refused(error: PenstockError | ExpressionError) -> list[Miss]:
    """The flow could not even start."""
    if isinstance(error, InvalidInputs) and error.problems:
        return [
            Miss(f"The flow cannot start: {problem.sentence()}", ("fixtures", "inputs"))
            for problem in error.problems
        ]
    message = error.message if isinstance(error, PenstockError) else str(error)
    return [Miss(f"The flow cannot start: {message}", ("fixtures",))]


def _problem(parsed: ParsedSuite, case: Case, miss: Miss) -> Problem:
    suite = parsed.suite
    assert suite is not None
    place: Place = (*parsed.cases, suite.cases.index(case), *miss.path)
    return parsed.problem(miss.message, place, code="assertion")


def all_flows(given: Iterable[tuple[Flow, str]]) -> dict[Key, tuple[Flow, str]]:
    """Flows by namespace and id."""
    return {(flow.namespace, flow.id): (flow, source) for flow, source in given}
