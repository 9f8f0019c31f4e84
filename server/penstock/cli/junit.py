"""Results of tests as a JUnit file, which CI systems show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

if TYPE_CHECKING:
    from penstock.runtime.flow_test_result import CaseResult, SuiteResult


def document(results: Sequence[tuple[Path, SuiteResult]]) -> bytes:
    """The file's bytes: a suite a file, a case a case."""
    root = Element("testsuites")
    for path, result in results:
        name = f"{result.suite.namespace}/{result.suite.id}"
        cases = result.cases
        suite = SubElement(
            root,
            "testsuite",
            name=name,
            file=str(path),
            tests=str(len(cases)),
            failures=str(sum(case.state == "failed" for case in cases)),
            errors="0",
            skipped=str(sum(case.state == "skipped" for case in cases)),
            time=f"{sum(case.seconds for case in cases):.3f}",
        )
        for case in cases:
            _case(suite, name, path, case)
    return tostring(root, encoding="utf-8", xml_declaration=True)


def _case(suite: Element, name: str, path: Path, case: CaseResult) -> None:
    element = SubElement(
        suite, "testcase", classname=name, name=case.id, file=str(path), time=f"{case.seconds:.3f}"
    )
    if case.state == "skipped":
        SubElement(element, "skipped")
    if case.state == "failed":
        first = case.problems[0]
        failure = SubElement(element, "failure", message=_plain(first.message))
        failure.text = "\n".join(
            _plain(f"{path}:{each.line}:{each.column}: {each.message}") for each in case.problems
        )
    if case.lines:
        SubElement(element, "system-out").text = _plain("\n".join(case.lines))


def _plain(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return "".join(each for each in text if each in "\t\n" or each.isprintable())
