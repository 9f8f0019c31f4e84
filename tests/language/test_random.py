"""Whatever the text is, the answer is a flow or problems that say where."""

import json

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import registry
from penstock.errors import InvalidInputs
from penstock.language.cron import check_cron
from penstock.language.inputs import resolve_inputs
from penstock.language.node import Node
from penstock.language.parse import parse
from penstock.language.template import place_within
from penstock.language.yaml import read
from penstock.model.input.float_ import FloatInput
from penstock.model.input.int_ import IntInput
from penstock.model.input.json_ import JsonInput
from penstock.model.input.string import StringInput

PIECES = [
    "id: a\n", "namespace: b\n", "tasks:\n", "  - id: t\n", "    type: core.log.Log\n",
    "    message: x\n", "    type: core.flow.If\n", "    then:\n", "      - {id: u}\n", "{{", "}}",
    "{%", "%}", '"', "'", "[", "]", "{", "}", ": ", "- ", "\n", "\t", "  ", "&a ", "*a ", "<<: ",
    "|\n", ">-\n", "!x ", "#", "é", "\u2028", "\x85", "\r\n", "inputs.x", "type", "retry: ", "null",
    "labels: ", "---\n", "...\n", "? ", "%YAML 1.2\n", "\ufeff", "core.log.", "..", "core..log.Log",
    "type: .\n", "cron: ", "triggers:\n", "inputs:\n",
]  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_no_text_raises(text):
    parsed = parse(text, registry)
    assert parsed.ok == (not any(problem.is_error for problem in parsed.problems))
    assert parsed.ok == (parsed.flow is not None)
    lines = text.count("\n") + text.count("\r") + sum(map(text.count, "\x85\u2028\u2029")) + 2
    for problem in parsed.problems:
        assert problem.message.endswith((".", "!", "?", "…"))
        assert 1 <= problem.line <= lines
        assert problem.column >= 1


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "id",
                "namespace",
                "labels",
                "inputs",
                "variables",
                "tasks",
                "errors",
                "outputs",
                "triggers",
                "retry",
                "timeout",
                "disabled",
                "concurrency",
                "description",
                "odd",
            ]
        ),
        JSON,
    )
)
def test_no_values_raise(flow):
    text = yaml.safe_dump(flow, allow_unicode=True)
    parsed = parse(text, registry)
    assert parsed.problems


IDS = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,20}", fullmatch=True)
PLAIN = st.text(
    st.characters(
        exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="{}\ufeff\x85\u2028\u2029"
    )
)


@st.composite
def flows(draw):
    ids = draw(st.lists(IDS, min_size=1, max_size=6, unique=True))
    tasks = [{"id": id_, "type": "core.log.Log", "message": draw(PLAIN)} for id_ in ids[1:]]
    group = {"id": ids[0], "type": "core.flow.Sequential", "tasks": tasks}
    return {
        "id": "flow-" + draw(IDS),
        "namespace": "company.team",
        "description": draw(PLAIN),
        "variables": draw(st.dictionaries(PLAIN, st.integers(-(2**60), 2**60) | PLAIN, max_size=3)),
        "tasks": [group] if tasks else [{"id": ids[0], "type": "core.log.Log", "message": "x"}],
    }


@settings(max_examples=100, deadline=None)
@given(flows())
def test_dumped_flows_mean_what_they_say(flow):
    parsed = parse(json.dumps(flow, ensure_ascii=False), registry)
    assert parsed.problems == ()
    assert parsed.flow.id == flow["id"]
    assert parsed.flow.description == flow["description"]
    assert parsed.flow.variables == flow["variables"]
    said = [task.message for task in parsed.flow.all_tasks() if hasattr(task, "message")]
    wanted = flow["tasks"][0].get("tasks", flow["tasks"])
    assert said == [task["message"] for task in wanted]


def leaves(node: Node):
    if node.children is None:
        yield node
    for child in (below for _, below in node.items()):
        yield from leaves(child)


@settings(max_examples=200, deadline=None)
@given(
    PLAIN.map(lambda text: text + "@"),
    st.sampled_from(["'", '"', "|", ">", None]),
    st.integers(20, 80),
)
def test_a_place_within_a_text_is_that_of_the_character(text, style, width):
    source = yaml.dump(
        {"key": [text]}, Dumper=yaml.SafeDumper, default_style=style, width=width,
        allow_unicode=True,
    )  # fmt: skip
    (leaf,) = leaves(read(source).root)
    assert leaf.value == text
    line, column = place_within(source, leaf, text.index("@"))
    assert source.split("\n")[line - 1][column - 1] == "@"


@settings(max_examples=200, deadline=None)
@given(st.text() | st.text("0123456789*/-,LW#? ", max_size=20))
def test_no_cron_raises(text):
    wrong = check_cron(text)
    assert wrong is None or wrong.startswith("invalid cron expression")


@settings(max_examples=200, deadline=None)
@given(JSON, st.sampled_from([StringInput, IntInput, FloatInput, JsonInput]))
def test_no_given_input_raises_anything_else(value, kind):
    declared = kind(id="x", type=kind.__name__.removesuffix("Input").upper())
    problems = ()
    try:
        values = resolve_inputs([declared], {"x": value}, lambda text, _: text)
    except InvalidInputs as error:
        problems, values = error.problems, {"x": None}
    assert set(values) == {"x"}
    assert all(problem.path == "inputs.x" for problem in problems)
