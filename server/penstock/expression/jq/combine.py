"""Joins closures of jq: each takes an input and yields any number of results."""

from collections.abc import Callable, Iterator, Mapping

from penstock.expression.error import ExpressionError, LimitError
from penstock.expression.jq.query import (
    ARITHMETIC,
    Environment,
    Query,
    cut,
    each,
    holds,
    index,
    kind_of,
)
from penstock.expression.value import Value, to_json, weigh

Builtin = Callable[[Environment, Value, list[Query]], Iterator[Value]]


def identity(environment: Environment, value: Value) -> Iterator[Value]:
    """`.`."""
    environment.budget.spend()
    yield value


def empty(_environment: Environment, _value: Value) -> Iterator[Value]:
    """No result."""
    yield from ()


def recurse(environment: Environment, value: Value) -> Iterator[Value]:
    """`..`: the value and everything within it."""
    weigh(value)
    stack = [value]
    while stack:
        environment.budget.spend()
        item = stack.pop()
        yield item
        if isinstance(item, (Mapping, list, tuple)):
            stack.extend(reversed(each(item)))


def constant(value: Value) -> Query:
    """Always the same."""

    def query(environment: Environment, _value: Value) -> Iterator[Value]:
        environment.budget.spend()
        yield value

    return query


def variable(name: str) -> Query:
    """`$name`."""

    def query(environment: Environment, _value: Value) -> Iterator[Value]:
        if name not in environment.variables:
            raise ExpressionError(f"In the jq expression there is no variable `${name}`.")
        environment.budget.spend()
        yield environment.variables[name]

    return query


def pipe(left: Query, right: Query) -> Query:
    """`left | right`."""

    def query(environment: Environment, value: Value) -> Iterator[Value]:
        for item in left(environment, value):
            yield from right(environment, item)

    return query


def comma(parts: list[Query]) -> Query:
    """`a, b`."""

    def query(environment: Environment, value: Value) -> Iterator[Value]:
        for part in parts:
            yield from part(environment, value)

    return query


def bind(source: Query, name: str, body: Query) -> Query:
    """`source as $name | body`."""

    def query(environment: Environment, value: Value) -> Iterator[Value]:
        for item in source(environment, value):
            yield from body(environment.bind(name, item), value)

    return query


def alternative(left: Query, right: Query) -> Query:
    """`left // right`."""

    def query(environment: Environment, value: Value) -> Iterator[Value]:
        found = False
        for item in silent(left)(environment, value):
            if holds(item):
                found = True
                yield item
        if not found:
            yield from right(environment, value)

    return query


def logic(word: str, left: Query, right: Query) -> Query:
    """`and`, `or`."""
    settles = word == "or"

    def query(environment: Environment, value: Value) -> Iterator[Value]:
        for item in left(environment, value):
            if holds(item) is settles:
                yield settles
            else:
                for other in right(environment, value):
                    yield holds(other)

    return query


def binary(operator: str, left: Query, right: Query) -> Query:
    """Arithmetic and comparisons; every right result with every left one, as jq orders them."""
    action = ARITHMETIC[operator]

    def query(environment: Environment, value: Value) -> Iterator[Value]:
        for other in right(environment, value):
            for item in left(environment, value):
                environment.budget.spend()
                environment.budget.spend_on(item)
                yield action(item, other, environment.budget.limits)

    return query


def silent(inner: Query) -> Query:
    """`inner?`: an error ends the results."""

    def query(environment: Environment, value: Value) -> Iterator[Value]:
        try:
            yield from inner(environment, value)
        except LimitError:
            raise
        except ExpressionError:
            return

    return query


def index_by(target: Query, key: Query) -> Query:
    """`target[key]`."""

    def query(environment: Environment, value: Value) -> Iterator[Value]:
        for item in target(environment, value):
            for name in key(environment, value):
                environment.budget.spend()
                yield index(item, name)

    return query


def slice_by(target: Query, start: Query, end: Query) -> Query:
    """`target[start:end]`."""

    def query(environment: Environment, value: Value) -> Iterator[Value]:
        for item in target(environment, value):
            for high in end(environment, value):
                for low in start(environment, value):
                    yield cut(item, low, high)

    return query


def iterate(target: Query) -> Query:
    """`target[]`."""

    def query(environment: Environment, value: Value) -> Iterator[Value]:
        for item in target(environment, value):
            for element in each(item):
                environment.budget.spend()
                yield element

    return query


def collect(items: Query) -> Query:
    """`[items]`."""

    def query(environment: Environment, value: Value) -> Iterator[Value]:
        yield list(items(environment, value))

    return query


def build(entries: list[tuple[Query, Query]]) -> Query:
    """`{key: value}`: one object for every combination."""

    def extend(
        environment: Environment, value: Value, position: int, made: dict[str, Value]
    ) -> Iterator[Value]:
        if position == len(entries):
            environment.budget.spend()
            yield made
            return
        key, item = entries[position]
        for name in key(environment, value):
            if not isinstance(name, str):
                raise ExpressionError(f"In jq {kind_of(name)} cannot be the key of an object.")
            for result in item(environment, value):
                yield from extend(environment, value, position + 1, {**made, name: result})

    def query(environment: Environment, value: Value) -> Iterator[Value]:
        yield from extend(environment, value, 0, {})

    return query


def text_of(parts: list[Query]) -> Query:
    r"""A text with `\(…)`."""
    if not parts:
        return constant("")

    def extend(environment: Environment, value: Value, position: int, made: str) -> Iterator[Value]:
        if position == len(parts):
            yield made
            return
        for item in parts[position](environment, value):
            text = item if isinstance(item, str) else to_json(item, environment.budget.limits)
            environment.budget.limits.check_size(len(made) + len(text))
            yield from extend(environment, value, position + 1, made + text)

    def query(environment: Environment, value: Value) -> Iterator[Value]:
        yield from extend(environment, value, 0, "")

    return query if len(parts) > 1 else pipe(parts[0], _as_text)


def _as_text(environment: Environment, value: Value) -> Iterator[Value]:
    yield value if isinstance(value, str) else to_json(value, environment.budget.limits)


def choose(condition: Query, yes: Query, no: Query) -> Query:
    """`if condition then yes else no end`."""

    def query(environment: Environment, value: Value) -> Iterator[Value]:
        for item in condition(environment, value):
            yield from (yes if holds(item) else no)(environment, value)

    return query


def reduce_by(source: Query, name: str, start: Query, update: Query) -> Query:
    """`reduce source as $name (start; update)`."""

    def query(environment: Environment, value: Value) -> Iterator[Value]:
        result: Value = None
        for first in start(environment, value):
            result = first
            for item in source(environment, value):
                last: Value = None
                for updated in update(environment.bind(name, item), result):
                    last = updated
                result = last
            yield result

    return query


def call(function: Builtin, arguments: list[Query]) -> Query:
    """A built-in function with its arguments."""

    def query(environment: Environment, value: Value) -> Iterator[Value]:
        environment.budget.spend()
        return function(environment, value, arguments)

    return query
