"""A map of layers is a plain map, and its forks do not know of each other."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.engine.layers import Layers


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 2**32))
def test_layers_behave_like_a_map_and_older_ones_stay(seed: int):
    chance = random.Random(seed)
    map_: Layers[str, int] = Layers(
        {str(number): number for number in range(chance.randint(0, 90))}
    )
    plain: dict[str, int] = {str(key): value for key, value in map_.items()}
    older: list[tuple[Layers[str, int], dict[str, int]]] = []
    for step in range(300):
        key = str(chance.randrange(120))
        if chance.random() < 0.2 and key in plain:
            del plain[key]
            del map_[key]
        elif chance.random() < 0.3:
            older.append((map_, dict(plain)))
            map_ = map_.fork()
        else:
            plain[key] = step
            map_[key] = step
        assert len(map_) == len(plain)
        assert (key in map_) is (key in plain)
        assert map_.get(key) == plain.get(key)
    for found, wanted in [*older, (map_, plain)]:
        assert dict(found.items()) == wanted
        assert found == wanted
        assert len(found) == len(wanted)


def test_keys_are_in_the_order_of_their_first_writing():
    map_: Layers[str, int] = Layers({"b": 1})
    for number in range(100):
        map_ = map_.fork()
        map_[f"k{number}"] = number
    map_ = map_.fork()
    map_["b"] = 2
    assert list(map_)[:3] == ["b", "k0", "k1"]
