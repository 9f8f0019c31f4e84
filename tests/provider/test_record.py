"""Records: what they share with the standard library's data classes."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import pytest

from penstock_provider.framework.record import field, record


@pytest.mark.parametrize("frozen", [True, False])
def test_as_data_classes(frozen):
    made = []
    for decorate, make in (
        (record(frozen=frozen), field),
        (dataclasses.dataclass(frozen=frozen), dataclasses.field),
    ):

        @decorate
        class Base:
            kind: ClassVar[str] = "base"
            name: str
            token: str = make(repr=False)
            size: int = 1

        @decorate
        class Made(Base):
            tags: list[str] = make(default_factory=list)

        made.append((Base, Made))
    for base, kind in made:
        one, other = kind("a", "t"), kind(name="a", token="t", size=1, tags=[])
        assert one == other
        assert one.tags is not other.tags
        assert repr(one).endswith("Made(name='a', size=1, tags=[])")
        assert one != kind("a", "t", 2)
        assert base("a", "t") != one
        assert kind.__match_args__ == ("name", "token", "size", "tags")
        assert (kind.kind, base("x", "t", 5).size) == ("base", 5)
        if frozen:
            assert hash(base("a", "t")) == hash(base("a", "t"))
            with pytest.raises(AttributeError):
                one.name = "b"
        else:
            one.name = "b"
            assert one.name == "b"
            with pytest.raises(TypeError):
                hash(one)
        for wrong in (
            lambda kind=kind: kind(),
            lambda kind=kind: kind("a"),
            lambda kind=kind: kind("a", "t", name="a"),
            lambda kind=kind: kind("a", "t", nosuch=1),
            lambda kind=kind: kind("a", "t", 1, [], 2),
        ):
            with pytest.raises(TypeError):
                wrong()
