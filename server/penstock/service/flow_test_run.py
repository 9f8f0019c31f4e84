"""Runs declared tests of flows, and keeps what became of them as evidence for a flow's content."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from penstock.errors import Conflict, InvalidObject, NotFound
from penstock.language.flow_test import ParsedSuite, check_suite, parse_suite
from penstock.model.flow import Flow, content_hash
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.security.caller import Caller
from penstock.service.change import Change
from penstock.service.form import instant
from penstock.service.objectset import Reference
from penstock.service.port import SuiteOutcome
from penstock.service.services import Reading, Services
from penstock.service.spec import NamespaceSpec
from penstock.service.world import World
from penstock.store import flow_test as rows
from penstock.store.audit import append
from penstock.store.declared import Key, ancestors
from penstock.store.flow_test import FlowTestResult, FlowTestRow

MOST_CASES = 100
"""Of one suite: a server has other work too."""


def run(services: Services, caller: Caller, namespace: str, test_id: str) -> dict[str, Json]:
    """Runs a stored suite against the present content of its flow; the API's answer.

    Raises `NotFound`, and `InvalidObject` when the suite does not fit the flow any more.
    """
    with services.database.read() as tx:
        row = rows.find(tx, caller.tenant, namespace, test_id)
        if row is None:
            raise NotFound(f"There is no test {namespace}/{test_id}.")
        world = present(tx, services, caller.tenant)
        parsed = parse_suite(row.source)
        flows = reachable(world, (namespace, row.flow_id))
        spaces = namespaces_of(world, flows)
        problems = found_wrong(parsed, flows, (namespace, row.flow_id))
    if problems:
        reference = str(Reference("test", namespace, test_id))
        raise InvalidObject(
            problems[0].message,
            problems=[problem.of(reference) for problem in problems],
            hint=problems[0].hint,
        )
    started = time.perf_counter()
    outcome = run_suite(services, parsed, flows, spaces)
    seconds = time.perf_counter() - started
    result = _result(services, caller, row, flows, outcome=outcome, seconds=seconds)
    with services.database.transaction() as tx:
        rows.add_result(tx, result)
        record = Change(caller).audit(
            "test.run",
            str(Reference("test", namespace, test_id)),
            at=result.at,
            detail={"passed": result.passed, "failed": result.failed},
        )
        append(tx, record)
    return form(result)


def results(
    services: Services,
    caller: Caller,
    namespace: str,
    test_id: str,
    *,
    flow_hash: str | None,
    limit: int,
) -> list[Json]:
    """What became of a suite, the latest first."""
    with services.database.read() as tx:
        found = rows.results(
            tx, caller.tenant, namespace, test_id, flow_hash=flow_hash, limit=limit
        )
        if not found and rows.find(tx, caller.tenant, namespace, test_id) is None:
            raise NotFound(f"There is no test {namespace}/{test_id}.")
    return [form(result) for result in found]


def form(result: FlowTestResult) -> dict[str, Json]:
    """The API's form of a result."""
    return {
        "id": result.id,
        "namespace": result.namespace,
        "testId": result.test_id,
        "flowId": result.flow_id,
        "flowHash": result.flow_hash,
        "testHash": result.test_hash,
        "at": instant(result.at),
        "actor": result.actor,
        "passed": result.passed,
        "failed": result.failed,
        "skipped": result.skipped,
        "seconds": round(result.seconds, 3),
        "cases": result.cases,
    }


def run_suite(
    services: Services,
    parsed: ParsedSuite,
    flows: Mapping[Key, Reading],
    spaces: Mapping[str, NamespaceSpec],
) -> SuiteOutcome:
    """Runs a suite that fits. One at a time: the server has executions to run."""
    suite = parsed.suite
    assert suite is not None
    if len(suite.cases) > MOST_CASES:
        raise Conflict(
            f"The suite has {len(suite.cases)} cases; the server runs {MOST_CASES} at most.",
            hint="Split it, or run it with `penstock test`.",
        )
    known: dict[Key, tuple[Flow, str]] = {
        key: (reading.flow, reading.source)
        for key, reading in flows.items()
        if reading.flow is not None
    }
    return services.tests.run_suite(parsed, known, spaces)


def present(tx: Connection, services: Services, tenant: str) -> World:
    """What is stored, without any change."""
    surroundings = services.defaults.present(tx, tenant)
    return World(tx, services, tenant, drafts=(), removed=(), surroundings=surroundings)


def reachable(world: World, first: Key) -> dict[Key, Reading]:
    """A flow and those that it may call, as they would be."""
    pending, found = [first], {}
    while pending:
        key = pending.pop()
        reading = None if key in found else world.reading(*key)
        if reading is None:
            continue
        found[key] = reading
        pending += [(call.namespace, call.id) for call in reading.references.subflows]
    return found


def namespaces_of(world: World, flows: Mapping[Key, Reading]) -> dict[str, NamespaceSpec]:
    """What the namespaces of flows, and those above them, would say."""
    names = {name for namespace, _ in flows for name in ancestors(namespace)}
    found = {name: world.namespaces.spec(name) for name in sorted(names)}
    return {name: spec for name, spec in found.items() if spec is not None}


def found_wrong(parsed: ParsedSuite, flows: Mapping[Key, Reading], key: Key) -> list[Problem]:
    """Why a suite cannot run: it does not hold, or there is no flow for it."""
    if parsed.suite is None:
        return list(parsed.problems)
    reading = flows.get(key)
    if reading is None or reading.flow is None:
        return [
            parsed.problem(
                f"There is no valid flow {'/'.join(key)}.", ("flowId",), code="unknown-flow"
            )
        ]
    return check_suite(parsed, reading.flow)


@dataclass(frozen=True, slots=True)
class Trial:
    """A suite to run against what a set proposes; with problems it cannot."""

    reference: Reference
    parsed: ParsedSuite
    flows: dict[Key, Reading]
    namespaces: dict[str, NamespaceSpec]
    problems: list[Problem]


def trials(world: World) -> list[Trial]:
    """The tests of all flows that a set writes, with the content that it proposes."""
    found = []
    for key in world.drafted_flows():
        for reference, source in world.tests_of(*key):
            parsed = parse_suite(source)
            flows = reachable(world, key)
            problems = found_wrong(parsed, flows, key)
            found.append(Trial(reference, parsed, flows, namespaces_of(world, flows), problems))
    return found


def run_trials(services: Services, given: Sequence[Trial]) -> list[Problem]:
    """What is otherwise than tests say, said of the tests."""
    found: list[Problem] = []
    for trial in given:
        problems = trial.problems
        if not problems:
            outcome = run_suite(services, trial.parsed, trial.flows, trial.namespaces)
            problems = [
                replace(each, message=f"Case `{case}`: {each.message}", code="test-failed")
                for case, each in outcome.misses
            ]
        found += [problem.of(str(trial.reference)) for problem in problems]
    return found


def _result(
    services: Services,
    caller: Caller,
    row: FlowTestRow,
    flows: Mapping[Key, Reading],
    *,
    outcome: SuiteOutcome,
    seconds: float,
) -> FlowTestResult:
    counts = outcome.counts
    return FlowTestResult(
        tenant=caller.tenant,
        namespace=row.namespace,
        test_id=row.id,
        id=services.new_id(),
        at=services.now(),
        actor=caller.actor,
        flow_id=row.flow_id,
        flow_hash=content_hash(flows[row.namespace, row.flow_id].source),
        test_hash=row.content_hash,
        passed=counts["passed"],
        failed=counts["failed"],
        skipped=counts["skipped"],
        seconds=seconds,
        cases=outcome.cases_json(),
    )
