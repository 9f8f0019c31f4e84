"""Flow texts become flows, or problems with exact places."""

from datetime import timedelta

import pytest
from pydantic_core._pydantic_core import list_all_errors

from penstock.language.node import Node
from penstock.language.parse import parse
from penstock.language.sentence import locate, problems
from penstock.language.yaml import read
from penstock.model.dynamic import Unrendered
from penstock.model.flow import Flow
from penstock.model.problem import Severity

HEAD = "id: a\nnamespace: b.c\n"
ECHO = "tasks:\n  - {id: t, type: test.Echo, text: x}\n"


def found(text, catalog):
    return [(one.line, one.column, one.code, one.path) for one in parse(text, catalog).problems]


def test_a_whole_flow(catalog):
    parsed = parse(
        HEAD
        + """
description: all of it
labels: {team: data, version: 1.10, on: yes, flag: true}
disabled: true
inputs:
  - {id: day, type: STRING, defaults: 1.10}
  - {id: n, type: INT, min: 1, defaults: 3}
variables: {host: x, deep: {a: [1, null]}}
concurrency: {limit: 2, behavior: FAIL}
retry: {type: exponential, interval: PT1S, maxInterval: PT1M, maxAttempts: 4}
timeout: PT1H
tasks:
  - id: first
    type: test.Echo
    text: "{{ inputs.day }}"
    when: "{{ inputs.n > 1 }}"
    allowFailure: true
    names: {port: 8080, flag: false}
  - id: group
    type: io.kestra.plugin.test.Group
    tasks:
      - {id: inner, type: test.Echo, text: 12}
    else:
      - id: deeper
        type: test.Group
        tasks: [{id: deepest, type: test.Echo, text: x}]
errors:
  - {id: failed, type: test.Echo, text: x}
finally:
  - {id: last, type: test.Echo, text: x}
outputs:
  - {id: rows, type: INT, value: "{{ outputs.first.rows }}"}
triggers:
  - {id: clock, type: test.Clock, every: PT5M, labels: [{key: a, value: 1}]}
""",
        catalog,
    )
    assert parsed.problems == ()
    assert parsed.ok
    flow = parsed.flow
    assert flow.labels == {"team": "data", "version": "1.10", "on": "yes", "flag": "true"}
    assert flow.inputs[0].defaults == "1.10"
    assert flow.retry.max_attempts == 4
    assert flow.timeout == timedelta(hours=1)
    first, group = flow.tasks
    assert first.text == Unrendered("{{ inputs.day }}")
    assert first.run_if == "{{ inputs.n > 1 }}"
    assert first.names == {"port": "8080", "flag": "false"}
    assert group.tasks[0].text == "12"
    assert [task.id for task in flow.all_tasks()] == [
        "first", "group", "inner", "deeper", "deepest", "failed", "last",
    ]  # fmt: skip
    assert flow.triggers[0].labels == {"a": "1"}


PROBLEMS = [
    ("- a\n", [(1, 1, "wrong-type", "")]),
    ("", [(1, 1, "empty", "")]),
    (HEAD, [(1, 1, "missing-property", "tasks")]),
    (HEAD + "tasks:\n", [(3, 7, "wrong-type", "tasks")]),
    (HEAD + "tasks: []\n", [(3, 8, "invalid-value", "tasks")]),
    (HEAD + "tasks: x\n", [(3, 8, "wrong-type", "tasks")]),
    (HEAD + "tasks: [null]\n", [(3, 9, "wrong-type", "tasks[0]")]),
    (HEAD + "tasks: [{id: t}]\n", [(3, 9, "missing-property", "tasks[0].type")]),
    (HEAD + "tasks: [{id: t, type: 5}]\n", [(3, 23, "wrong-type", "tasks[0].type")]),
    (HEAD + "tasks: [{id: t, type: test.Eco}]\n", [(3, 23, "unknown-type", "tasks[0].type")]),
    (
        HEAD + "tasks:\n  - id: t\n    type: test.Echo\n    text: [1]\n",
        [(6, 11, "wrong-type", "tasks[0].text")],
    ),
    (
        HEAD + "tasks:\n  - id: t\n    type: test.Echo\n    text: x\n    cuont: 1\n",
        [(7, 5, "unknown-property", "tasks[0].cuont")],
    ),
    (
        HEAD + "tasks:\n  - id: t\n    type: test.Echo\n    txt: x\n",
        [(6, 5, "unknown-property", "tasks[0].txt")],
    ),
    (
        HEAD + "tasks:\n  - id: t\n    type: test.Echo\n    text: x\n    count: 1.5\n",
        [(7, 12, "wrong-type", "tasks[0].count")],
    ),
    (
        HEAD + "tasks:\n  - id: t\n    type: test.Echo\n    text: x\n    count: -1\n",
        [(7, 12, "invalid-value", "tasks[0].count")],
    ),
    (
        HEAD + "tasks:\n  - id: t\n    type: test.Echo\n    text: x\n    mode: fats\n",
        [(7, 11, "invalid-value", "tasks[0].mode")],
    ),
    (
        HEAD + "tasks:\n  - id: t\n    type: test.Echo\n    text: x\n    tags: [a, {b: c}]\n",
        [(7, 15, "wrong-type", "tasks[0].tags[1]")],
    ),
    (
        HEAD + "tasks:\n  - id: t\n    type: test.Fetch\n    uri: x\n    options:\n"
        "      auth: {type: BASIC, key: x}\n",
        [
            (8, 13, "missing-property", "tasks[0].options.auth.username"),
            (8, 27, "unknown-property", "tasks[0].options.auth.key"),
        ],
    ),
    (
        HEAD + "tasks:\n  - id: t\n    type: test.Fetch\n    uri: x\n"
        "    options: {extra: [{}, {read_timeout: PT1S}]}\n",
        [(7, 28, "unknown-property", "tasks[0].options.extra[1].read_timeout")],
    ),
    (
        HEAD + "tasks:\n  - id: g\n    type: test.Group\n    tasks:\n"
        "      - {id: a, type: test.Echo, text: {}}\n    else:\n      - {id: b, type: test.Ech}\n",
        [
            (7, 40, "wrong-type", "tasks[0].tasks[0].text"),
            (9, 23, "unknown-type", "tasks[0].else[0].type"),
        ],
    ),
    (HEAD + ECHO + "triggers: [{id: c, type: test.Echo}]\n", [(5, 26, "unknown-type", "triggers[0].type")]),
    (HEAD + ECHO + "triggers: [{id: c, type: test.Clock, every: x}]\n", [(5, 45, "wrong-type", "triggers[0].every")]),
    (HEAD + ECHO + "inputs: [{id: c, type: TEXT}]\n", [(5, 24, "unknown-type", "inputs[0].type")]),
    (HEAD + ECHO + "labels: 5\n", [(5, 9, "wrong-type", "labels")]),
    (HEAD + ECHO + 'labels: {"": x}\n', [(5, 10, "invalid-label", 'labels[""]')]),
    (HEAD + ECHO + "outputs: [{id: '!', value: 1}]\n", [(5, 16, "invalid-value", "outputs[0].id")]),
    (HEAD + ECHO + "listeners: []\n", [(5, 1, "unsupported-property", "listeners")]),
    ("id: {a: b}\nnamespace: b.c\n" + ECHO, [(1, 5, "wrong-type", "id")]),
    (f"id: {'a' * 101}\nnamespace: b.c\n" + ECHO, [(1, 5, "invalid-value", "id")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PROBLEMS, ids=range(len(PROBLEMS)))
def test_problems_have_exact_places(text, expected, catalog):
    assert found(text, catalog) == expected


def test_sentences(catalog):
    parsed = parse(
        HEAD + "tasks:\n  - id: t\n    type: test.Eco\n  - id: u\n    type: acme.Nothing\n"
        "  - id: v\n    type: test.Xyzzyx\n",
        catalog,
    )
    assert [(one.message, one.hint) for one in parsed.problems] == [
        ("Unknown task type `test.Eco`.", "Did you mean `test.Echo`?"),
        ("Unknown task type `acme.Nothing`.", "There are types in `test`."),
        (
            "Unknown task type `test.Xyzzyx`.",
            (
                "This release has `test.Echo`, `test.Values`, `test.Fetch`, `test.Group`, "
                "`test.Call` there."
            ),
        ),
    ]


def test_old_spellings_are_warnings(catalog):
    text = (
        HEAD + "revision: 3\ntenantId: main\ndeleted: false\nextend: {x: 1}\n"
        "labels: [{key: a, value: b}]\ninputs: [{name: f, type: BOOLEAN, defaults: true}]\n"
        "tasks:\n  - {id: t, type: old.Echo, text: x, runIf: 'true'}\n"
    )
    parsed = parse(text, catalog)
    assert parsed.ok
    assert parsed.flow.labels == {"a": "b"}
    assert parsed.flow.inputs[0].id == "f"
    assert parsed.flow.tasks[0].run_if == "true"
    assert [(one.line, one.column, one.path, one.hint) for one in parsed.warnings] == [
        (8, 11, "inputs[0].name", "Write `id`."),
        (8, 26, "inputs[0].type", "Write `BOOL`."),
        (10, 19, "tasks[0].type", "Write `test.Echo`."),
        (10, 38, "tasks[0].runIf", "Write `when`."),
    ]


def test_null_is_like_nothing(catalog):
    parsed = parse(HEAD + ECHO + "errors:\nlabels:\ndescription:\ndisabled:\ntriggers:\n", catalog)
    assert parsed.ok
    assert parsed.flow.labels == {}


EXPRESSIONS = [
    ('    text: "a {{ b "\n', 6, 14),
    ("    text: 'it''s {{ ) }}'\n", 6, 21),
    ("    text: plain {{ ) }}\n", 6, 20),
    ("    text: plain\n      goes on {{ ) }}\n", 7, 18),
    ("    text: |\n      one\n\n        two {{ ) }}\n", 9, 16),
    ("    text: >-\n      one\n      two {{ ) }}\n", 8, 14),
    ("    text: |2 # comment {{\n      one {{ ) }}\n", 7, 14),
    ('    text: "\\t\\u00e9\\"\\\\ {{ ) }}"\n', 6, 28),
    ('    text: "one\n      two \\\n      {{ ) }}"\n', 8, 10),
    ("    text: &x |-\n      é {{ ) }}\n", 7, 12),
    ("    text: x\n    tags:\n      - ok\n      - 'a {{ ) }}'\n", 9, 15),
    ('    text: x\n    when: "{{ ) }}"\n', 7, 15),
]


@pytest.mark.parametrize(("text", "line", "column"), EXPRESSIONS, ids=range(len(EXPRESSIONS)))
def test_a_broken_expression_is_shown_inside_its_text(text, line, column, catalog):
    parsed = parse(HEAD + "tasks:\n  - id: t\n    type: test.Echo\n" + text, catalog)
    (problem,) = parsed.problems
    assert (problem.line, problem.column, problem.code) == (line, column, "invalid-expression")


def test_prose_is_no_expression(catalog):
    text = (
        HEAD
        + "description: 'a {{ ) }}'\ntasks:\n  - {id: t, type: test.Echo, text: x, description: '{{ ) }}'}\n"
    )
    assert parse(text, catalog).problems == ()


def test_variables_may_be_any_text(catalog):
    parsed = parse(HEAD + "variables: {a: '{{ ) }}'}\n" + ECHO, catalog)
    assert parsed.ok
    assert [one.severity for one in parsed.problems] == [Severity.WARNING]


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        (HEAD + ECHO, ("b.c", "a")),
        (HEAD + "tasks: [}\n", ("b.c", "a")),
        ("id: 'a'\nnamespace: \"b\"\n\tx", ("b", "a")),
        ("id: a\n", None),
        ("", None),
    ],
)
def test_identity_of_broken_texts_too(text, identity, catalog):
    assert parse(text, catalog).identity == identity


def test_place_of_a_path(catalog):
    parsed = parse(HEAD + "labels: {a.b: c}\n" + ECHO, catalog)
    assert parsed.place("tasks[0].text") == (5, 36)
    assert parsed.place('labels["a.b"]') == (3, 15)
    assert parsed.place("tasks[0].absent") == parsed.place("tasks[0]") == (5, 5)
    assert parse("a: [", catalog).place("a") is None


@pytest.mark.parametrize("kind", [one["type"] for one in list_all_errors()])
def test_every_kind_of_error_is_said_in_our_words(kind):
    details = next(one for one in list_all_errors() if one["type"] == kind)
    root: Node = read("id: abc\n").root
    error = {
        "type": kind, "loc": ("id",), "msg": details["example_message_python"],
        "ctx": details.get("example_context", {}),
    }  # fmt: skip
    (problem,) = problems(locate([error], root), Flow, ())
    assert problem.message[-1] == "."
    assert details["example_message_python"].lower() not in problem.message.lower()
    assert not any(word in problem.message for word in ("Input", "pydantic", "instance", "dict"))
