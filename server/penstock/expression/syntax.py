"""The parts of a parsed template; `at` is the offset of the part in the text."""

from dataclasses import dataclass
from typing import TypeAlias

from penstock.expression.value import Scalar


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    at: int
    value: Scalar


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    at: int
    name: str


@dataclass(frozen=True, slots=True)
class Arguments:
    """Positional, then named arguments; names are as written."""

    positional: tuple["Expression", ...] = ()
    named: tuple[tuple[str, "Expression"], ...] = ()


@dataclass(frozen=True, slots=True)
class Attribute:
    """`target.key`, `target[key]`, or `target.key(arguments)` when there are arguments."""

    at: int
    target: "Expression"
    key: "Expression"
    arguments: Arguments | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function or macro."""

    at: int
    name: str
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class Filter:
    """`operand | name(arguments)`."""

    at: int
    operand: "Expression"
    name: str
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class Test:
    """`operand is name`, negated for `is not`."""

    at: int
    operand: "Expression"
    name: str
    negated: bool
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class Unary:
    """`not`, `+` or `-` before an operand."""

    at: int
    operator: str
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and what stands between them."""

    at: int
    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Ternary:
    """`condition ? yes : no`."""

    at: int
    condition: "Expression"
    yes: "Expression"
    no: "Expression"


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """`[a, b]`."""

    at: int
    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class MapLiteral:
    """`{"k": v}`."""

    at: int
    entries: tuple[tuple["Expression", "Expression"], ...]


@dataclass(frozen=True, slots=True)
class Interpolation:
    """A double-quoted text with `#{…}` parts."""

    at: int
    parts: tuple["Expression", ...]


Expression: TypeAlias = (
    Literal
    | Name
    | Attribute
    | Call
    | Filter
    | Test
    | Unary
    | Binary
    | Ternary
    | ListLiteral
    | MapLiteral
    | Interpolation
)


@dataclass(frozen=True, slots=True)
class Text:
    """Text outside of the delimiters."""

    text: str


@dataclass(frozen=True, slots=True)
class Print:
    """`{{ expression }}`."""

    at: int
    expression: Expression


@dataclass(frozen=True, slots=True)
class If:
    """`if`, any `elseif`, perhaps `else`."""

    at: int
    branches: tuple[tuple[Expression, "Body"], ...]
    otherwise: "Body"


@dataclass(frozen=True, slots=True)
class For:
    """`for name in iterable`, perhaps with `else`."""

    at: int
    name: str
    iterable: Expression
    body: "Body"
    otherwise: "Body"


@dataclass(frozen=True, slots=True)
class Assign:
    """`set name = expression`."""

    at: int
    name: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class FilterBlock:
    """`filter a | b` over a body; the filters are applied to a `Name` which holds the text."""

    at: int
    filters: tuple[tuple[int, str, Arguments], ...]
    body: "Body"


@dataclass(frozen=True, slots=True)
class Macro:
    """`macro name(parameters)`."""

    at: int
    name: str
    parameters: tuple[tuple[str, Expression | None], ...]
    body: "Body"


Statement: TypeAlias = Text | Print | If | For | Assign | FilterBlock | Macro
Body: TypeAlias = tuple[Statement, ...]
