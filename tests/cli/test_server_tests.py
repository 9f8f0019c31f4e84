"""``penstock flow-test``, and test files among those that are planned and applied."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

FLOW = "id: f\nnamespace: {ns}\ntasks:\n  - {{id: a, type: core.log.Log, message: {word}}}\n"
SUITE = "id: t\nnamespace: {ns}\nflowId: f\ncases:\n  - {{id: says_it, expect: {{log: [hello]}}}}\n"


@pytest.fixture
def at(server, penstock, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PENSTOCK_URL", server.url)
    monkeypatch.setenv("PENSTOCK_TOKEN", server.token)
    return penstock


def test_apply_run_results_and_plan(at, ns):
    Path("tests").mkdir()
    Path("f.yaml").write_text(FLOW.format(ns=ns, word="hello"))
    Path("tests/t.yaml").write_text(SUITE.format(ns=ns))
    assert at("apply", ".", "--complete").code == 0
    listed = at("flow-test", "list", "--namespace", ns)
    assert [line.split()[:3] for line in listed.out.splitlines()][1] == [ns, "t", "f"]
    assert at("flow-test", "get", f"{ns}/t").out.strip() == SUITE.format(ns=ns).strip()
    ran = at("flow-test", "run", f"{ns}/t")
    assert (ran.code, ran.out) == (0, f"{ns}/t: 1 passed, 0 failed\n")

    Path("f.yaml").write_text(FLOW.format(ns=ns, word="bye"))
    assert at("plan", ".").code == 2
    planned = at("plan", ".", "--tests")
    assert planned.code == 1
    assert "Case `says_it`: No line of the log says" in planned.out + planned.err
    assert "tests/t.yaml:5:" in planned.out + planned.err
    assert at("apply", "f.yaml").code == 0
    ran = at("flow-test", "run", f"{ns}/t")
    assert ran.code == 2
    assert "says_it: line 5: No line of the log" in ran.out

    found = json.loads(at("--output", "json", "flow-test", "results", f"{ns}/t").out)
    assert [(each["passed"], each["failed"]) for each in found] == [(0, 1), (1, 0)]
    assert at("flow-test", "delete", f"{ns}/t").code == 0


def test_put_takes_tests_only(at, ns):
    Path("f.yaml").write_text(FLOW.format(ns=ns, word="hello"))
    Path("t.yaml").write_text(SUITE.format(ns=ns))
    assert at("flow-test", "put", "t.yaml").code == 0
    refused = at("flow-test", "put", "f.yaml")
    assert refused.code == 1
    assert "f.yaml holds no tests of a flow." in refused.err
