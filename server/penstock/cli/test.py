"""``penstock test``: tests of flows in this process, without a server."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli import test_files
from penstock.cli.output import fail
from penstock.cli.root import CHANGES, ERROR, OK

if TYPE_CHECKING:
    from penstock.cli.root import Session
    from penstock.cli.test_files import SuiteFile, Surroundings
    from penstock.model.flow_test import Case
    from penstock.model.problem import Problem
    from penstock.runtime.flow_test import FlowTests
    from penstock.runtime.flow_test_result import SuiteResult

_SIGNS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("-", "yellow")}


@click.command("test")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--with",
    "others",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="File or folder with flows and namespaces that are elsewhere. Repeatable.",
)
@click.option("--case", "cases", multiple=True, help="Only cases of this name. Repeatable.")
@click.option(
    "--junit",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="Writes a JUnit file too.",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), default=None, help="How many cases run at once."
)
@click.pass_obj
def command(
    session: Session,
    *,
    paths: tuple[Path, ...],
    others: tuple[Path, ...],
    cases: tuple[str, ...],
    junit: Path | None,
    jobs: int | None,
) -> int:
    """Runs the tests of flows in PATHS, or below this folder, with the server's engine.

    Ends with 0 when all pass, with 2 when one does not, with 1 when a file does not hold or there
    are no tests.
    """
    started = time.perf_counter()
    found = test_files.suites(paths or (Path(),))
    if not found:
        fail(
            "There are no tests here.",
            hint="Tests have `flowId` and `cases`; they usually are in a folder `tests`.",
            is_json=session.output.is_json,
        )
        return ERROR
    results, problems = _run(found, others, cases, jobs or 2 * (os.cpu_count() or 1))
    seconds = time.perf_counter() - started
    if junit is not None:
        from penstock.cli.junit import document  # noqa: PLC0415 - only for this option

        junit.write_bytes(document([(each.path, result) for each, result in results]))
    _show(session, results, problems, seconds)
    if problems:
        return ERROR
    return OK if all(result.is_passed for _, result in results) else CHANGES


Results = list[tuple["SuiteFile", "SuiteResult"]]


def _run(
    found: list[SuiteFile], others: tuple[Path, ...], cases: tuple[str, ...], jobs: int
) -> tuple[Results, list[Problem]]:
    # `--help` needs no engine.
    from penstock.runtime.flow_test import FlowTests  # noqa: PLC0415
    from penstock.telemetry.log import configure  # noqa: PLC0415

    configure("error")
    surroundings = test_files.Surroundings()
    surroundings.look(others)
    surroundings.look([test_files.around(each.path) for each in found])
    tests = FlowTests(jobs=jobs)

    def wanted(case: Case) -> bool:
        return not cases or case.id in cases

    results: Results = []
    problems: list[Problem] = []
    for each in found:
        result, wrong = _suite(each, surroundings, tests, wanted=wanted)
        problems += wrong
        if result is not None:
            results.append((each, result))
    return results, problems


def _suite(
    found: SuiteFile, surroundings: Surroundings, tests: FlowTests, *, wanted: object
) -> tuple[SuiteResult | None, list[Problem]]:
    if found.parsed.suite is None:
        return None, found.problems(found.parsed.problems)
    material, problems = test_files.material(found, surroundings)
    if material is None:
        return None, problems
    result = tests.run(found.parsed, material, wanted=wanted)  # type: ignore[arg-type] - as given
    return (None if result.problems else result), found.problems(result.problems)


def _show(session: Session, results: Results, problems: list[Problem], seconds: float) -> None:
    counts: Counter[str] = Counter(case.state for _, result in results for case in result.cases)
    session.output.problems(problems)
    if session.output.is_json:
        session.output.value(
            {
                "passed": counts["passed"],
                "failed": counts["failed"],
                "skipped": counts["skipped"],
                "seconds": round(seconds, 3),
                "suites": [
                    {
                        "file": str(each.path),
                        "namespace": result.suite.namespace,
                        "id": result.suite.id,
                        "flowId": result.suite.flow_id,
                        "cases": [case.to_json() for case in result.cases],
                    }
                    for each, result in results
                ],
                "problems": [{**problem.to_json()} for problem in problems],
            }
        )
        return
    for each, result in results:
        _show_suite(each, result)
    told = [f"{counts[state]} {state}" for state in _SIGNS if counts[state] or state == "passed"]
    if problems:
        told.append(f"{len({problem.file for problem in problems})} files do not hold")
    click.echo(f"{', '.join(told)} in {seconds:.1f} s")


def _show_suite(found: SuiteFile, result: SuiteResult) -> None:
    suite = result.suite
    click.echo(f"{found.path}  {suite.namespace}/{suite.flow_id}")
    for case in result.cases:
        sign, colour = _SIGNS[case.state]
        click.echo(f"  {click.style(sign, fg=colour)} {case.id} ({case.seconds:.2f} s)")
        for problem in case.problems:
            place = f"{found.path}:{problem.line}:{problem.column}"
            click.echo(f"      {place}: {problem.message}")
        if case.state == "failed":
            for line in case.lines[-5:]:
                click.echo(f"        log: {line}")
