"""Our protobuf codec against the library, which shares no code with it."""

from __future__ import annotations

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from penstock_provider.framework import protocol
from penstock_provider.framework.protobuf import Kinds, Malformed

TABLE = """
All *texts:string=1 *blobs:bytes=2 number:int64=3 short:int32=4 flag:bool=5 inner:All=6 \
*inners:All=7 text:string=16 blob:bytes=2000 type:Empty=536870911
Empty
"""
SCALARS = {"bytes": 12, "string": 9, "int32": 5, "int64": 3, "bool": 8}


def oracle(table: str):
    """The same table as the library's classes, with presence of every field."""
    file = descriptor_pb2.FileDescriptorProto(name="oracle.proto", package="oracle")
    for line in table.strip().splitlines():
        name, *fields = line.split()
        message = file.message_type.add(name=name)
        for field in fields:
            left, number = field.split("=")
            label, kind = left.split(":")
            added = message.field.add(
                name=label.lstrip("*"),
                number=int(number),
                label=3 if label[0] == "*" else 1,
                type=SCALARS.get(kind, 11),
            )
            if kind not in SCALARS:
                added.type_name = f".oracle.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    classes = message_factory.GetMessageClassesForFiles(["oracle.proto"], pool)
    return {name.rpartition(".")[2]: made for name, made in classes.items()}


PROTOCOL = sorted(line.split()[0] for line in protocol.MESSAGES.strip().splitlines())
THEIRS = oracle(protocol.MESSAGES)
ODD = (Kinds(TABLE), oracle(TABLE))
VALUES = {
    "bytes": st.binary(max_size=300),
    "string": st.text(max_size=200),
    "bool": st.booleans(),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
}


@st.composite
def contents(draw, kinds, name, depth=0):
    """What a message holds, as nested dicts; fields may be absent."""
    found = {}
    for field in kinds[name].FIELDS.values():
        if not draw(st.booleans()):
            continue
        if field.is_message:
            if depth > 2:
                continue
            one = contents(kinds, field.kind, depth + 1)
        else:
            one = VALUES[field.kind]
        found[field.name] = draw(st.lists(one, max_size=3) if field.repeated else one)
    return found


def build(kinds, ours, name, content):
    """A message of ``kinds``, ours or the library's; our class says what its fields are."""
    message = kinds[name]()
    for key, value in content.items():
        field = ours[name].FIELDS[key]
        if field.is_message and field.repeated:
            getattr(message, key).extend(build(kinds, ours, field.kind, item) for item in value)
        elif field.is_message:
            getattr(message, key).CopyFrom(build(kinds, ours, field.kind, value))
            if not value and hasattr(message, "SetInParent"):
                getattr(message, key).SetInParent()
        elif field.repeated:
            getattr(message, key).extend(value)
        else:
            setattr(message, key, value)
    return message


def check(ours, theirs, name, content):
    mine, other = build(ours, ours, name, content), build(theirs, ours, name, content)
    # What we write means the same to the library, and what it writes the same to us.
    assert theirs[name].FromString(mine.SerializeToString()) == other
    assert ours[name].FromString(other.SerializeToString()) == mine
    for key in ours[name].FIELDS:
        if not ours[name].FIELDS[key].repeated:
            assert mine.HasField(key) == other.HasField(key)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_every_kind_of_field_both_ways(data):
    ours, theirs = ODD
    check(ours, theirs, "All", data.draw(contents(ours, "All")))


@pytest.mark.parametrize("name", PROTOCOL)
@given(data=st.data())
@settings(max_examples=5, deadline=None)
def test_every_message_of_the_protocol_both_ways(name, data):
    check(protocol.types, THEIRS, name, data.draw(contents(protocol.types, name)))


@given(st.binary(max_size=60))
@example(b"\xbd\x80\x80\x80\x10\0\0\0\0")  # a tag of 33 bits
@example(b"\x88\x80\x80\x80\x80\x00\x00")  # one of six bytes
@example(b"\xa2\x06\x80\x80\x80\x80\x80\x00")  # a length of six bytes
@settings(max_examples=400)
def test_any_bytes_are_a_message_or_malformed(data):
    ours, theirs = ODD
    try:
        mine = ours["All"].FromString(data)
    except Malformed:
        return
    # What we take, the library takes too, and it finds the same in it.
    other = theirs["All"].FromString(data)
    other.DiscardUnknownFields()
    assert ours["All"].FromString(other.SerializeToString()) == mine


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_truncated_messages_are_malformed_or_shorter_ones(data):
    ours, theirs = ODD
    whole = build(theirs, ours, "All", data.draw(contents(ours, "All"))).SerializeToString()
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    try:
        theirs["All"].FromString(cut)
    except DecodeError:
        with pytest.raises(Malformed):
            ours["All"].FromString(cut)
    else:
        ours["All"].FromString(cut)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x82", "in the middle"),
        (b"\x18" + b"\xff" * 10, "64 bits"),
        (b"\x12\x05ab", "longer than its message"),
        (b"\x32\x02\x12\x05abcdef", "longer than its message"),
        (b"\x0a\x01\xff", "UTF-8"),
        (b"\x1d\x00", "longer than its message"),
        (b"\x1b", "a type"),
        (b"\x00\x00", "the number 0"),
        (b"\x32\xff\xff\xff\xff\x0f", "longer than its message"),
    ],
)
def test_what_is_wrong_is_said(data, why):
    with pytest.raises(Malformed, match=why):
        ODD[0]["All"].FromString(data)


def test_messages_that_are_nested_without_end():
    data = b""
    for _ in range(3000):
        size, head = len(data), bytearray()
        while size > 0x7F:
            head.append(size & 0x7F | 0x80)
            size >>= 7
        data = b"\x32" + bytes([*head, size]) + data
    with pytest.raises(Malformed, match="nested too deeply"):
        ODD[0]["All"].FromString(data)


def test_pieces_of_one_message_are_put_together():
    ours, theirs = ODD
    data = b"\x32\x02\x18\x07" + b"\x32\x02\x28\x01"
    assert theirs["All"].FromString(data).inner.number == 7
    mine = ours["All"].FromString(data)
    assert (mine.inner.number, mine.inner.flag) == (7, True)


def test_looking_makes_nothing_present():
    message = ODD[0]["All"]()
    assert message.inner.inner.text == ""
    assert list(message.inners) == []
    assert not message.HasField("inner")
    assert message.SerializeToString() == b""
    message.inner.inner.text = ""
    assert message.HasField("inner")
    assert message.SerializeToString() == b"\x32\x05\x32\x03\x82\x01\x00"
    assert message.type == ODD[0]["Empty"]()
    message.type.CopyFrom(ODD[0]["Empty"]())
    assert message.HasField("type")


def test_copies_are_apart():
    one = ODD[0]["All"](texts=["a"], inner=ODD[0]["All"](number=1))
    other = ODD[0]["All"]()
    other.CopyFrom(one)
    other.inner.number = 2
    other.texts.append("b")
    assert (one.inner.number, list(one.texts)) == (1, ["a"])


def test_names_that_are_no_fields_are_refused():
    message = ODD[0]["All"]()
    for wrong in (lambda: ODD[0]["All"](nosuch=1), lambda: message.nosuch):
        with pytest.raises(AttributeError, match="All has no field nosuch"):
            wrong()
    message.nosuch = 1
    with pytest.raises(AttributeError, match="All has no field nosuch"):
        message.SerializeToString()


def test_texts_of_messages_show_no_values():
    assert repr(ODD[0]["All"](text="kanarienvogel", number=1)) == "All(text, number)"
    assert ODD[0]["All"].FromString(ODD[0]["All"](text="a\ud800").SerializeToString()).text == "a?"


def test_long_bytes_are_handed_on():
    blob = b"\x07" * 10_000_000
    dynamic = protocol.types["DynamicValue"](msgpack=blob)
    data = protocol.types["ReadResourceResponse"](new_state=dynamic).SerializeToString()
    assert protocol.types["ReadResourceResponse"].FromString(data).new_state.msgpack == blob
    assert THEIRS["ReadResourceResponse"].FromString(data).new_state.msgpack == blob
