"""Turns the statements of a template into closures which write to the frame."""

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import TypeAlias, cast

from penstock.expression.access import entries
from penstock.expression.closure import Evaluator
from penstock.expression.compiler import ExpressionCompiler, snake
from penstock.expression.error import ExpressionError
from penstock.expression.limit import Limits
from penstock.expression.scope import Frame
from penstock.expression.syntax import (
    Assign,
    Body,
    FilterBlock,
    For,
    If,
    Macro,
    Print,
    Statement,
    Text,
)
from penstock.expression.value import Value, to_text, type_name

Step: TypeAlias = Callable[[Frame], None]
MacroCall: TypeAlias = Callable[[Frame, list[Value], dict[str, Value]], str]


def open_variables(frame: Frame) -> None:
    """Gives the frame variables of its own, so that tags may set them."""
    given = frame.scope.variables
    own: MutableMapping[str, Value]
    if isinstance(given, dict):
        own = dict(given)
    else:
        # A lazy mapping keeps being lazy; nothing is ever written to the second map.
        own = ChainMap({}, cast("MutableMapping[str, Value]", given))
    frame.variables = own


def join(values: Iterable[Value], limits: Limits) -> str:
    """The text of everything written."""
    texts: list[str] = []
    size = 0
    for value in values:
        text = value if type(value) is str else to_text(value, limits)
        size += len(text)
        if size > limits.output_bytes:
            limits.check_size(size)
        texts.append(text)
    return "".join(texts)


class StatementCompiler:
    """Compiles the statements of one text."""

    def __init__(self, text: str, expressions: ExpressionCompiler) -> None:
        self._text = text
        self._expressions = expressions

    def body(self, body: Body) -> list[Step]:
        """One closure for each statement that does something; macros are apart."""
        return [self._step(part) for part in body if not isinstance(part, Macro)]

    def macro(self, macro: Macro) -> MacroCall:
        """The closure which calls a macro and gives its text."""
        steps = self.body(macro.body)
        parameters = [
            (name, snake(name), self._expressions.compile(given) if given is not None else None)
            for name, given in macro.parameters
        ]
        known = {key for _, key, _ in parameters}

        def call(frame: Frame, args: list[Value], kwargs: dict[str, Value]) -> str:
            if len(args) > len(parameters) or not known.issuperset(kwargs):
                names = ", ".join(name for name, _, _ in parameters)
                raise ExpressionError(f"The macro `{macro.name}` takes the arguments ({names}).")
            saved = frame.out, frame.variables, frame.created
            frame.meter.enter()
            try:
                frame.out, frame.created = [], []
                local: dict[str, Value] = {}
                for index, (name, key, given) in enumerate(parameters):
                    if index < len(args):
                        local[name] = args[index]
                    elif key in kwargs:
                        local[name] = kwargs[key]
                    else:
                        local[name] = given(frame) if given is not None else None
                open_variables(frame)
                _own(frame).update(local)
                _run(steps, frame)
                return join(frame.out, frame.limits)
            finally:
                frame.meter.leave()
                frame.out, frame.variables, frame.created = saved

        return call

    def _step(self, statement: Statement) -> Step:
        match statement:
            case Text():
                text = statement.text
                return lambda frame: frame.out.append(text)
            case Print():
                value = self._expressions.compile(statement.expression)
                return lambda frame: frame.out.append(value(frame))
            case If():
                return self._if(statement)
            case For():
                return self._for(statement)
            case Assign():
                return self._assign(statement)
            case FilterBlock():
                return self._filter(statement)
            case Macro():
                raise AssertionError  # `body` leaves macros out

    def _if(self, statement: If) -> Step:
        branches = [
            (
                self._expressions.condition(
                    self._expressions.compile(condition), "The tag `if`", condition.at
                ),
                self.body(body),
            )
            for condition, body in statement.branches
        ]
        otherwise = self.body(statement.otherwise)

        def choose(frame: Frame) -> None:
            for holds, steps in branches:
                if holds(frame):
                    _run(steps, frame)
                    return
            _run(otherwise, frame)

        return choose

    def _for(self, statement: For) -> Step:
        iterable = self._expressions.compile(statement.iterable)
        steps, otherwise = self.body(statement.body), self.body(statement.otherwise)
        name, at, text = statement.name, statement.iterable.at, self._text

        def loop(frame: Frame) -> None:
            items = _items(iterable(frame), text, at)
            if items is None:
                return
            if not items:
                _run(otherwise, frame)
                return
            variables = _own(frame)
            saved = {key: variables[key] for key in (name, "loop") if key in variables}
            frame.created.append(set())
            count = len(items)
            try:
                for index, item in enumerate(items):
                    _tick(frame, text, at)
                    variables[name] = item
                    variables["loop"] = {
                        "index": index,
                        "revindex": count - index - 1,
                        "length": count,
                        "first": index == 0,
                        "last": index == count - 1,
                    }
                    _run(steps, frame)
            finally:
                for key in frame.created.pop() | {name, "loop"}:
                    variables.pop(key, None)
                variables.update(saved)

        return loop

    def _assign(self, statement: Assign) -> Step:
        name = statement.name
        value = self._expressions.compile(statement.expression)

        def assign(frame: Frame) -> None:
            variables = _own(frame)
            result = value(frame)
            if frame.created and name not in variables:
                frame.created[-1].add(name)
            variables[name] = result

        return assign

    def _filter(self, statement: FilterBlock) -> Step:
        steps = self.body(statement.body)
        text, at = self._text, statement.at

        def captured(frame: Frame) -> Value:
            saved, frame.out = frame.out, []
            try:
                _run(steps, frame)
                return join(frame.out, frame.limits)
            except ExpressionError as error:
                error.locate(text, at)
                raise
            finally:
                frame.out = saved

        value: Evaluator = captured
        for place, name, arguments in statement.filters:
            value = self._expressions.filter(value, name, arguments, place)
        return lambda frame: frame.out.append(value(frame))


def _run(steps: list[Step], frame: Frame) -> None:
    for step in steps:
        step(frame)


def _tick(frame: Frame, text: str, at: int) -> None:
    try:
        frame.meter.tick()
    except ExpressionError as error:
        error.locate(text, at)
        raise


def _own(frame: Frame) -> MutableMapping[str, Value]:
    return cast("MutableMapping[str, Value]", frame.variables)


def _items(value: Value, text: str, at: int) -> list[Value] | None:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return entries(value)
    if isinstance(value, (list, tuple)):
        return list(value)
    raise ExpressionError(
        f"`for` goes over a list or a map, not {type_name(value)}.",
        expression=text,
        offset=at,
        hint="A text of JSON is read with `fromJson(…)`." if isinstance(value, str) else "",
    )
