"""Values and types on the wire."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_provider.framework import protocol
from penstock_provider.framework.values import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    UNKNOWN,
    Dynamic,
    Type,
    Unknown,
    dynamic,
    from_json,
    infer,
    is_known,
    list_of,
    map_of,
    object_of,
    pack,
    plain,
    set_of,
    type_from_json,
    unpack,
)

types = st.recursive(
    st.sampled_from([STRING, NUMBER, BOOL, DYNAMIC]),
    lambda inner: st.one_of(
        inner.map(map_of),
        inner.map(list_of),
        inner.map(set_of),
        st.dictionaries(st.text(max_size=5), inner, max_size=3).map(object_of),
        st.lists(inner, max_size=3).map(lambda items: Type("tuple", items=tuple(items))),
    ),
    max_leaves=6,
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


def values_of(of: Type):
    """Strategy for values of a type, null and unknown everywhere."""
    odd = st.sampled_from([None, UNKNOWN, Unknown(b"\x81\x01\xc2")])
    if of.kind == "string":
        return odd | st.text()
    if of.kind == "number":
        return odd | st.integers(-(2**80), 2**80) | st.floats(allow_nan=False, allow_infinity=False)
    if of.kind == "bool":
        return odd | st.booleans()
    if of.kind == "dynamic":
        return odd | json_values.map(dynamic)
    if of.fields is not None:
        return odd | st.fixed_dictionaries({k: values_of(v) for k, v in of.fields.items()})
    if of.kind == "tuple":
        return odd | st.tuples(*(values_of(item) for item in of.items)).map(list)
    if of.kind == "map":
        return odd | st.dictionaries(st.text(max_size=5), values_of(of.element), max_size=3)
    return odd | st.lists(values_of(of.element), max_size=3)


@given(types)
def test_types_round_trip(of):
    assert type_from_json(json.loads(json.dumps(of.to_json()))) == of


@given(st.data(), types)
def test_values_round_trip(data, of):
    value = data.draw(values_of(of))
    assert unpack(pack(value), of) == value


@given(json_values)
def test_json_becomes_dynamic_and_back(value):
    wrapped = dynamic(value)
    decoded = unpack(pack(wrapped), DYNAMIC)
    assert plain(decoded) == value
    if value is not None:
        assert from_json({"type": infer(value).to_json(), "value": value}, DYNAMIC) == wrapped


def test_what_terraform_sends():
    # recorded: unknown with and without refinement, a number too large for msgpack
    assert unpack(b"\xd4\x00\x00", STRING) == UNKNOWN
    refined = unpack(b"\xc7\x03\x0c\x81\x01\xc2", STRING)
    assert isinstance(refined, Unknown)
    assert pack(refined) == b"\xc7\x03\x0c\x81\x01\xc2"
    assert unpack(b"\xa4" + b"12.5", NUMBER) == Decimal("12.5")
    assert unpack(pack(2**90), NUMBER) == 2**90
    assert not is_known({"a": [Dynamic(STRING, UNKNOWN)]})


@pytest.mark.parametrize("bad", [["list"], ["object", "string"], 7, ["nothing", {}]])
def test_no_type(bad):
    if bad == ["object", "string"]:
        assert type_from_json(bad) == Type("object", element=STRING)
        return
    with pytest.raises(ValueError, match="no"):
        type_from_json(bad)


@given(st.binary(max_size=50), st.text(), st.integers(0, 2**40))
def test_messages_round_trip(data, text, number):
    message = protocol.types["UpgradeResourceStateRequest"](type_name=text, version=number)
    message.raw_state.json = data
    back = protocol.types["UpgradeResourceStateRequest"].FromString(message.SerializeToString())
    assert (back.type_name, back.version, back.raw_state.json) == (text, number, data)


def test_map_entries_have_the_bytes_of_a_map():
    told = protocol.types["GetProviderSchemaResponse"]()
    told.resource_schemas.add(key="x", value=protocol.types["Schema"](version=1))
    # field 2, length-delimited: {1: "x", 2: {1: 1}}
    assert told.SerializeToString() == b"\x12\x07\x0a\x01x\x12\x02\x08\x01"
