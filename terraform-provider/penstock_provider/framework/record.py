"""Classes that are their fields, without the cost of ``dataclasses`` at every start.

Terraform starts the provider several times for each command. The standard library's decorator
imports ``re`` and ``inspect`` and compiles methods for each class: half of what a start may cost.
This one knows what the provider uses of it, and compiles nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, dataclass_transform, overload

C = TypeVar("C", bound=type)
T = TypeVar("T")


class _Field:
    """What ``field`` says of a field."""

    def __init__(self, factory: Callable[[], object] | None, *, shown: bool) -> None:
        self.factory = factory
        self.shown = shown


@overload
def field(*, default_factory: Callable[[], T], repr: bool = True) -> T: ...
@overload
def field(*, repr: bool = True) -> Any: ...
def field(*, default_factory: Callable[[], Any] | None = None, repr: bool = True) -> Any:  # noqa: A002 (as in dataclasses)
    """A field whose default is made for each object, or that ``repr`` leaves out."""
    return _Field(default_factory, shown=repr)


@overload
def record(cls: C, /) -> C: ...
@overload
def record(*, frozen: bool = False) -> Callable[[C], C]: ...
@dataclass_transform(field_specifiers=(field,))
def record(cls: Any = None, /, *, frozen: bool = False) -> Any:
    """As ``dataclasses.dataclass``: fields by annotation, in order, those of the bases first."""
    if cls is None:
        return lambda decorated: _made(decorated, frozen=frozen)
    return _made(cls, frozen=frozen)


def _made(cls: Any, *, frozen: bool) -> Any:
    fields: dict[str, _Field | None] = {}
    for base in reversed(cls.__mro__[1:]):
        fields |= base.__dict__.get("_record", {})
    for name, annotation in cls.__annotations__.items():
        if not str(annotation).startswith("ClassVar"):
            said = cls.__dict__.get(name)
            fields[name] = said if isinstance(said, _Field) else None
            if isinstance(said, _Field):
                delattr(cls, name)
    cls._record = fields
    cls.__match_args__ = tuple(fields)
    cls.__init__ = _init
    cls.__repr__ = _repr
    cls.__eq__ = _eq
    cls.__hash__ = _hash if frozen else None
    if frozen:
        cls.__setattr__ = _refuse
    return cls


def _init(self: Any, /, *values: object, **named: object) -> None:
    fields: dict[str, _Field | None] = self._record
    held: dict[str, object] = self.__dict__
    if len(values) > len(fields):
        raise TypeError(f"{type(self).__name__} takes {len(fields)} values at most")
    held.update(zip(fields, values, strict=False))
    for name, value in named.items():
        if name in held or name not in fields:
            reason = "is given twice" if name in held else "is no field of it"
            raise TypeError(f"{type(self).__name__}: {name} {reason}")
        held[name] = value
    if len(held) < len(fields):
        _default(self, fields, held)


def _default(self: Any, fields: dict[str, _Field | None], held: dict[str, object]) -> None:
    for name, said in fields.items():
        if name in held:
            continue
        if said is not None and said.factory is not None:
            held[name] = said.factory()
        else:
            try:
                held[name] = getattr(type(self), name)
            except AttributeError:
                raise TypeError(f"{type(self).__name__} needs {name}") from None


def _values(self: Any) -> tuple[object, ...]:
    held = self.__dict__
    return tuple(held[name] for name in self._record)


def _eq(self: Any, other: object) -> bool:
    return type(other) is type(self) and _values(other) == _values(self)


def _hash(self: Any) -> int:
    return hash(_values(self))


def _repr(self: Any) -> str:
    shown = [
        f"{name}={self.__dict__[name]!r}"
        for name, said in self._record.items()
        if said is None or said.shown
    ]
    return f"{type(self).__name__}({', '.join(shown)})"


def _refuse(self: Any, name: str, _: object) -> NoReturn:
    raise AttributeError(f"{type(self).__name__}.{name} cannot be changed")
