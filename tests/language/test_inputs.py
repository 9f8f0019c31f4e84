"""What a caller gives becomes what a flow declares."""

import pytest
from pydantic import TypeAdapter

from penstock.errors import InvalidInputs
from penstock.expression import Scope, render_deep
from penstock.language.inputs import resolve_inputs, unknown_inputs
from penstock.model.input import Input

ADAPTER = TypeAdapter(tuple[Input, ...])


def render(value):
    return render_deep(value, Scope(variables={"flow": {"id": "orders"}}))


def resolve(declared, given):
    return resolve_inputs(ADAPTER.validate_python(declared), given, render)


GOOD = [
    ({"type": "STRING"}, "x", "x"),
    ({"type": "STRING"}, 5, "5"),
    ({"type": "STRING"}, True, "true"),
    ({"type": "STRING"}, "", ""),
    ({"type": "STRING", "validator": "[a-z]+"}, "abc", "abc"),
    ({"type": "INT"}, 5, 5),
    ({"type": "INT"}, " -5 ", -5),
    ({"type": "INT"}, 5.0, 5),
    ({"type": "INT", "min": 1, "max": 3}, 3, 3),
    ({"type": "FLOAT"}, "0.5", 0.5),
    ({"type": "FLOAT", "min": 0.5}, 1, 1.0),
    ({"type": "BOOL"}, True, True),
    ({"type": "BOOL"}, "TRUE", True),
    ({"type": "BOOLEAN"}, "yes", False),
    ({"type": "JSON"}, '{"a": [1]}', {"a": [1]}),
    ({"type": "JSON"}, [1, {"a": None}], [1, {"a": None}]),
    ({"type": "SELECT", "values": ["a", {"label": "B", "value": "b"}]}, "b", "b"),
    ({"type": "ENUM", "values": ["1", "2"]}, 2, "2"),
    ({"type": "SELECT", "values": ["a"], "allowCustomValue": True}, "z", "z"),
]


@pytest.mark.parametrize(("declared", "given", "value"), GOOD, ids=range(len(GOOD)))
def test_values(declared, given, value):
    result = resolve([{"id": "x", **declared}], {"x": given})
    assert result == {"x": value}
    assert type(result["x"]) is type(value)


BAD = [
    ({"type": "STRING"}, [1], "expected a text, found a list"),
    ({"type": "STRING", "validator": "[a-z]+"}, "abc1", "it must match the pattern `[a-z]+`"),
    ({"type": "INT"}, "few", 'For input string: "few"'),
    ({"type": "INT"}, 1.5, "expected a number, found the number 1.5"),
    ({"type": "INT"}, True, "expected a number, found true"),
    ({"type": "INT"}, 2**31, "the number 2147483648 does not fit in 32 bits"),
    ({"type": "INT", "min": 3}, 2, "it must be more than `3`"),
    ({"type": "INT", "max": 3}, 4, "it must be less than `3`"),
    ({"type": "FLOAT"}, "x", 'For input string: "x"'),
    ({"type": "FLOAT"}, "nan", "the number must be finite"),
    ({"type": "FLOAT", "max": 0.5}, 0.6, "it must be less than `0.5`"),
    ({"type": "BOOL"}, [], "expected a text, found a list"),
    ({"type": "JSON"}, "{", "Invalid JSON content"),
    ({"type": "SELECT", "values": ["a", "b"]}, "c", "it must match the values `[a, b]`"),
    ({"type": "STRING", "defaults": "{{ nope }}"}, None, "Unable to find `nope`"),
]


@pytest.mark.parametrize(("declared", "given", "cause"), BAD, ids=range(len(BAD)))
def test_bad_values(declared, given, cause):
    with pytest.raises(InvalidInputs) as failed:
        resolve([{"id": "x", **declared}], {} if given is None else {"x": given})
    (problem,) = failed.value.problems
    assert problem.message.startswith(f"Invalid value for input `x`. Cause: {cause}")
    assert (problem.path, problem.code) == ("inputs.x", "invalid-input")


def test_every_bad_input_is_named():
    with pytest.raises(InvalidInputs) as failed:
        resolve(
            [
                {"id": "a", "type": "STRING"},
                {"id": "b", "type": "INT", "description": "How many rows."},
                {"id": "c", "type": "INT"},
                {"id": "ok", "type": "BOOL"},
            ],
            {"b": "x", "c": "", "ok": True},
        )
    assert failed.value.message == (
        'Missing required input:a\nInvalid value for input `b`. Cause: For input string: "x"\n'
        "Missing required input:c"
    )
    assert [one.path for one in failed.value.problems] == ["inputs.a", "inputs.b", "inputs.c"]
    assert failed.value.problems[1].hint.endswith("How many rows.")


def test_defaults_are_rendered_and_typed():
    assert resolve(
        [
            {"id": "a", "type": "STRING", "defaults": "{{ flow.id }}!"},
            {"id": "b", "type": "INT", "defaults": "{{ 1 + 2 }}"},
            {"id": "c", "type": "JSON", "defaults": {"k": "{{ flow.id }}"}},
            {"id": "d", "type": "BOOL", "required": False},
        ],
        {"a": None},
    ) == {"a": "orders!", "b": 3, "c": {"k": "orders"}, "d": None}


@pytest.mark.parametrize("given", [{"a.b": 1, "a.c": 2}, {"a": {"b": 1, "c": 2}}])
def test_dots_are_maps(given):
    declared = [{"id": "a.b", "type": "INT"}, {"id": "a.c", "type": "INT"}]
    assert resolve(declared, given) == {"a": {"b": 1, "c": 2}}


def test_unknown_inputs_are_warnings():
    declared = ADAPTER.validate_python(
        [{"id": "day", "type": "STRING"}, {"id": "a.b", "type": "INT"}]
    )
    (warning,) = unknown_inputs(declared, {"dya": 1, "a": {"b": 1}, "day": "x"})
    assert not warning.is_error
    assert (warning.path, warning.hint) == ("inputs.dya", "Did you mean `day`?")
