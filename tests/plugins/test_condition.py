"""Conditions are functions of values: each row is one, what it is tested on, and what it says."""

import pytest

from penstock import registry
from penstock.expression import Scope, render_deep
from penstock.expression.error import ExpressionError
from penstock.language.parse import parse
from penstock.model.condition import Case, Upstream
from penstock.model.state import State

MONDAY = "2026-03-02T09:00:00+01:00"
SUNDAY = "2026-03-01T09:00:00+01:00"
UPSTREAM = Upstream(
    id="e1",
    namespace="company.data",
    flow_id="nightly",
    flow_revision=3,
    state=State.WARNING,
    labels={"team": "data", "env": "prod"},
    outputs={"rows": 5},
    retried=frozenset({State.FAILED}),
)
FLOW = """
id: f
namespace: company
tasks: [{id: t, type: core.log.Log, message: hi}]
triggers:
  - id: s
    type: core.trigger.Schedule
    cron: "@daily"
    conditions: [%s]
"""


def condition(text: str):
    parsed = parse(FLOW % text, registry)
    assert parsed.flow is not None, [problem.sentence() for problem in parsed.problems]
    return parsed.flow.triggers[0].conditions[0]


def case(date: str = MONDAY, upstream: Upstream | None = None) -> Case:
    trigger = {"date": date, "outputs": dict(upstream.outputs) if upstream else {}}

    def render(value, given):
        return render_deep(value, Scope(variables={"trigger": trigger, **given}), typed=True)

    return Case(render, "company", "own", upstream)


def of(kind: str, rest: str = "") -> str:
    return f"{{type: core.condition.{kind}{', ' if rest else ''}{rest}}}"


DATES = [
    (of("DayWeek", "dayOfWeek: MONDAY"), MONDAY, True),
    (of("DayWeek", "dayOfWeek: MONDAY"), SUNDAY, False),
    (of("DayWeek", "dayOfWeek: \"{{ 'SUN' ~ 'DAY' }}\""), SUNDAY, True),
    (of("DayWeek", 'dayOfWeek: SUNDAY, date: "2026-03-01T00:00:00Z"'), MONDAY, True),
    (of("DayWeekInMonth", "dayOfWeek: MONDAY, dayInMonth: FIRST"), MONDAY, True),
    (of("DayWeekInMonth", "dayOfWeek: MONDAY, dayInMonth: SECOND"), MONDAY, False),
    (of("DayWeekInMonth", "dayOfWeek: MONDAY, dayInMonth: LAST"), "2026-03-30T09:00:00Z", True),
    (of("Weekend"), SUNDAY, True),
    (of("Weekend"), MONDAY, False),
    (of("WeekendCondition"), SUNDAY, True),
    (of("PublicHoliday", "country: FR"), "2026-07-14T09:00:00+02:00", True),
    (of("PublicHoliday", "country: FR"), MONDAY, False),
    (of("PublicHoliday", "country: DE, subDivision: BY"), "2026-01-06T09:00:00+01:00", True),
    (of("PublicHoliday", "country: DE"), "2026-01-06T09:00:00+01:00", False),
    (of("DateTimeBetween", 'after: "2026-01-01T00:00:00Z"'), MONDAY, True),
    (of("DateTimeBetween", 'before: "2026-01-01T00:00:00Z"'), MONDAY, False),
    (of("DateTimeBetween", 'after: "2026-03-02T08:00:00Z"'), MONDAY, False),
    (
        of("DateTimeBetween", 'after: "2026-03-02T07:59:59Z", before: "2026-03-02T08:00:01Z"'),
        MONDAY,
        True,
    ),
    (of("TimeBetween", 'after: "07:00:00Z", before: "09:00:00Z"'), MONDAY, True),
    (of("TimeBetween", 'after: "09:00:00+02:00", before: "09:30:00+02:00"'), MONDAY, False),
    (of("TimeBetween", 'after: "08:30:00+01:00"'), MONDAY, True),
    (of("TimeBetween", 'after: "22:00:00Z", before: "06:00:00Z"'), "2026-03-02T23:30:00Z", True),
    (of("TimeBetween", 'after: "22:00:00Z", before: "06:00:00Z"'), "2026-03-02T05:30:00Z", True),
    (of("TimeBetween", 'after: "22:00:00Z", before: "06:00:00Z"'), "2026-03-02T12:00:00Z", False),
    (of("Expression", 'expression: "{{ dayOfMonth(trigger.date) == 2 }}"'), MONDAY, True),
    (of("ExpressionCondition", 'expression: "{{ false }}"'), MONDAY, False),
    (of("VariableCondition", 'expression: "{{ 1 }}"'), MONDAY, True),
    (of("Not", f"conditions: [{of('Weekend')}]"), MONDAY, True),
    (
        of("Not", f"conditions: [{of('Weekend')}, {of('DayWeek', 'dayOfWeek: MONDAY')}]"),
        MONDAY,
        False,
    ),
    (
        of("Or", f"conditions: [{of('Weekend')}, {of('DayWeek', 'dayOfWeek: MONDAY')}]"),
        MONDAY,
        True,
    ),
    (of("OrCondition", f"conditions: [{of('Weekend')}]"), MONDAY, False),
    (of("FlowCondition", "namespace: company, flowId: own"), MONDAY, True),
    (of("FlowNamespaceCondition", "namespace: comp, prefix: true"), MONDAY, True),
    (of("FlowNamespaceCondition", "namespace: comp"), MONDAY, False),
    (of("ExecutionFlow", "namespace: company, flowId: own"), MONDAY, False),
]
UPSTREAMS = [
    (of("ExecutionFlow", "namespace: company.data, flowId: nightly"), True),
    (of("ExecutionFlow", "namespace: company, flowId: nightly"), False),
    (of("ExecutionFlowCondition", "namespace: company.data, flowId: nightly"), True),
    (of("ExecutionNamespace", "namespace: company.data"), True),
    (of("ExecutionNamespace", "namespace: company"), False),
    (of("ExecutionNamespace", "namespace: company, prefix: true"), True),
    (of("ExecutionNamespace", "namespace: company, comparison: PREFIX"), True),
    (of("ExecutionNamespace", "namespace: .data, comparison: SUFFIX"), True),
    (of("ExecutionStatus", "in: [WARNING, FAILED]"), True),
    (of("ExecutionStatus", "in: [FAILED]"), False),
    (of("ExecutionStatusCondition", "notIn: [WARNING]"), False),
    (of("ExecutionStatus"), True),
    (of("ExecutionLabels", "labels: {team: data}"), True),
    (of("ExecutionLabels", "labels: {team: data, env: dev}"), False),
    (of("ExecutionOutputs", 'expression: "{{ trigger.outputs.rows > 3 }}"'), True),
    (of("ExecutionOutputs", 'expression: "{{ trigger.outputs.rows > 9 }}"'), False),
    (of("FlowCondition", "namespace: company.data, flowId: nightly"), True),
    (of("FlowNamespaceCondition", "namespace: company, prefix: true"), True),
    (of("HasRetryAttempt"), True),
    (of("HasRetryAttempt", "in: [FAILED]"), True),
    (of("HasRetryAttempt", "in: [SUCCESS]"), False),
    (of("HasRetryAttempt", "notIn: [FAILED]"), False),
]


@pytest.mark.parametrize(("text", "date", "holds"), DATES)
def test_a_condition_on_a_date(text, date, holds):
    assert condition(text).holds(case(date)) is holds


@pytest.mark.parametrize(("text", "holds"), UPSTREAMS)
def test_a_condition_on_an_execution(text, holds):
    assert condition(text).holds(case(upstream=UPSTREAM)) is holds


@pytest.mark.parametrize(
    "text",
    [
        of("TimeBetween", "after: lunch"),
        of("DateTimeBetween", "after: yesterday"),
        of("PublicHoliday", "country: ATLANTIS"),
        of("DayWeekInMonth", "dayOfWeek: MONDAY, dayInMonth: TENTH"),
        of("Expression", 'expression: "{{ trigger.nothing }}"'),
    ],
)
def test_a_condition_that_cannot_be_told_says_so(text):
    with pytest.raises(ExpressionError):
        condition(text).holds(case())


def test_each_condition_is_deprecated_and_says_what_to_write():
    parsed = parse(FLOW % of("DayWeek", "dayOfWeek: MONDAY"), registry)
    (problem,) = parsed.problems
    assert not problem.is_error
    assert problem.hint == "Write `when: \"{{ dayOfWeek(trigger.date) == 'MONDAY' }}\"`."
