"""Turns expressions into closures: a rendering walks no tree and looks at no token."""

import re
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from penstock.expression import operator
from penstock.expression.catalogue import GIVEN
from penstock.expression.closure import (
    TESTS,
    UNARY,
    Evaluator,
    coalesce,
    constant,
    list_of,
    map_of,
    no_function,
    or_null,
    otherwise,
)
from penstock.expression.error import (
    ExpressionError,
    ExpressionSyntaxError,
    nearest,
)
from penstock.expression.filter import FILTERS
from penstock.expression.function import FUNCTIONS
from penstock.expression.invoke import invoke
from penstock.expression.path import member_of, path, subscript
from penstock.expression.scope import Frame
from penstock.expression.syntax import (
    Arguments,
    Attribute,
    Binary,
    Call,
    Expression,
    Filter,
    Interpolation,
    ListLiteral,
    Literal,
    MapLiteral,
    Name,
    Ternary,
    Test,
    Unary,
)
from penstock.expression.value import Value, to_text

_Arguments: TypeAlias = Callable[[Frame], tuple[list[Value], dict[str, Value]]]
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def snake(name: str) -> str:
    """`errorOnMissing` as `error_on_missing`."""
    return _HUMP.sub("_", name).lower()


class ExpressionCompiler:
    """Compiles the expressions of one text, in which some macros are defined."""

    def __init__(self, text: str, macros: frozenset[str]) -> None:
        self._text = text
        self._macros = macros

    def compile(self, node: Expression) -> Evaluator:
        """The closure which evaluates a node.

        Raises:
            ExpressionSyntaxError: it names a filter or test which does not exist.
        """
        match node:
            case Literal():
                return constant(node.value)
            case Name() | Attribute():
                return self._reference(node)
            case Call():
                return self._call(node)
            case Filter():
                operand = self.compile(node.operand)
                return self.filter(operand, node.name, node.arguments, node.at)
            case Test():
                return self._test(node)
            case Unary():
                return self._unary(node)
            case Binary():
                return self._binary(node)
            case Ternary():
                return self._ternary(node)
            case ListLiteral():
                return list_of([self.compile(item) for item in node.items])
            case MapLiteral():
                entries = [(self.compile(key), self.compile(item)) for key, item in node.entries]
                return map_of(entries)
            case Interpolation():
                return self._interpolation(node)

    def _reference(self, node: Name | Attribute) -> Evaluator:
        steps: list[tuple[str, int]] = []
        target: Expression = node
        while (
            isinstance(target, Attribute)
            and target.arguments is None
            and isinstance(target.key, Literal)
            and isinstance(target.key.value, str)
        ):
            steps.append((target.key.value, target.at))
            target = target.target
        if isinstance(target, Name):
            steps.append((target.name, target.at))
            return path(steps[::-1], self._text)
        if isinstance(node, Attribute):
            return self._attribute(node)
        raise AssertionError  # a Name always ends the loop above

    def _attribute(self, node: Attribute) -> Evaluator:
        target = self.compile(node.target)
        if node.arguments is None:
            return subscript(target, self.compile(node.key), self._text, node.at)
        if node.arguments.named:
            raise ExpressionSyntaxError(
                "Members take no named arguments.", expression=self._text, offset=node.at
            )
        name = to_text(node.key.value) if isinstance(node.key, Literal) else ""
        given = [self.compile(argument) for argument in node.arguments.positional]
        return member_of(target, name, given, text=self._text, at=node.at)

    def arguments(self, arguments: Arguments) -> _Arguments:
        """The closure which evaluates the arguments of a call."""
        positional = [self.compile(argument) for argument in arguments.positional]
        named = [(snake(name), self.compile(argument)) for name, argument in arguments.named]

        def evaluate(frame: Frame) -> tuple[list[Value], dict[str, Value]]:
            return (
                [argument(frame) for argument in positional],
                {name: argument(frame) for name, argument in named},
            )

        return evaluate

    def _call(self, node: Call) -> Evaluator:
        text, at, name = self._text, node.at, node.name
        arguments = self.arguments(node.arguments)
        is_macro = name in self._macros
        known = FUNCTIONS.get(name)
        builtin = known.function if known is not None else None
        wants = known.wants if known is not None else frozenset()

        def call(frame: Frame) -> Value:
            args, kwargs = arguments(frame)
            try:
                frame.meter.tick()
                if is_macro:
                    return frame.macros[name](frame, args, kwargs)
                function = frame.scope.functions.get(name) or builtin
                if function is None:
                    raise no_function(name, [*frame.scope.functions, *FUNCTIONS])
                given = {each: getattr(frame, each) for each in wants if function is builtin}
                if getattr(function, "receives_scope", False):
                    function = partial(function, frame.inner_scope())
                if given:
                    function = partial(function, **given)
                return invoke("function", name, function, args, kwargs)
            except ExpressionError as error:
                error.locate(text, at)
                raise

        return call

    def filter(self, operand: Evaluator, name: str, arguments: Arguments, at: int) -> Evaluator:
        """The closure which applies a filter to what another closure gives."""
        text = self._text
        known = FILTERS.get(name)
        if known is None:
            near = nearest(name, FILTERS)
            raise ExpressionSyntaxError(
                f"There is no filter `{name}`.",
                expression=text,
                offset=at,
                hint=f"Did you mean `{near}`?" if near else "",
            )
        hidden = next((given for given, _ in arguments.named if given in GIVEN), None)
        if hidden is not None:
            raise ExpressionSyntaxError(
                f"The filter `{name}` has no argument `{hidden}`.", expression=text, offset=at
            )
        function, wants, wants_scope = known.function, known.wants, known.wants_scope
        given = self.arguments(arguments)
        if name == "default":
            operand = or_null(operand)

        def apply(frame: Frame) -> Value:
            value = operand(frame)
            args, kwargs = given(frame)
            try:
                frame.meter.tick()
                if wants:
                    action = partial(function, **{each: getattr(frame, each) for each in wants})
                elif wants_scope:
                    action = partial(function, frame.inner_scope())
                else:
                    action = function
                result = invoke("filter", name, action, [value, *args], kwargs)
                if isinstance(result, str):
                    frame.limits.check_size(len(result))
            except ExpressionError as error:
                error.locate(text, at)
                raise
            return result

        return apply

    def _test(self, node: Test) -> Evaluator:
        text, at, negated = self._text, node.at, node.negated
        operand = self.compile(node.operand)
        check = TESTS.get(node.name)
        if check is None:
            near = {"none": "null", "mapping": "map"}.get(node.name) or nearest(node.name, TESTS)
            hint = f"Did you mean `{near}`?" if near else f"There are: {', '.join(TESTS)}."
            raise ExpressionSyntaxError(
                f"There is no test `{node.name}`.", expression=text, offset=at, hint=hint
            )
        if node.arguments.positional or node.arguments.named:
            raise ExpressionSyntaxError(
                f"The test `{node.name}` takes no arguments.", expression=text, offset=at
            )
        if node.name == "defined":
            operand = or_null(operand)

        def test(frame: Frame) -> Value:
            value = operand(frame)
            try:
                return check(value) is not negated
            except ExpressionError as error:
                error.locate(text, at)
                raise

        return test

    def _unary(self, node: Unary) -> Evaluator:
        text, at = self._text, node.at
        operand = self.compile(node.operand)
        action = UNARY[node.operator]

        def apply(frame: Frame) -> Value:
            value = operand(frame)
            try:
                return action(value)
            except ExpressionError as error:
                error.locate(text, at)
                raise

        return apply

    def _binary(self, node: Binary) -> Evaluator:
        text, at = self._text, node.at
        left, right = self.compile(node.left), self.compile(node.right)
        match node.operator:
            case "??":
                return coalesce(left, right)
            case "???":
                return otherwise(left, right)
            case "and" | "or":
                return self._logic(node, left, right)
        action = operator.BINARY[node.operator]

        def apply(frame: Frame) -> Value:
            a, b = left(frame), right(frame)
            try:
                return action(a, b, frame.limits)
            except ExpressionError as error:
                error.locate(text, at)
                raise

        return apply

    def _logic(self, node: Binary, left: Evaluator, right: Evaluator) -> Evaluator:
        settles = node.operator == "or"
        where = f"The operator `{node.operator}`"
        first = self.condition(left, where, node.left.at)
        second = self.condition(right, where, node.right.at)

        def logic(frame: Frame) -> Value:
            return settles if first(frame) is settles else second(frame)

        return logic

    def condition(self, value: Evaluator, where: str, at: int) -> Callable[[Frame], bool]:
        """The closure which says whether a value holds as a condition."""
        text = self._text

        def holds(frame: Frame) -> bool:
            result = value(frame)
            if result is True or result is False:
                return result
            try:
                return operator.truth(result, where)
            except ExpressionError as error:
                error.locate(text, at)
                raise

        return holds

    def _ternary(self, node: Ternary) -> Evaluator:
        value = self.compile(node.condition)
        yes, no = self.compile(node.yes), self.compile(node.no)

        def null_is_false(frame: Frame) -> Value:
            result = value(frame)
            return False if result is None else result

        holds = self.condition(null_is_false, "The condition of `? :`", node.condition.at)

        def choose(frame: Frame) -> Value:
            return yes(frame) if holds(frame) else no(frame)

        return choose

    def _interpolation(self, node: Interpolation) -> Evaluator:
        text, at = self._text, node.at
        parts = [self.compile(part) for part in node.parts]

        def join(frame: Frame) -> Value:
            texts = [to_text(part(frame), frame.limits) for part in parts]
            try:
                frame.limits.check_size(sum(map(len, texts)))
            except ExpressionError as error:
                error.locate(text, at)
                raise
            return "".join(texts)

        return join
