"""Header blocks against the library hpack, which shares no code with ours."""

from __future__ import annotations

import hpack as library
import pytest
from hpack.table import HeaderTable
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_provider.framework import huffman
from penstock_provider.framework.hpack import TABLE_SIZE, BadBlock, Decoder, encode

NAMES = st.sampled_from([b":path", b":method", b"content-type", b"user-agent", b"grpc-timeout"])
HEADERS = st.lists(
    st.tuples(
        NAMES | st.binary(min_size=1, max_size=40),
        st.sampled_from([b"POST", b"/tfplugin6.Provider/ReadResource"]) | st.binary(max_size=300),
        st.booleans(),
    ),
    max_size=8,
)


def theirs(decoder: library.Decoder, block: bytes):
    return [(bytes(name), bytes(value)) for name, value in decoder.decode(block, raw=True)]


def test_the_static_table_is_the_standard_one():
    for index, entry in enumerate(HeaderTable.STATIC_TABLE, 1):
        assert Decoder().decode(bytes([0x80 | index])) == [tuple(entry)]


@given(st.lists(HEADERS, max_size=12), st.lists(st.integers(0, TABLE_SIZE), max_size=3))
@settings(max_examples=200, deadline=None)
def test_what_another_encoder_writes(blocks, sizes):
    """Huffman codes, a table that fills, overflows and changes its size."""
    encoder, decoder = library.Encoder(), Decoder()
    for turn, headers in enumerate(blocks):
        if turn < len(sizes):
            encoder.header_table_size = sizes[turn]
        block = encoder.encode(
            [
                library.HeaderTuple(n, v) if plain else library.NeverIndexedHeaderTuple(n, v)
                for n, v, plain in headers
            ],
            huffman=turn % 3 != 0,
        )
        assert decoder.decode(block) == [(name, value) for name, value, _ in headers]


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=300), st.binary(max_size=400)), max_size=5)
)
def test_what_we_write(headers):
    assert theirs(library.Decoder(), encode(headers)) == headers
    assert Decoder().decode(encode(headers)) == headers


@given(st.binary(max_size=300))
def test_huffman_texts(text):
    encoder = library.hpack.HuffmanEncoder(
        library.huffman_constants.REQUEST_CODES, library.huffman_constants.REQUEST_CODES_LENGTH
    )
    assert huffman.decode(encoder.encode(text)) == text


@given(st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=4))
@settings(max_examples=500)
def test_any_bytes_are_headers_or_a_bad_block(blocks):
    mine, other = Decoder(), library.Decoder(max_header_list_size=1 << 18)
    for block in blocks:
        try:
            found = mine.decode(block)
        except BadBlock:
            with pytest.raises(library.HPACKError):
                other.decode(block, raw=True)
            return
        try:
            assert found == theirs(other, block)
        except library.InvalidTableSizeError:
            return


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (b"\x80", "index 0"),
        (b"\xff\x00", "beyond the table"),
        (b"\x40\x05ab", "middle of a text"),
        (b"\x40", "middle of a header"),
        (b"\x3f\xff\xff\xff\xff\xff\xff\x01", "too large"),
        (b"\x3f\xe2\x1f", "may not change"),
        (b"\x82\x20", "may not change"),
        (b"\x00\x81\x00\x00", "padding"),
        (b"\x00\x84\xff\xff\xff\xff\x00", "sign of its end|padding"),
    ],
)
def test_what_is_wrong_is_said(block, why):
    with pytest.raises(BadBlock, match=why):
        Decoder().decode(block)


def test_few_bytes_do_not_make_gigabytes():
    decoder = Decoder()
    decoder.decode(b"\x40\x01a\x7f\x81\x1e" + b"x" * (0x7F + 0xF01))
    with pytest.raises(BadBlock, match="too many"):
        decoder.decode(b"\xbe" * 16_000)
