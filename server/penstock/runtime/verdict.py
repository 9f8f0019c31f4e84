"""Compares a finished execution with what a test expects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import orjson

from penstock.expression.error import ExpressionError
from penstock.language.node import Path
from penstock.model.execution import Execution, TaskRun
from penstock.model.flow_test import Assertion, Case, Expectation, RequestExpectation
from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.runtime.stand_in import Sent, is_request

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a case. `render` renders with the variables of the finished execution;
    `pair` reads a key-value pair, None when there is none.
    """

    execution: Execution
    lines: Sequence[str]
    sent: Sequence[Sent]
    refusals: Sequence[str]
    render: Callable[[Json], Json]
    pair: Callable[[str], tuple[Json] | None]


@dataclass(frozen=True, slots=True)
class Miss:
    """Something that is not as the case says; `path` is where it says it, within the case."""

    message: str
    path: Path


def judge(case: Case, found: Found) -> list[Miss]:
    """Everything that differs."""
    misses = [Miss(sentence, ()) for sentence in dict.fromkeys(found.refusals)]
    expect = case.expect
    misses += _state(expect, found.execution)
    misses += _maps(expect, found)
    for task_id in expect.tasks:
        misses += _task(expect, task_id, found.execution)
    misses += _order(expect, found.execution)
    misses += _log(expect, found.lines)
    misses += _requests(expect, found.sent)
    for number, each in enumerate(case.assertions):
        misses += _assertion(each, ("assertions", number), found.render)
    return misses


def _state(expect: Expectation, execution: Execution) -> Iterator[Miss]:
    default = State.SUCCESS if expect.error is None else State.FAILED
    wanted = expect.state or default
    failure = execution.failure.message if execution.failure else ""
    if execution.state is not wanted:
        why = f": {failure}" if failure else "."
        path = ("expect", "state") if expect.state is not None else ("expect",)
        yield Miss(f"The execution is {execution.state}, not {wanted}{why}", path)
    elif expect.error is not None and expect.error not in failure:
        said = f"it says: {failure}" if failure else "it says nothing."
        yield Miss(f"The failure does not say {_text(expect.error)}; {said}", ("expect", "error"))
    if expect.took is not None:
        ended = execution.ended_at or execution.history[-1].at
        took = ended - execution.created_at
        if took != expect.took:
            yield Miss(
                f"It took {_duration(took)}, not {_duration(expect.took)}.", ("expect", "took")
            )


def _maps(expect: Expectation, found: Found) -> Iterator[Miss]:
    execution = found.execution
    yield from _within("output", expect.outputs or {}, execution.outputs or {}, "outputs")
    yield from _within("label", {**expect.labels}, {**execution.labels}, "labels")
    yield from _within("variable", expect.variables, execution.variables, "variables")
    for key, wanted in expect.kv.items():
        pair, path = found.pair(key), ("expect", "kv", key)
        if pair is None:
            if wanted is not None:
                yield Miss(f"There is no key `{key}`.", path)
        elif pair[0] != wanted:
            yield Miss(f"The key `{key}` is {_text(pair[0])}, not {_text(wanted)}.", path)


def _within(
    noun: str, wanted: Mapping[str, Json], found: Mapping[str, Json], section: str
) -> Iterator[Miss]:
    for name, value in wanted.items():
        path = ("expect", section, name)
        if name not in found:
            there = f"There are {', '.join(found)}." if found else "There is none."
            yield Miss(f"There is no {noun} `{name}`. {there}", path)
        elif found[name] != value:
            yield Miss(f"The {noun} `{name}` is {_text(found[name])}, not {_text(value)}.", path)


def _task(expect: Expectation, task_id: str, execution: Execution) -> Iterator[Miss]:
    wanted, path = expect.tasks[task_id], ("expect", "tasks", task_id)
    runs = _runs(execution, task_id)
    if wanted.runs is not None and len(runs) != wanted.runs:
        yield Miss(
            f"The task `{task_id}` ran {_times(len(runs))}, not {_times(wanted.runs)}.", path
        )
    if not runs:
        if wanted.runs is None:
            yield Miss(f"The task `{task_id}` did not run.", path)
        return
    attempts = sum(len(run.attempts) for run in runs)
    if wanted.attempts is not None and attempts != wanted.attempts:
        yield Miss(f"The task `{task_id}` has {attempts} attempts, not {wanted.attempts}.", path)
    for run in runs:
        name = f"`{task_id}`" if run.value is None else f"`{task_id}` for {_text(run.value)}"
        failure = run.failure.message if run.failure else ""
        if wanted.state is not None and run.state is not wanted.state:
            why = f": {failure}" if failure else "."
            yield Miss(f"The task {name} is {run.state}, not {wanted.state}{why}", path)
        if wanted.error is not None and wanted.error not in failure:
            said = f"it says: {failure}" if failure else "it did not fail."
            yield Miss(f"The failure of {name} does not say {_text(wanted.error)}; {said}", path)
        for key, value in (wanted.outputs or {}).items():
            outputs = run.outputs or {}
            if key not in outputs:
                yield Miss(f"The task {name} has no output `{key}`.", (*path, "outputs", key))
            elif outputs[key] != value:
                yield Miss(
                    f"The output `{key}` of {name} is {_text(outputs[key])}, not {_text(value)}.",
                    (*path, "outputs", key),
                )


def _order(expect: Expectation, execution: Execution) -> Iterator[Miss]:
    began: dict[str, int] = {}
    runs = sorted(
        (run for run in execution.task_runs.values()),
        key=lambda run: (run.started_at or run.history[0].at, run.number),
    )
    for number, run in enumerate(runs):
        began.setdefault(run.task_id, number)
    before: str | None = None
    for index, task_id in enumerate(expect.order):
        path = ("expect", "order", index)
        if task_id not in began:
            yield Miss(f"The task `{task_id}` did not run.", path)
            continue
        if before is not None and began[task_id] < began[before]:
            yield Miss(f"The task `{task_id}` began before `{before}`.", path)
        before = task_id


def _log(expect: Expectation, lines: Sequence[str]) -> Iterator[Miss]:
    for index, text in enumerate(expect.log):
        if not any(text in line for line in lines):
            yield Miss(
                f"No line of the log says {_text(text)}.{_lines(lines)}", ("expect", "log", index)
            )
    for index, text in enumerate(expect.no_log):
        if any(text in line for line in lines):
            yield Miss(f"The log says {_text(text)}.", ("expect", "noLog", index))


def _lines(lines: Sequence[str]) -> str:
    return f" The last line is {_text(lines[-1])}." if lines else " The log is empty."


def _requests(expect: Expectation, sent: Sequence[Sent]) -> Iterator[Miss]:
    if expect.requests is None:
        return
    if not expect.requests and sent:
        made = ", ".join(f"{each.method} {each.uri}" for each in sent)
        yield Miss(f"Requests were made: {made}.", ("expect", "requests"))
    for index, each in enumerate(expect.requests):
        near = [one for one in sent if is_request(one, each.method, each.uri)]
        exact = [one for one in near if not _differs(each, one)]
        name = f"{each.method or 'any method'} {each.uri}"
        path = ("expect", "requests", index)
        if each.times is not None and len(exact) != each.times:
            yield Miss(
                f"{name} was requested {_times(len(exact))}, not {_times(each.times)}.", path
            )
        elif each.times is None and not exact:
            others = ", ".join(f"{one.method} {one.uri}" for one in sent) or "none"
            why = _differs(each, near[-1]) if near else f"The requests are: {others}."
            yield Miss(f"{name} was not requested as expected. {why}", path)


def _differs(wanted: RequestExpectation, sent: Sent) -> str | None:
    if wanted.body is not None:
        body: Json = sent.body
        if not isinstance(wanted.body, str):
            try:
                body = orjson.loads(sent.body)
            except orjson.JSONDecodeError:
                return f"Its body is no JSON: {_text(sent.body)}."
        if body != wanted.body:
            return f"Its body is {_text(body)}."
    for name, value in wanted.headers.items():
        if sent.headers.get(name.lower()) != value:
            return f"Its header `{name}` is {_text(sent.headers.get(name.lower()))}."
    for name, value in wanted.query.items():
        if sent.query.get(name) != value:
            return f"Its query has `{name}` = {_text(sent.query.get(name))}."
    return None


def _assertion(each: Assertion, path: Path, render: Callable[[Json], Json]) -> Iterator[Miss]:
    try:
        value = render(each.value)
    except ExpressionError as error:
        yield Miss(f"{_said(each)}`value` cannot be rendered: {error}", (*path, "value"))
        return
    for name in sorted(each.model_fields_set & _TESTS.keys()):
        try:
            wanted = render(cast("Json", _plain(getattr(each, name))))
        except ExpressionError as error:
            yield Miss(f"{_said(each)}{error}", (*path, _key(name)))
            continue
        try:
            holds, words = _TESTS[name](value, wanted)
        except TypeError:
            holds, words = False, "comparable with"
        if not holds:
            shown = "" if name in ("is_null", "is_not_null") else f" {_text(wanted)}"
            message = f"{_said(each)}{_text(value)} is not {words}{shown}."
            yield Miss(message, (*path, _key(name)))


def _said(each: Assertion) -> str:
    said = each.error_message or each.description
    return f"{said.rstrip('.')}: " if said else ""


def _plain(value: object) -> object:
    return [*value] if isinstance(value, tuple) else value


def _key(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def _contains(value: Json, wanted: Json) -> bool:
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    return isinstance(value, (list, dict)) and wanted in value


def _number(value: Json) -> float | str:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise TypeError
    return value


def _equal(value: Json, wanted: Json) -> bool:
    """Equal, also when an expression among other text made a text of a number."""
    return value == wanted or (
        isinstance(value, str) and not isinstance(wanted, str) and value == _plain_text(wanted)
    )


def _plain_text(value: Json) -> str:
    return orjson.dumps(value).decode()


_Test = Callable[[Json, Json], tuple[bool, str]]
_TESTS: dict[str, _Test] = {
    "equal_to": lambda v, w: (_equal(v, w), "equal to"),
    "not_equal_to": lambda v, w: (not _equal(v, w), "different from"),
    "contains": lambda v, w: (_contains(v, w), "something that contains"),
    "starts_with": lambda v, w: (str(v).startswith(str(w)), "a text that starts with"),
    "ends_with": lambda v, w: (str(v).endswith(str(w)), "a text that ends with"),
    "in_": lambda v, w: (v in cast("list[Json]", w), "one of"),
    "not_in": lambda v, w: (v not in cast("list[Json]", w), "outside"),
    "greater_than": lambda v, w: (_number(v) > _number(w), "greater than"),  # type: ignore[operator] - a TypeError is caught
    "greater_than_or_equal_to": lambda v, w: (_number(v) >= _number(w), "at least"),  # type: ignore[operator] - as above
    "less_than": lambda v, w: (_number(v) < _number(w), "less than"),  # type: ignore[operator] - as above
    "less_than_or_equal_to": lambda v, w: (_number(v) <= _number(w), "at most"),  # type: ignore[operator] - as above
    "is_null": lambda v, w: ((v is None) is bool(w), "null" if w else "anything but null"),
    "is_not_null": lambda v, w: ((v is not None) is bool(w), "anything but null" if w else "null"),
}


def _runs(execution: Execution, task_id: str) -> list[TaskRun]:
    found: Iterable[TaskRun] = execution.task_runs.values()
    return sorted((run for run in found if run.task_id == task_id), key=lambda run: run.number)


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def _duration(value: timedelta) -> str:
    return f"{value.total_seconds():g} s"


def _text(value: Json) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
