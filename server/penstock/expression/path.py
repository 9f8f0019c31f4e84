"""The closures which find values by names: variables, what is in them, their members."""

from collections.abc import Mapping

from penstock.expression.access import attribute, member
from penstock.expression.closure import Evaluator
from penstock.expression.error import ExpressionError, UndefinedError
from penstock.expression.scope import Frame
from penstock.expression.value import Value


def path(steps: list[tuple[str, int]], text: str) -> Evaluator:
    """The value that a variable and keys after it name, each with its place in the text."""
    keys = [key for key, _ in steps]

    def slow(frame: Frame) -> Value:
        """Says what is missing, or finds what plain subscripts do not."""
        value: Value = None
        for index, (key, at) in enumerate(steps):
            try:
                if index:
                    value = attribute(value, key)
                elif key in frame.variables:
                    value = frame.variables[key]
                else:
                    raise UndefinedError(key, list(frame.variables))
            except ExpressionError as error:
                error.locate(text, at)
                raise
        return value

    if len(keys) == 1:
        root = keys[0]

        def variable(frame: Frame) -> Value:
            try:
                return frame.variables[root]
            except KeyError:
                return slow(frame)

        return variable

    def follow(frame: Frame) -> Value:
        value: Mapping[str, Value] = frame.variables
        try:
            for key in keys:
                # Whatever is no map says so by an exception: quicker than to ask first.
                value = value[key]  # pyrefly: ignore[bad-assignment]
        except (KeyError, TypeError, IndexError):
            return slow(frame)
        return value

    return follow


def subscript(target: Evaluator, key: Evaluator, text: str, at: int) -> Evaluator:
    """What stands in the target's value under a key that is computed."""

    def find(frame: Frame) -> Value:
        value = target(frame)
        index = key(frame)
        try:
            return attribute(value, index)
        except ExpressionError as error:
            error.locate(text, at)
            raise

    return find


def member_of(
    target: Evaluator, name: str, given: list[Evaluator], *, text: str, at: int
) -> Evaluator:
    """What a member of the target's value gives when it is called."""

    def call(frame: Frame) -> Value:
        value = target(frame)
        try:
            return member(value, name, [argument(frame) for argument in given])
        except ExpressionError as error:
            error.locate(text, at)
            raise

    return call
