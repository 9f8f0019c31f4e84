"""What the counted gates let through."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_cdktf.errors import InvalidFileError
from penstock_cdktf.gates import Gates, judge, read_policy
from penstock_cdktf.lock import Evidence

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STRICT = Gates(min_successes=3, max_failure_rate=0.1, min_soak_h=24, distinct_days=2)


def evidence(success=10, failed=0, days=5, first_at="2026-11-01T00:00:00Z"):
    return Evidence(success, failed, days, first_at, None, "0.1.0")


@pytest.mark.parametrize(
    ("seen", "unmet"),
    [
        (evidence(), []),
        (None, ["min_successes"]),
        (evidence(success=2), ["min_successes"]),
        (evidence(success=9, failed=1), []),
        (evidence(success=9, failed=2), ["max_failure_rate"]),
        (evidence(success=0, failed=1), ["min_successes", "max_failure_rate"]),
        (evidence(days=1), ["distinct_days"]),
        (evidence(first_at="2026-11-20T12:00:00Z"), []),
        (evidence(first_at="2026-11-20T12:00:01Z"), ["min_soak_h"]),
        (evidence(first_at=None), ["min_soak_h"]),
    ],
)
def test_each_gate_has_its_edge(seen, unmet):
    assert [finding.gate for finding in judge(STRICT, seen, now=NOW)] == unmet


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 5), st.integers(0, 5))
def test_more_success_never_closes_an_open_gate(success, failed, more, days):
    seen = evidence(success=success, failed=failed, days=days)
    better = evidence(success=success + more, failed=failed, days=days)
    before = {finding.gate for finding in judge(STRICT, seen, now=NOW)}
    assert {finding.gate for finding in judge(STRICT, better, now=NOW)} <= before


def test_without_a_policy_on_numbers_one_success_is_needed():
    assert judge(Gates(), evidence(success=0), now=NOW)
    assert not judge(Gates(), evidence(success=1, failed=99), now=NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gates: {}\n", "p.yaml:1:1: `promotes_from` is missing."),
        (
            "promotes_from: dev\ngates: {min_sucesses: 1}\n",
            "p.yaml:2:9: `gates.min_sucesses` is unknown. Did you mean `min_successes`?",
        ),
        (
            "promotes_from: dev\ngates: {max_failure_rate: 10}\n",
            "p.yaml:2:27: `gates.max_failure_rate`: it is a share between 0 and 1",
        ),
        (
            "promotes_from: dev\ngates: {min_successes: many}\n",
            "p.yaml:2:24: `gates.min_successes` must be a whole number.",
        ),
        ("promotes_from: dev\ngates: {closure: open}\n", "`open` is unknown."),
    ],
)
def test_a_wrong_policy_is_named_with_its_place(text, expected):
    with pytest.raises(InvalidFileError) as caught:
        read_policy(text, file="p.yaml")
    assert expected in str(caught.value)
