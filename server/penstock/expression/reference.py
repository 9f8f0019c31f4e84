"""What a template refers to, found without rendering it."""

from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple, TypeAlias

from penstock.expression.syntax import (
    Arguments,
    Assign,
    Attribute,
    Binary,
    Body,
    Call,
    Expression,
    Filter,
    FilterBlock,
    For,
    If,
    Interpolation,
    ListLiteral,
    Literal,
    Macro,
    MapLiteral,
    Name,
    Print,
    Statement,
    Ternary,
    Test,
    Unary,
)
from penstock.expression.value import Scalar


class Dynamic(Enum):
    """An argument whose value is known only when the template is rendered."""

    DYNAMIC = "dynamic"

    def __repr__(self) -> str:
        return self.name


DYNAMIC: Final = Dynamic.DYNAMIC
Argument: TypeAlias = Scalar | Dynamic


class Invocation(NamedTuple):
    """One call of a function as it stands in the text; `offset` is where."""

    name: str
    positional: tuple[Argument, ...]
    named: tuple[tuple[str, Argument], ...]
    offset: int


class Survey:
    """Everything a template's statements refer to.

    Attributes:
        paths: variable paths up to the first key that is not constant.
        invocations: calls of functions, in the order of the text.
        filters: names of the filters.
    """

    def __init__(self, body: Body) -> None:
        self.paths: set[tuple[str, ...]] = set()
        self.invocations: list[Invocation] = []
        self.filters: set[str] = set()
        self._macros = {macro.name for macro in macros(body)}
        self._body(body, set())

    def _body(self, body: Body, bound: set[str]) -> None:
        for statement in body:
            self._statement(statement, bound)

    def _statement(self, statement: Statement, bound: set[str]) -> None:
        match statement:
            case Print():
                self._walk(statement.expression, bound)
            case Assign():
                self._walk(statement.expression, bound)
                bound.add(statement.name)
            case If():
                for condition, body in statement.branches:
                    self._walk(condition, bound)
                    self._body(body, set(bound))
                self._body(statement.otherwise, set(bound))
            case For():
                self._walk(statement.iterable, bound)
                self._body(statement.body, bound | {statement.name, "loop"})
                self._body(statement.otherwise, set(bound))
            case FilterBlock():
                for _, name, arguments in statement.filters:
                    self.filters.add(name)
                    self._arguments(arguments, bound)
                self._body(statement.body, set(bound))
            case Macro():
                names = {name for name, _ in statement.parameters}
                for _, given in statement.parameters:
                    if given is not None:
                        self._walk(given, bound)
                self._body(statement.body, bound | names)
            case _:
                pass

    def _arguments(self, arguments: Arguments, bound: set[str]) -> None:
        for argument in arguments.positional:
            self._walk(argument, bound)
        for _, argument in arguments.named:
            self._walk(argument, bound)

    def _walk(self, node: Expression, bound: set[str]) -> None:
        if isinstance(node, (Name, Attribute)):
            self._path(node, bound)
            return
        if isinstance(node, Call) and node.name not in self._macros:
            self.invocations.append(_invocation(node))
        if isinstance(node, Filter):
            self.filters.add(node.name)
        for child in _children(node):
            self._walk(child, bound)

    def _path(self, node: Name | Attribute, bound: set[str]) -> None:
        """Adds the longest constant path from the root; keys which vary are walked themselves."""
        chain: list[Attribute] = []
        target: Expression = node
        while isinstance(target, Attribute):
            chain.append(target)
            target = target.target
        path: list[str] = []
        if isinstance(target, Name):
            path.append(target.name)
        else:
            self._walk(target, bound)
        open_end = isinstance(target, Name)
        for step in reversed(chain):
            key = step.key
            constant = isinstance(key, Literal) and step.arguments is None
            if not isinstance(key, Literal):
                self._walk(key, bound)
            if step.arguments is not None:
                self._arguments(step.arguments, bound)
            if open_end and constant and isinstance(key, Literal) and isinstance(key.value, str):
                path.append(key.value)
            else:
                open_end = False
        if path and path[0] not in bound:
            self.paths.add(tuple(path))


def macros(body: Body) -> Iterator[Macro]:
    """The macros defined anywhere in a body."""
    for statement in body:
        match statement:
            case Macro():
                yield statement
                yield from macros(statement.body)
            case If():
                for _, inner in statement.branches:
                    yield from macros(inner)
                yield from macros(statement.otherwise)
            case For():
                yield from macros(statement.body)
                yield from macros(statement.otherwise)
            case FilterBlock():
                yield from macros(statement.body)
            case _:
                pass


def _invocation(node: Call) -> Invocation:
    return Invocation(
        node.name,
        tuple(_argument(argument) for argument in node.arguments.positional),
        tuple((name, _argument(argument)) for name, argument in node.arguments.named),
        node.at,
    )


def _argument(node: Expression) -> Argument:
    return node.value if isinstance(node, Literal) else DYNAMIC


def _children(node: Expression) -> list[Expression]:
    match node:
        case Call():
            return _all(node.arguments)
        case Filter() | Test():
            return [node.operand, *_all(node.arguments)]
        case Unary():
            return [node.operand]
        case Binary():
            return [node.left, node.right]
        case Ternary():
            return [node.condition, node.yes, node.no]
        case ListLiteral():
            return list(node.items)
        case MapLiteral():
            return [part for entry in node.entries for part in entry]
        case Interpolation():
            return list(node.parts)
        case _:
            return []


def _all(arguments: Arguments) -> list[Expression]:
    return [*arguments.positional, *(argument for _, argument in arguments.named)]
