"""Templates: compiled once for each text, rendered many times."""

from functools import lru_cache

from penstock.expression.closure import Evaluator
from penstock.expression.compiler import ExpressionCompiler
from penstock.expression.error import ExpressionError, ExpressionSyntaxError, LimitError
from penstock.expression.operator import is_scalar
from penstock.expression.reference import Argument, Invocation, Survey, macros
from penstock.expression.scope import Frame, Scope
from penstock.expression.statement import StatementCompiler, join, open_variables
from penstock.expression.syntax import Body, Print, Text
from penstock.expression.tag import parse
from penstock.expression.value import Value, from_json

_CACHED = 4096
_LARGE = 20_000


class Template:
    """A compiled text.

    Attributes:
        text: as written.
        is_single: whether it is one `{{ }}` and nothing else, so that it has a value of a type.
        functions: names of the functions it calls.
        filters: names of the filters it applies.
        invocations: its calls of functions with their constant arguments.
    """

    def __init__(self, text: str, body: Body) -> None:
        self.text = text
        survey = Survey(body)
        self._paths = frozenset(survey.paths)
        self.invocations: tuple[Invocation, ...] = tuple(survey.invocations)
        self.functions = frozenset(call.name for call in survey.invocations)
        self.filters = frozenset(survey.filters)
        self.is_single = len(body) == 1 and isinstance(body[0], Print)
        defined = list(macros(body))
        expressions = ExpressionCompiler(text, frozenset(macro.name for macro in defined))
        statements = StatementCompiler(text, expressions)
        self._parts: list[str | Evaluator] | None = None
        if all(isinstance(part, (Text, Print)) for part in body):
            self._parts = [
                part.text if isinstance(part, Text) else expressions.compile(part.expression)
                for part in body
                if isinstance(part, (Text, Print))
            ]
        self._steps = [] if self._parts is not None else statements.body(body)
        self._macros = {macro.name: statements.macro(macro) for macro in defined}

    def references(self) -> frozenset[tuple[str, ...]]:
        """Variable paths such as `('outputs', 'load', 'rows')`, up to the first dynamic key.

        Variables that the template itself makes (`set`, `for`, parameters) are left out.
        """
        return self._paths

    def calls(self, function: str) -> list[tuple[Argument, ...]]:
        """The arguments of each call of a function, positional before named ones.

        An argument which is no constant is `DYNAMIC`; `invocations` has the names too.
        """
        return [
            (*call.positional, *(argument for _, argument in call.named))
            for call in self.invocations
            if call.name == function
        ]

    def render(self, scope: Scope) -> str:
        """The text: null is nothing, lists and maps are JSON.

        Raises:
            ExpressionError: something is undefined, does not fit, or a limit is reached.
        """
        written = self._write(scope)
        try:
            return join(written, scope.limits)
        except ExpressionError as error:
            error.locate(self.text, 0)
            raise

    def evaluate(self, scope: Scope) -> Value:
        """The value: that of the expression when only one is written, otherwise text.

        Text with a list or a map in it is read as JSON when it is JSON.

        Raises:
            ExpressionError: as for `render`.
        """
        written = self._write(scope)
        if len(written) == 1:
            return written[0]
        try:
            text = join(written, scope.limits)
            if all(map(is_scalar, written)):
                return text
            try:
                return from_json(text)
            except ExpressionError:
                return text
        except ExpressionError as error:
            error.locate(self.text, 0)
            raise

    def _write(self, scope: Scope) -> list[Value]:
        frame = Frame(scope)
        meter = frame.meter
        try:
            meter.enter()
            try:
                if self._parts is not None:
                    return [part if isinstance(part, str) else part(frame) for part in self._parts]
                open_variables(frame)
                frame.macros = self._macros
                for step in self._steps:
                    step(frame)
                return frame.out
            finally:
                meter.leave()
        except ExpressionError as error:
            error.locate(self.text, 0)
            raise
        except RecursionError:
            raise LimitError(
                "The expression is nested too deeply.", expression=self.text, offset=0
            ) from None


def has_expression(text: str) -> bool:
    """Whether a text has a delimiter of an expression, a tag or a comment."""
    return "{" in text and ("{{" in text or "{%" in text or "{#" in text)


def compile_template(text: str) -> Template:
    """The template of a text; for texts of usual size the same object each time.

    Raises:
        ExpressionSyntaxError: where, what was expected, and how to mend it.
    """
    return _compile(text) if len(text) > _LARGE else _compile_cached(text)


def _compile(text: str) -> Template:
    if not has_expression(text):
        return Template(text, (Text(text),))
    try:
        return Template(text, parse(text))
    except RecursionError:
        raise ExpressionSyntaxError(
            "The expression is nested too deeply.", expression=text, offset=0
        ) from None


_compile_cached = lru_cache(maxsize=_CACHED)(_compile)
