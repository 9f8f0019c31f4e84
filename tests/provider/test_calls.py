"""Functions, list resources and actions with a small provider that knows nothing of Penstock."""

from __future__ import annotations

import pytest

from penstock_provider.framework import protocol
from penstock_provider.framework.values import NUMBER, UNKNOWN, pack, unpack

from .small import Calls, state, thing


@pytest.fixture
def call():
    calls = Calls()
    yield calls
    calls.loop.close()


def double(call, *values: object):
    packed = [protocol.types["DynamicValue"](msgpack=pack(value)) for value in values]
    return call("CallFunction", name="double", arguments=packed)


def test_functions_are_described(call):
    (entry,) = call("GetFunctions").functions
    (parameter,) = entry.value.parameters
    assert (parameter.name, parameter.type, parameter.allow_null_value) == ("n", b'"number"', False)
    assert entry.value.variadic_parameter.allow_null_value
    assert getattr(entry.value, "return").type == b'"number"'


def test_functions_take_as_many_arguments_as_they_say(call):
    assert unpack(double(call, 21).result.msgpack, NUMBER) == 42
    assert unpack(double(call, 1, 2, None).result.msgpack, NUMBER) == 6


@pytest.mark.parametrize("index", [0, 1, 2])
def test_an_error_of_a_function_is_about_an_argument(call, index):
    values = [1, 2, 3]
    values[index] = 13
    told = double(call, *values)
    assert (told.error.text, told.error.function_argument) == ("not that one", index)
    assert told.error.HasField("function_argument")


def test_wrong_calls_of_functions_are_sentences(call):
    assert "number of arguments" in double(call).error.text
    assert "There is no nothing" in call("CallFunction", name="nothing").error.text


def find(call, **fields):
    config = {"prefix": fields.pop("prefix", None)}
    return call.stream("ListResource", type_name="x_thing", config=config, **fields)


def test_lists_are_described(call):
    (entry,) = call("GetProviderSchema").list_resource_schemas
    assert (entry.key, entry.value.block.attributes[0].name) == ("x_thing", "prefix")
    assert call("GetMetadata").list_resources[0].type_name == "x_thing"
    config = {"prefix": UNKNOWN}
    asked = {"type_name": "x_thing", "config": config, "limit": {}}
    assert not call("ValidateListResourceConfig", **asked).diagnostics


def test_a_list_tells_names_and_identities(call):
    events = find(call, prefix="p", limit=100)
    assert [event.display_name for event in events] == [f"Thing {n}" for n in range(9)]
    data = events[3].identity.identity_data.msgpack
    assert unpack(data, thing_type()) == {"name": "p3"}
    assert not events[3].HasField("resource_object")


def thing_type():
    from .small import Thing

    return Thing.schema.type


def test_a_list_ends_at_its_limit(call):
    events = find(call, limit=2, include_resource_object=True)
    assert [state(event.resource_object) for event in events] == [
        thing(name=name, id="1") for name in ("0", "1")
    ]
    assert call.provider.seen == [0, 1]


def test_a_failing_list_is_a_diagnostic(call, capsys):
    (event,) = find(call, prefix="boom", limit=1)
    assert event.diagnostic[0].summary == "The provider failed unexpectedly"
    assert "kanarienvogel" not in str(event.diagnostic[0].detail) + capsys.readouterr().err


def ring(call, times: object):
    return call.stream("InvokeAction", action_type="x_ring", config={"times": times})


def test_actions_are_described_and_checked(call):
    (entry,) = call("GetProviderSchema").action_schemas
    assert entry.key == "x_ring"
    assert entry.value.schema.block.attributes[0].required
    asked = {"type_name": "x_ring", "config": {"times": 1}}
    assert not call("ValidateActionConfig", **asked).diagnostics
    told = call("PlanAction", action_type="x_ring", config={"times": UNKNOWN})
    assert told.diagnostics[0].summary == "Not known yet"


def test_an_action_tells_how_far_it_is_and_how_it_ended(call):
    *steps, end = ring(call, 2)
    assert [event.progress.message for event in steps] == ["ring 0", "ring 1"]
    assert end.HasField("completed")
    assert [item.summary for item in end.completed.diagnostics] == ["Loud"]


def test_an_action_that_fails_says_so_after_its_steps(call):
    *steps, end = ring(call, 5)
    assert len(steps) == 3
    assert [item.summary for item in end.completed.diagnostics] == ["It broke"]


def test_an_unknown_action_is_a_sentence(call):
    (event,) = call.stream("InvokeAction", action_type="x_none")
    assert event.completed.diagnostics[0].summary == "There is no x_none"
