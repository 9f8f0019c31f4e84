"""HTTP/2's header compression (RFC 7541): reading in full, writing without any table."""

from __future__ import annotations

from penstock_provider.framework import huffman

Header = tuple[bytes, bytes]

TABLE_SIZE = 4096
"""Bytes of the peer's table, the protocol's own default."""
_OVERHEAD = 32
_MOST_BYTES = 1 << 18
"""Names and values of one block together; repeated indexes could make gigabytes of few bytes."""
_MOST_DIGITS = 28
_LINES = """
:authority :method=GET :method=POST :path=/ :path=/index.html :scheme=http :scheme=https
:status=200 :status=204 :status=206 :status=304 :status=400 :status=404 :status=500
accept-charset accept-encoding=gzip,~deflate accept-language accept-ranges accept
access-control-allow-origin age allow authorization cache-control content-disposition
content-encoding content-language content-length content-location content-range content-type
cookie date etag expect expires from host if-match if-modified-since if-none-match if-range
if-unmodified-since last-modified link location max-forwards proxy-authenticate
proxy-authorization range referer refresh retry-after server set-cookie
strict-transport-security transfer-encoding user-agent vary via www-authenticate
"""
_STATIC: list[Header] = [
    (name.encode(), value.encode())
    for name, _, value in (item.replace("~", " ").partition("=") for item in _LINES.split())
]
"""The table that every connection has, from index 1 on."""


class BadBlock(ValueError):
    """The bytes are no header block; the connection cannot go on."""


class Decoder:
    """Reads the header blocks of one connection, in the order in which they come."""

    def __init__(self) -> None:
        self._table: list[Header] = []
        self._size = 0
        self._limit = TABLE_SIZE
        # Once all headers are in the table, calls of one method have the same block.
        self._known: dict[bytes, list[Header]] = {}

    def decode(self, block: bytes) -> list[Header]:
        """Names and values in their order; ``BadBlock`` when there is something wrong."""
        known = self._known.get(block)
        if known is not None:
            return known
        headers: list[Header] = []
        size = at = 0
        changed = False
        try:
            while at < len(block):
                first = block[at]
                if first & 0x80:
                    index, at = _integer(block, at, 7)
                    header = self._entry(index)
                elif first & 0xE0 == 0x20:  # noqa: PLR2004 (a new size of the table)
                    limit, at = _integer(block, at, 5)
                    if headers or limit > TABLE_SIZE:
                        raise BadBlock("the table's size may not change here or so")
                    self._resize(limit)
                    changed = True
                    continue
                else:
                    inserts = first & 0xC0 == 0x40  # noqa: PLR2004 (a literal to be remembered)
                    index, at = _integer(block, at, 6 if inserts else 4)
                    name, at = (self._entry(index)[0], at) if index else _text(block, at)
                    value, at = _text(block, at)
                    header = (name, value)
                    if inserts:
                        self._insert(header)
                        changed = True
                headers.append(header)
                size += len(header[0]) + len(header[1]) + _OVERHEAD
                if size > _MOST_BYTES:
                    raise BadBlock("the headers are too many")
        except IndexError:
            raise BadBlock("the header block ends in the middle of a header") from None
        except huffman.BadCode as error:
            raise BadBlock(str(error)) from None
        if changed:
            self._known.clear()
        else:
            self._known[block] = headers
        return headers

    def _entry(self, index: int) -> Header:
        if not index:
            raise BadBlock("a header has the index 0")
        if index <= len(_STATIC):
            return _STATIC[index - 1]
        place = len(self._table) - (index - len(_STATIC))
        if place < 0:
            raise BadBlock("a header has an index beyond the table")
        return self._table[place]

    def _insert(self, header: Header) -> None:
        self._table.append(header)
        self._size += len(header[0]) + len(header[1]) + _OVERHEAD
        self._evict()

    def _resize(self, limit: int) -> None:
        self._limit = limit
        self._evict()

    def _evict(self) -> None:
        gone = 0
        while self._size > self._limit:
            name, value = self._table[gone]
            self._size -= len(name) + len(value) + _OVERHEAD
            gone += 1
        del self._table[:gone]


def _integer(block: bytes, at: int, bits: int) -> tuple[int, int]:
    """A number that begins in the lowest ``bits`` of a byte, and where it ends."""
    full = (1 << bits) - 1
    number = block[at] & full
    at += 1
    if number < full:
        return number, at
    shift = 0
    while True:
        byte = block[at]
        at += 1
        number += (byte & 0x7F) << shift
        if not byte & 0x80:
            return number, at
        shift += 7
        if shift > _MOST_DIGITS:
            raise BadBlock("a number in the header block is too large")


def _text(block: bytes, at: int) -> tuple[bytes, int]:
    packed = block[at] & 0x80
    size, at = _integer(block, at, 7)
    stop = at + size
    if stop > len(block):
        raise BadBlock("the header block ends in the middle of a text")
    text = block[at:stop]
    return huffman.decode(text) if packed else text, stop


def encode(headers: list[Header]) -> bytes:
    """A block that needs no table: each header literal, none of them remembered."""
    block = bytearray()
    for name, value in headers:
        block.append(0)
        for text in (name, value):
            size = len(text)
            if size < 0x7F:  # noqa: PLR2004 (what fits beside the flag)
                block.append(size)
            else:
                block.append(0x7F)
                size -= 0x7F
                while size >= 0x80:  # noqa: PLR2004 (seven bits a byte)
                    block.append(size & 0x7F | 0x80)
                    size >>= 7
                block.append(size)
            block += text
    return bytes(block)
