"""The Huffman code of HTTP/2's header texts (RFC 7541, appendix B), read only: we send texts plain.

The code is canonical: codes of one length count upward, and shorter ones come first. So the lengths
alone tell the code, and a code is found by comparing the next bits with where each length begins.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cache

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCD"
_LENGTHS = (
    "mwBBBBBBBxDBBDBBBBBBBBDBBBBBBBBBfjjlmfhkjjhkhfffeeefffffffghofljmfgggggggggggggggggggggg"
    "hghmsmnfoefefefffeggfffefgfeefgggggoknmBtvttvvvwvwwwwwxwxxvwxwwwwuvwvwwxvutvvwwuwvvxuvww"
    "uuvuwvwwtvvvwvvwzztsvwvyzzzAAzxysuzAAzAxuuzzBAAAtxtuvuuwvvyyxxzwzAzzAAAAABAAAAAzD"
)
"""The length of each byte's code as a letter, "a" for one bit; the last is of the end's sign."""
_LONGEST = 30
_END = 256
_BYTE = 8


class BadCode(ValueError):
    """The bits are no text in this code."""


@cache
def _tables() -> tuple[list[int], list[int], list[int], list[int]]:
    """For each length in use: its first code (30 bits wide), itself, the index of its first symbol.

    The last list is the symbols in the order of their codes.
    """
    lengths = [_LETTERS.index(letter) + 1 for letter in _LENGTHS]
    symbols = sorted(range(len(lengths)), key=lambda symbol: (lengths[symbol], symbol))
    firsts: list[int] = []
    widths: list[int] = []
    indexes: list[int] = []
    code = 0
    for index, symbol in enumerate(symbols):
        width = lengths[symbol]
        if not widths or width != widths[-1]:
            firsts.append(code)
            widths.append(width)
            indexes.append(index)
        code += 1 << (_LONGEST - width)
    return firsts, widths, indexes, symbols


def decode(data: bytes) -> bytes:
    """The text in this code; ``BadCode`` when it is none."""
    firsts, widths, indexes, symbols = _tables()
    text = bytearray()
    bits = count = at = 0
    while True:
        while count < _LONGEST and at < len(data):
            bits = bits << _BYTE | data[at]
            count += _BYTE
            at += 1
        # What is missing at the end counts as ones, of which no whole code is made.
        lacking = max(0, _LONGEST - count)
        window = (bits << lacking | (1 << lacking) - 1) >> max(0, count - _LONGEST)
        place = bisect_right(firsts, window) - 1
        width = widths[place]
        if width > count:
            if count >= _BYTE or bits != (1 << count) - 1:
                raise BadCode("the padding of a header's text is not valid")
            return bytes(text)
        symbol = symbols[indexes[place] + (window - firsts[place] >> _LONGEST - width)]
        if symbol == _END:
            raise BadCode("a header's text holds the sign of its end")
        text.append(symbol)
        count -= width
        bits &= (1 << count) - 1
