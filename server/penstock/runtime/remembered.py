"""What a flow trigger remembers of the executions that did a part of what it waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from penstock.model.frozen import Json
from penstock.plugins.core.trigger._window import TimeWindow

State = dict[str, Json]


def opened(state: State | None, window: TimeWindow, now: datetime) -> State:
    """The state in the window of this moment: what an earlier window held is forgotten."""
    around = window.around(now)
    begins = None if around is None else around[0].isoformat()
    done = _done(state)
    if around is None:
        assert window.lookback is not None
        oldest = now - window.lookback
        kept = {key: each for key, each in done.items() if _at(each) > oldest}
        return {"begins": None, "done": {**kept}}
    if state is not None and state.get("begins") == begins:
        return {**state, "done": {**done}}
    return {"begins": begins, "done": {}}


def is_open(window: TimeWindow, now: datetime) -> bool:
    """Whether what happens now counts: a window of each day may be yet to come."""
    around = window.around(now)
    return around is None or around[0] <= now


def with_part(state: State, keys: Sequence[str], part: Mapping[str, Json]) -> State:
    """The state after an execution did some parts; a later one takes an earlier one's place."""
    done = _done(state)
    done.update({key: {**part} for key in keys})
    return {**state, "done": {**done}}


def parts_of(state: State) -> list[dict[str, Json]]:
    """The executions that did a part, the earliest first."""
    return sorted(_done(state).values(), key=_at)


def count(state: State, keys: Sequence[str]) -> int:
    """How many of some parts are done."""
    done = _done(state)
    return sum(key in done for key in keys)


def fired(state: State, *, resets: bool) -> State:
    """The state after a start."""
    done: Json = {} if resets else {**_done(state)}
    return {**state, "fired": True, "done": done}


def _done(state: State | None) -> dict[str, dict[str, Json]]:
    found = None if state is None else state.get("done")
    if not isinstance(found, dict):
        return {}
    return {key: each for key, each in found.items() if isinstance(each, dict)}


def _at(part: Mapping[str, Json]) -> datetime:
    return datetime.fromisoformat(str(part["at"]))
