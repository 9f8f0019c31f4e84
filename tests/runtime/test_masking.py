import base64
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.runtime.masking import MASK, Masker

SECRET = 'p@ss "word"/Ünïcode+1'


def masker(*values: str) -> Masker:
    made = Masker()
    for value in values:
        made.taint(value)
    return made


def test_nothing_is_masked_before_a_secret_was_seen():
    made = masker()
    value = {"a": ["text", 1, None]}
    assert made.value(value) is value
    assert made.is_empty


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        'p@ss \\"word\\"/Ünïcode+1',
        json.dumps(SECRET)[1:-1],
        html.escape(SECRET),
        html.escape(SECRET, quote=False),
        ascii(SECRET)[1:-1],
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
    ],
)
def test_every_form_in_which_a_secret_travels_is_hidden(form):
    assert masker(SECRET).text(f"<{form}>") == f"<{MASK}>"


def test_each_line_of_a_long_secret_is_hidden():
    key = "-----BEGIN-----\nabcdef\nghijkl\n-----END-----\n"
    text = masker(key).text("log: abcdef and ghijkl")
    assert text == f"log: {MASK} and {MASK}"


def test_keys_lists_and_numbers_are_hidden_too():
    made = masker("12345", "token")
    assert made.value({"token": [12345, {"x": "a token b"}], "n": 7, "t": True}) == {
        MASK: [MASK, {"x": f"a {MASK} b"}],
        "n": 7,
        "t": True,
    }
    assert made.holds({"a": ["token"]})
    assert not made.holds({"a": ["other"]})


def test_letters_with_uncommon_small_forms_are_hidden():
    assert masker("İstanbul", "\N{KELVIN SIGN}elvin").text("İstanbul \N{KELVIN SIGN}elvin") == (
        f"{MASK} {MASK}"
    )


def test_a_secret_within_a_secret_leaves_nothing_of_the_longer_one():
    assert masker("abc", "xabcx").text("xabcx abc") == f"{MASK} {MASK}"


@given(st.text(min_size=3, max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_no_text_keeps_a_secret(secret, before, after):
    made = masker(secret)
    hidden = made.text(before + secret + after)
    assert secret not in hidden.replace(MASK, "")


@given(st.binary(max_size=7), st.text(min_size=8, max_size=30), st.binary(max_size=7))
def test_base64_of_a_text_that_holds_a_secret_does_not_give_it_away(before, secret, after):
    encoded = base64.b64encode(before + secret.encode() + after).decode()
    hidden = masker(secret).text(f"Authorization: Basic {encoded}")
    # The characters next to it are of neighbouring bytes too and cannot be told from others.
    assert MASK in hidden
    left = hidden.removeprefix("Authorization: Basic ").replace(MASK, "")
    assert len(left) <= len(encoded) - len(secret.encode()) * 4 // 3 + 4


def test_whitespace_that_an_excerpt_folds_hides_no_secret():
    assert masker("two  blanks\tand more").text("two blanks and more") == MASK
