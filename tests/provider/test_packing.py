"""Our MessagePack against the library, which shares no code with it."""

from __future__ import annotations

import math
from decimal import Decimal

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_provider.framework.packing import Extension, pack, unpack
from penstock_provider.framework.protobuf import Malformed
from penstock_provider.framework.values import BOOL, DYNAMIC, NUMBER, STRING, list_of, object_of
from penstock_provider.framework.values import pack as pack_value
from penstock_provider.framework.values import unpack as unpack_value

SIZES = st.sampled_from([0, 1, 2, 3, 4, 8, 15, 16, 17, 31, 32, 33, 255, 256])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=40)
    | SIZES.map(lambda size: "é" * (size // 2) + "x" * (size % 2))
    | st.binary(max_size=40)
    | SIZES.map(bytes)
    | st.builds(Extension, st.integers(0, 127), st.binary(max_size=20) | SIZES.map(bytes)),
    lambda inner: (
        st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=40), inner, max_size=20)
    ),
    max_leaves=30,
)


def theirs(value):
    """The same for the library, whose keys stay as they come."""
    if isinstance(value, Extension):
        return msgpack.ExtType(value.code, value.data)
    if isinstance(value, list):
        return [theirs(item) for item in value]
    if isinstance(value, dict):
        return {key: theirs(value[key]) for key in sorted(value)}
    return value


@given(values)
@settings(max_examples=150, deadline=None)
def test_the_same_bytes_and_back(value):
    data = pack(value)
    assert data == msgpack.packb(theirs(value))
    assert unpack(data) == value


@pytest.mark.parametrize("size", [15, 16, 65_535, 65_536])
def test_long_lists_and_maps(size):
    whole = [list(range(size)), {f"{n:06}": n for n in range(size)}]
    for value in (*whole, "x" * size, bytes(size), Extension(12, bytes(size))):
        assert pack(value) == msgpack.packb(theirs(value))
        assert unpack(pack(value)) == value


@pytest.mark.parametrize("power", range(65))
def test_whole_numbers_are_as_short_as_can_be(power):
    for number in (2**power - 1, 2**power, -(2**power), -(2**power) - 1):
        if -(2**63) <= number < 2**64:
            assert pack(number) == msgpack.packb(number)
            assert unpack(pack(number)) == number
        else:
            with pytest.raises(ValueError, match="64 bits"):
                pack(number)


@given(st.binary(max_size=40))
@settings(max_examples=400)
def test_any_bytes_are_a_value_or_malformed(data):
    try:
        mine = unpack(data)
    except Malformed:
        return
    other = msgpack.unpackb(data, strict_map_key=False, ext_hook=Extension)
    assert repr(mine) == repr(other)


@given(values, st.data())
@settings(max_examples=200, deadline=None)
def test_cut_values_are_malformed(value, data):
    whole = pack(value)
    with pytest.raises(Malformed):
        unpack(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(Malformed, match="there is more"):
        unpack(whole + b"\xc0")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xc1", "a code that there is not"),
        (b"\x81\x01\x01", "a key is no text"),
        (b"\xa1\xff", "UTF-8"),
        (b"\xdd\xff\xff\xff\xff\xc0", "in the middle"),
        (b"\xc6\xff\xff\xff\xffx", "in the middle"),
        (b"\x91" * 5000, "nested too deeply"),
    ],
)
def test_what_is_wrong_is_said(data, why):
    with pytest.raises(Malformed, match=why):
        unpack(data)


@pytest.mark.parametrize("value", [object(), {1: 2}, {"a": {None: 1}}, 1j])
def test_what_has_no_encoding_is_refused(value):
    with pytest.raises(TypeError):
        pack(value)


# Numbers: as Go's encoder of Terraform's numbers writes them


@pytest.mark.parametrize(
    ("number", "data"),
    [
        (7, b"\x07"),
        (7.0, b"\x07"),
        (Decimal("7.00"), b"\x07"),
        (-33, b"\xd0\xdf"),
        (2**63 - 1, b"\xcf\x7f" + b"\xff" * 7),
        (2**63, b"\xcb\x43\xe0" + b"\0" * 6),
        (2**90, b"\xcb\x45\x90" + b"\0" * 6),
        (-(2**63), b"\xd3\x80" + b"\0" * 7),
        (1.5, b"\xcb\x3f\xf8" + b"\0" * 6),
        (Decimal("1.5"), b"\xcb\x3f\xf8" + b"\0" * 6),
        (Decimal("0.1"), b"\xa30.1"),
        (2**90 + 1, b"\xbc1237940039285380274899124225"),
        (10**400 + 1, b"\xda\x01\x91" + b"1" + b"0" * 399 + b"1"),
        (math.inf, b"\xcb\x7f\xf0" + b"\0" * 6),
    ],
)
def test_numbers_have_the_bytes_that_terraform_gives_them(number, data):
    assert pack_value(number) == data
    assert unpack_value(data, NUMBER) == number


@pytest.mark.parametrize(
    ("data", "of"),
    [
        (b"\xa1x", NUMBER),
        (b"\x91\x01", BOOL),
        (b"\xc4\x01x", STRING),
        (b"\xa1x", list_of(STRING)),
        (b"\x01", object_of({"a": STRING})),
        (b"\x91\x01", DYNAMIC),
        (b"\xa1x", DYNAMIC),
        (b"\x92\xa1x\x01", DYNAMIC),
    ],
)
def test_values_of_another_type_are_refused(data, of):
    with pytest.raises(ValueError, match=r"."):
        unpack_value(data, of)


def test_keys_are_in_terraforms_order():
    assert (
        pack_value({"b": 1, "a": 2, "é": 3, "Z": 4})
        == b"\x84\xa1Z\x04\xa1a\x02\xa1b\x01\xa2\xc3\xa9\x03"
    )
