"""Rules about a flow as a whole."""

import pytest

from penstock.language.parse import parse

HEAD = "id: a\nnamespace: b.c\n"
ECHO = "tasks:\n  - {id: t, type: test.Echo, text: x}\n"


def codes(text, catalog):
    return [(one.line, one.code, one.severity.value) for one in parse(text, catalog).problems]


def test_duplicate_ids_name_every_place(catalog):
    parsed = parse(
        HEAD + "tasks:\n  - {id: t, type: test.Echo, text: x}\n  - id: g\n    type: test.Group\n"
        "    tasks:\n      - {id: t, type: test.Echo, text: x}\nerrors:\n"
        "  - {id: t, type: test.Echo, text: x}\n",
        catalog,
    )
    assert [(one.line, one.column, one.path) for one in parsed.problems] == [
        (4, 10, "tasks[0].id"), (8, 14, "tasks[1].tasks[0].id"), (10, 10, "errors[0].id"),
    ]  # fmt: skip
    assert parsed.problems[0].message.endswith("it is also at line 8 and line 10.")


def test_duplicates_are_found_in_broken_tasks(catalog):
    text = HEAD + "tasks:\n  - {id: t, type: test.Nope}\n  - {id: t, type: test.Echo}\n"
    assert [code for _, code, _ in codes(text, catalog)].count("duplicate-id") == 2


def test_a_task_and_a_trigger_may_share_an_id(catalog):
    text = HEAD + ECHO + "triggers: [{id: t, type: test.Clock, every: PT1M}]\n"
    assert codes(text, catalog) == []


@pytest.mark.parametrize("name", ["pause", "executions", "force-run"])
def test_reserved_ids(name, catalog):
    assert codes(f"id: {name}\nnamespace: b\n" + ECHO, catalog) == [(1, "reserved-id", "error")]


@pytest.mark.parametrize(
    ("label", "count"),
    [
        ("a: b", 0), ("été_1.x-y: b", 0), ("system.readOnly: 'true'", 0), ("ß: x", 0),
        ("A: b", 1), ("_a: b", 1), ("1a: b", 1), ("a b: c", 1), ("system.x: y", 1), ("a: ''", 1),
        ("a: null", 1), ("a: [b]", 1),
    ],
)  # fmt: skip
def test_labels(label, count, catalog):
    found = codes(HEAD + f"labels:\n  {label}\n" + ECHO, catalog)
    assert len(found) == count
    assert all(line == 4 for line, _, _ in found)


def test_a_flow_may_not_call_itself(catalog):
    task = "tasks:\n  - {id: t, type: test.Call, namespace: b.c, flowId: %s}\n"
    assert codes(HEAD + task % "a", catalog) == [(4, "recursive-subflow", "error")]
    assert codes(HEAD + task % "other", catalog) == []
    own = task.replace("b.c", '"{{ flow.namespace }}"')
    assert codes(HEAD + own % "a", catalog) == [(4, "recursive-subflow", "error")]


def test_output_types(catalog):
    text = (
        HEAD
        + ECHO
        + "outputs:\n  - {id: a, type: INT, value: 1}\n  - {id: b, type: INTT, value: 1}\n"
    )
    (problem,) = parse(text, catalog).problems
    assert (problem.line, problem.column, problem.path) == (7, 19, "outputs[1].type")
    assert problem.hint == "Did you mean `INT`?"


def test_what_the_release_does_not_act_on_is_said_by_place(catalog):
    text = HEAD + "tasks:\n  - {id: t, type: test.Echo, text: x, conditions: []}\n"
    assert codes(text, catalog) == [(4, "unknown-property", "error")]
    text = HEAD + ECHO + "triggers: [{id: c, type: test.Clock, every: PT1M, assets: []}]\n"
    assert codes(text, catalog) == [(5, "unsupported-property", "error")]


def test_a_schedule_must_give_what_is_needed():
    from penstock import registry

    text = (
        HEAD + "inputs:\n  - {id: a, type: STRING}\n  - {id: b, type: STRING, required: false}\n"
        "  - {id: c, type: INT, defaults: 1}\n  - {id: d, type: INT}\n"
        "tasks: [{id: t, type: core.log.Log, message: x}]\n"
        "triggers:\n  - {id: s, type: core.trigger.Schedule, cron: '@daily', inputs: {d: 1}}\n"
    )
    (problem,) = parse(text, registry).problems
    assert (problem.line, problem.column, problem.path) == (10, 5, "triggers[0]")
    assert problem.message == "Missing inputs for Schedule trigger `s`: `a`."


REFERENCES = [
    ("{{ inputs.day }}", []),
    ("{{ inputs.group.a }} {{ inputs['dash-ed'] }} {{ vars.host }} {{ outputs.t.x }}", []),
    ("{{ inputs.dya }}", ["unknown-reference error 3 day"]),
    ("{{ inputs['dya'] }}", ["unknown-reference error 3 day"]),
    ("{{ vars.hots }}", ["unknown-reference error 3 host"]),
    ("{{ outputs.q }}", ["unknown-reference error 3 None"]),
    ("{{ outputs.q ?? 1 }}", ["unknown-reference warning 3 None"]),
    ("{{ outputs.q.r.s | default(1) }}", ["unknown-reference warning 3 None"]),
    ("{{ outputs.q is defined }}", ["unknown-reference warning 3 None"]),
    ("{{ outputs.q is not defined }}", ["unknown-reference warning 3 None"]),
    ("{{ 1 ?? outputs.q }}", ["unknown-reference error 8 None"]),
    ("{% if outputs.q %}a{% endif %}", ["unknown-reference error 6 None"]),
    ("{{ inputs.dash-ed }}", ["dashed-reference error 3 None"]),
    ("{{ inputs.day }} is not inputs.dash-ed", []),
    ("{% set outputs = {'q': 1} %}{{ outputs.q }}", []),
    ("{{ outputs[taskrun.value] }}", []),
    ("{{ execution.id }} {{ anything.at.all }}", []),
]


@pytest.mark.parametrize(("text", "expected"), REFERENCES, ids=[text for text, _ in REFERENCES])
def test_references(text, expected, catalog):
    source = (
        HEAD + "inputs:\n  - {id: day, type: STRING}\n  - {id: group.a, type: STRING}\n"
        "  - {id: dash-ed, type: STRING}\nvariables: {host: x}\n"
        f'tasks:\n  - {{id: t, type: test.Echo, text: "{text}"}}\n'
    )
    start = source.split("\n")[8].index('"') + 2
    found = []
    for problem in parse(source, catalog).problems:
        assert problem.line == 9
        near = problem.hint.split("`")[1] if "Did you mean" in problem.hint else None
        found.append(f"{problem.code} {problem.severity} {problem.column - start} {near}")
    assert found == expected


def test_triggers_see_other_variables(catalog):
    text = (
        HEAD
        + ECHO
        + "triggers: [{id: c, type: test.Clock, every: PT1M, inputs: {a: '{{ outputs.x }}'}}]\n"
    )
    assert codes(text, catalog) == []
