"""The time windows of flow triggers, in both spellings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from penstock.model.frozen import Frozen

_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """A window: one that slides (`lookback`), one of each day (`begins` to `ends`), or else one
    after the other, each `every` long and shifted by `offset`.
    """

    every: timedelta = _DAY
    offset: timedelta = timedelta()
    lookback: timedelta | None = None
    begins: time | None = None
    ends: time | None = None

    @property
    def is_sliding(self) -> bool:
        """Whether it has no end."""
        return self.lookback is not None

    def around(self, at: datetime) -> tuple[datetime, datetime] | None:
        """Begin and end of the window that a moment is in, or of the next one of a day; None when
        it slides.
        """
        if self.lookback is not None:
            return None
        if self.ends is None:
            start = _EPOCH + self.offset
            begin = start + (at - start) // self.every * self.every
            return begin, begin + self.every
        return self._daily(at)

    def _daily(self, at: datetime) -> tuple[datetime, datetime]:
        assert self.ends is not None
        ends = _aware(self.ends)
        begins = time(tzinfo=ends.tzinfo) if self.begins is None else _aware(self.begins)
        day = at.astimezone(begins.tzinfo).date() - _DAY
        while True:
            begin = datetime.combine(day, begins)
            end = datetime.combine(day, ends)
            if end <= begin:
                end += _DAY
            if at < end:
                return begin.astimezone(UTC), end.astimezone(UTC)
            day += _DAY


def _aware(at: time) -> time:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


class Window(Frozen):
    """A time window: `every` (with `offset`), `lookback`, `deadline`, or `from` and `to`."""

    every: Annotated[
        timedelta | None,
        Field(gt=timedelta(), description="Windows of this length, one after the other; a day."),
    ] = None
    offset: Annotated[
        timedelta | None,
        Field(description="With `every`: how much later than midnight they begin."),
    ] = None
    lookback: Annotated[
        timedelta | None,
        Field(gt=timedelta(), description="The time before each event, without fixed windows."),
    ] = None
    deadline: Annotated[
        time | None,
        Field(description="Each day from midnight until this time, UTC without an offset."),
    ] = None
    from_: Annotated[
        time | None, Field(alias="from", description="Each day from this time, with `to`.")
    ] = None
    to: Annotated[time | None, Field(description="Each day until this time, with `from`.")] = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.from_ is None) != (self.to is None):
            raise ValueError("a window with `from` needs `to`, and the other way round")
        given = [
            name
            for name, value in (
                ("every", self.every),
                ("lookback", self.lookback),
                ("deadline", self.deadline),
                ("from", self.from_),
            )
            if value is not None
        ]
        if len(given) > 1:
            raise ValueError(f"a window has one of `{'`, `'.join(given)}`, not several")
        if self.offset is not None and given not in ([], ["every"]):
            raise ValueError("`offset` belongs to `every`")
        return self

    def normal(self) -> TimeWindow:
        """The window that this means."""
        return TimeWindow(
            self.every or _DAY,
            self.offset or timedelta(),
            self.lookback,
            self.from_,
            self.deadline or self.to,
        )


class WindowType(StrEnum):
    """The kinds of windows in the older spelling."""

    DURATION_WINDOW = "DURATION_WINDOW"
    SLIDING_WINDOW = "SLIDING_WINDOW"
    DAILY_TIME_DEADLINE = "DAILY_TIME_DEADLINE"
    DAILY_TIME_WINDOW = "DAILY_TIME_WINDOW"


_FIELDS = {
    WindowType.DURATION_WINDOW: (frozenset[str](), frozenset({"window", "windowAdvance"})),
    WindowType.SLIDING_WINDOW: (frozenset({"window"}), frozenset[str]()),
    WindowType.DAILY_TIME_DEADLINE: (frozenset({"deadline"}), frozenset[str]()),
    WindowType.DAILY_TIME_WINDOW: (frozenset({"startTime", "endTime"}), frozenset[str]()),
}
"""What each kind must have, and what it may have."""


class OldWindow(Frozen):
    """A time window in the older spelling."""

    type: Annotated[WindowType, Field(description="Which kind.")] = WindowType.DURATION_WINDOW
    window: Annotated[
        timedelta | None, Field(gt=timedelta(), description="How long it is; a day.")
    ] = None
    window_advance: Annotated[
        timedelta | None, Field(description="How much later than midnight it begins.")
    ] = None
    deadline: Annotated[time | None, Field(description="Each day until this time.")] = None
    start_time: Annotated[time | None, Field(description="Each day from this time.")] = None
    end_time: Annotated[time | None, Field(description="Each day until this time.")] = None

    @model_validator(mode="after")
    def _has_its_fields(self) -> Self:
        values = {
            "window": self.window,
            "windowAdvance": self.window_advance,
            "deadline": self.deadline,
            "startTime": self.start_time,
            "endTime": self.end_time,
        }
        needed, allowed = _FIELDS[self.type]
        for name, value in values.items():
            if value is None and name in needed:
                raise ValueError(f"Time window of type `{self.type.value}` must have a `{name}`")
            if value is not None and name not in needed | allowed:
                raise ValueError(f"Time window of type `{self.type.value}` cannot have a `{name}`")
        return self

    def normal(self) -> TimeWindow:
        """The window that this means."""
        if self.type is WindowType.SLIDING_WINDOW:
            return TimeWindow(lookback=self.window)
        return TimeWindow(
            self.window or _DAY,
            self.window_advance or timedelta(),
            begins=self.start_time,
            ends=self.deadline or self.end_time,
        )
