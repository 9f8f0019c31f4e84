"""The functions of jq that are here, by name and number of arguments."""

import base64
import math
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby, islice

from penstock.expression.error import ExpressionError
from penstock.expression.filter.regex import substitute
from penstock.expression.jq.combine import Builtin, recurse
from penstock.expression.jq.query import (
    KINDS,
    Environment,
    Query,
    each,
    holds,
    index,
    kind_of,
    order_key,
)
from penstock.expression.jq.scalar import (
    array_of,
    contains,
    csv,
    extreme,
    flatten,
    from_entries,
    has,
    join,
    keys,
    length,
    number_of,
    sort,
    split,
    test,
    text_of,
    to_entries,
    to_number,
    to_string,
    total,
    unique,
    without,
)
from penstock.expression.limit import Limits
from penstock.expression.value import Value, from_json, to_json

_Plain = Callable[[Value, Limits], Value]
_ORDERING = 4
"""Steps for each element that is put in order."""

_WithValue = Callable[[Value, Value, Limits], Value]


def _plain(function: _Plain) -> Builtin:
    def call(environment: Environment, value: Value, _given: list[Query]) -> Iterator[Value]:
        environment.budget.spend_on(value)
        yield function(value, environment.budget.limits)

    return call


def _with_value(function: _WithValue) -> Builtin:
    def call(environment: Environment, value: Value, given: list[Query]) -> Iterator[Value]:
        for argument in given[0](environment, value):
            environment.budget.spend_on(value)
            yield function(value, argument, environment.budget.limits)

    return call


def _ordering(function: _Plain) -> Builtin:
    """For functions that compare elements with each other."""

    def call(environment: Environment, value: Value, _given: list[Query]) -> Iterator[Value]:
        environment.budget.spend(_ORDERING * len(array_of(value, "sort")))
        yield function(value, environment.budget.limits)

    return call


def _matching(environment: Environment, text: str) -> None:
    """Takes the steps that a regular expression may need on a text."""
    environment.budget.spend(1 + len(text) ** 2 // 5_000)


def _test(environment: Environment, value: Value, given: list[Query]) -> Iterator[Value]:
    for pattern in given[0](environment, value):
        _matching(environment, text_of(value, "test"))
        yield test(value, pattern)


def _keyed(function: Callable[[list[tuple[Value, Value]]], Value]) -> Builtin:
    """For `sort_by(f)` and its like: gives pairs of key and element in the order of the keys."""

    def call(environment: Environment, value: Value, given: list[Query]) -> Iterator[Value]:
        pairs: list[tuple[Value, Value]] = [
            (list(given[0](environment, item)), item) for item in array_of(value, "sort_by")
        ]
        environment.budget.spend(_ORDERING * len(pairs))
        yield function(sorted(pairs, key=lambda pair: order_key(pair[0])))

    return call


def _groups(pairs: list[tuple[Value, Value]]) -> list[Value]:
    grouped = groupby(pairs, key=lambda pair: order_key(pair[0]))
    return [[item for _, item in group] for _, group in grouped]


def _select(environment: Environment, value: Value, given: list[Query]) -> Iterator[Value]:
    for condition in given[0](environment, value):
        if holds(condition):
            yield value


def _map(environment: Environment, value: Value, given: list[Query]) -> Iterator[Value]:
    yield [result for item in each(value) for result in given[0](environment, item)]


def _map_values(environment: Environment, value: Value, given: list[Query]) -> Iterator[Value]:
    if not isinstance(value, Mapping):
        yield [result for item in each(value) for result in islice(given[0](environment, item), 1)]
        return
    made: dict[str, Value] = {}
    for key, item in value.items():
        for result in islice(given[0](environment, item), 1):
            made[key] = result
    yield made


def _with_entries(environment: Environment, value: Value, given: list[Query]) -> Iterator[Value]:
    limits = environment.budget.limits
    entries = array_of(to_entries(value, limits), "with_entries")
    yield from_entries(
        [result for entry in entries for result in given[0](environment, entry)], limits
    )


def _quantifier(*, every: bool) -> Builtin:
    def call(environment: Environment, value: Value, given: list[Query]) -> Iterator[Value]:
        results = (
            holds(result)
            for item in each(value)
            for result in (given[0](environment, item) if given else [item])
        )
        yield all(results) if every else any(results)

    return call


def _first_of(environment: Environment, value: Value, given: list[Query]) -> Iterator[Value]:
    yield from islice(given[0](environment, value), 1)


def _last_of(environment: Environment, value: Value, given: list[Query]) -> Iterator[Value]:
    found = list(given[0](environment, value))
    yield from found[-1:]


def _limit(environment: Environment, value: Value, given: list[Query]) -> Iterator[Value]:
    for count in given[0](environment, value):
        most = max(0, int(number_of(count, "limit")))
        yield from islice(given[1](environment, value), most)


def _range(environment: Environment, value: Value, given: list[Query]) -> Iterator[Value]:
    bounds = [list(argument(environment, value)) for argument in given]
    starts, ends = ([0], bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
    for start in starts:
        for end in ends:
            current, last = number_of(start, "range"), number_of(end, "range")
            while current < last:
                environment.budget.spend()
                yield current
                current += 1


def _sub(environment: Environment, value: Value, given: list[Query]) -> Iterator[Value]:
    limits = environment.budget.limits
    for pattern in given[0](environment, value):
        for by in given[1](environment, value):
            _matching(environment, text_of(value, "gsub"))
            replacement = text_of(by, "gsub").replace("\\", "\\\\").replace("$", "\\$")
            yield substitute(text_of(value, "gsub"), text_of(pattern, "gsub"), replacement, limits)


def _error(environment: Environment, value: Value, given: list[Query]) -> Iterator[Value]:
    for message in given[0](environment, value):
        raise ExpressionError(
            f"The jq expression says: {to_string(message, environment.budget.limits)}."
        )
    yield from ()


def _empty(_environment: Environment, _value: Value, _given: list[Query]) -> Iterator[Value]:
    yield from ()


def _values(_environment: Environment, value: Value, _given: list[Query]) -> Iterator[Value]:
    if value is not None:
        yield value


def _of_kind(*kinds: str) -> Builtin:
    def call(_environment: Environment, value: Value, _given: list[Query]) -> Iterator[Value]:
        if kind_of(value) in kinds:
            yield value

    return call


def _recurse(environment: Environment, value: Value, _given: list[Query]) -> Iterator[Value]:
    return recurse(environment, value)


BUILTINS: dict[str, Builtin] = {
    "@base64": _plain(lambda v, n: base64.b64encode(str(to_string(v, n)).encode()).decode()),
    "@csv": _plain(csv),
    "@json": _plain(to_json),
    "@text": _plain(to_string),
    "add": _plain(total),
    "all": _quantifier(every=True),
    "all/1": _quantifier(every=True),
    "any": _quantifier(every=False),
    "any/1": _quantifier(every=False),
    "ascii_downcase": _plain(lambda v, _: text_of(v, "ascii_downcase").lower()),
    "ascii_upcase": _plain(lambda v, _: text_of(v, "ascii_upcase").upper()),
    "ceil": _plain(lambda v, _: math.ceil(number_of(v, "ceil"))),
    "contains/1": _with_value(contains),
    "empty": _empty,
    "endswith/1": _with_value(
        lambda v, a, _: text_of(v, "endswith").endswith(text_of(a, "endswith"))
    ),
    "error/1": _error,
    "first": _plain(lambda v, _: index(v, 0)),
    "first/1": _first_of,
    "flatten": _plain(lambda v, n: flatten(v, math.inf, n)),
    "flatten/1": _with_value(lambda v, a, n: flatten(v, number_of(a, "flatten"), n)),
    "floor": _plain(lambda v, _: math.floor(number_of(v, "floor"))),
    "from_entries": _plain(from_entries),
    "fromjson": _plain(lambda v, _: from_json(text_of(v, "fromjson"))),
    "group_by/1": _keyed(_groups),
    "gsub/2": _sub,
    "has/1": _with_value(has),
    "inside/1": _with_value(lambda v, a, n: contains(a, v, n)),
    "join/1": _with_value(join),
    "keys": _plain(keys),
    "keys_unsorted": _plain(lambda v, n: list(v) if isinstance(v, Mapping) else keys(v, n)),
    "last": _plain(lambda v, _: index(v, -1)),
    "last/1": _last_of,
    "length": _plain(length),
    "limit/2": _limit,
    "ltrimstr/1": _with_value(lambda v, a, _: without(v, a, start=True)),
    "map/1": _map,
    "map_values/1": _map_values,
    "max": _ordering(lambda v, _: extreme(v, 1)),
    "max_by/1": _keyed(lambda pairs: pairs[-1][1] if pairs else None),
    "min": _ordering(lambda v, _: extreme(v, -1)),
    "min_by/1": _keyed(lambda pairs: pairs[0][1] if pairs else None),
    "not": _plain(lambda v, _: not holds(v)),
    "range/1": _range,
    "range/2": _range,
    "recurse": _recurse,
    "reverse": _plain(lambda v, _: list(array_of(v or [], "reverse"))[::-1]),
    "round": _plain(lambda v, _: math.floor(number_of(v, "round") + 0.5)),
    "rtrimstr/1": _with_value(lambda v, a, _: without(v, a, start=False)),
    "select/1": _select,
    "sort": _ordering(sort),
    "sort_by/1": _keyed(lambda pairs: [item for _, item in pairs]),
    "split/1": _with_value(split),
    "startswith/1": _with_value(
        lambda v, a, _: text_of(v, "startswith").startswith(text_of(a, "startswith"))
    ),
    "test/1": _test,
    "to_entries": _plain(to_entries),
    "tojson": _plain(to_json),
    "tonumber": _plain(to_number),
    "tostring": _plain(to_string),
    "type": _plain(lambda v, _: kind_of(v)),
    "unique": _ordering(lambda v, _: unique(array_of(v, "unique"))),
    "unique_by/1": _keyed(
        lambda pairs: [array_of(group, "unique_by")[0] for group in _groups(pairs)]
    ),
    "values": _values,
    "with_entries/1": _with_entries,
    **{f"{kind}s": _of_kind(kind) for kind in KINDS},
    "iterables": _of_kind("array", "object"),
    "scalars": _of_kind("null", "boolean", "number", "string"),
}
