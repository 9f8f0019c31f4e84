"""Boxes open with their key, in their place, unchanged; and with nothing else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.secrets import master
from penstock.secrets.envelope import CannotDecrypt, Key, new_key, open_box, seal

KEY = Key(bytes(range(32)))


@given(st.binary(max_size=2_000), st.text(max_size=50))
def test_a_box_opens_in_its_place(plain, place):
    box = seal(KEY, plain, bound_to=place)
    assert open_box(KEY, box, bound_to=place) == plain


@given(st.binary(min_size=16), st.text(), st.text())
def test_a_box_does_not_open_elsewhere(plain, place, other):
    box = seal(KEY, plain, bound_to=place)
    assert plain not in box
    if place != other:
        with pytest.raises(CannotDecrypt):
            open_box(KEY, box, bound_to=other)


@given(st.data())
def test_a_changed_box_does_not_open(data):
    box = bytearray(seal(KEY, b"value", bound_to="main/a/K"))
    index = data.draw(st.integers(0, len(box) - 1))
    box[index] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CannotDecrypt):
        open_box(KEY, bytes(box), bound_to="main/a/K")


def test_another_key_is_told_from_a_changed_box():
    box = seal(KEY, b"value", bound_to="p")
    with pytest.raises(CannotDecrypt, match="encrypted with the key"):
        open_box(new_key(), box, bound_to="p")


def test_the_same_value_gives_different_boxes():
    assert seal(KEY, b"v", bound_to="p") != seal(KEY, b"v", bound_to="p")


def test_a_key_does_not_show_itself():
    assert KEY.material.hex() not in repr(KEY)
    assert str(KEY.material) not in repr(KEY)


def test_the_first_start_makes_a_key_file_that_only_the_owner_reads(tmp_path):
    key = master.load(None, tmp_path / "data")
    path = tmp_path / "data" / master.FILE_NAME
    assert path.stat().st_mode & 0o777 == 0o600
    assert master.load(None, tmp_path / "data") == key
    assert master.load(base64.b64encode(key.material).decode(), tmp_path / "other") == key
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("text", ["short", base64.b64encode(bytes(range(16))).decode(), "%%%"])
def test_a_master_key_that_is_none_is_said_without_quoting_it(tmp_path, text):
    with pytest.raises(master.BadMasterKey) as caught:
        master.load(text, tmp_path)
    assert text not in f"{caught.value.message} {caught.value.hint}"
