"""What a template may see while it is rendered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from penstock.expression.limit import DEFAULT_CLOCK, DEFAULT_LIMITS, Limits, Meter
from penstock.expression.value import Function, Queries, Value


@dataclass(frozen=True, slots=True)
class Scope:
    """Variables, functions and bounds of a rendering. Immutable, cheap to make.

    Attributes:
        variables: the roots, such as `inputs` and `outputs`.
        functions: those beyond the pure built-in ones, by their name in templates. A function gets
            positional and named arguments; a name such as `errorOnMissing` arrives as
            `error_on_missing`. What reads the world or a random source (`secret`, `kv`, `read`,
            `uuid`, `randomInt`, …) is given here. These win over built-in ones.
        limits: bounds on time, depth and size.
        now: the time that `now()` returns; without it `now()` is an error.
        queries: runs the filter `jq`; without it that is an error.
        clock: seconds of processor time, for the bound on time.
        meter: what an outer rendering has used already.
    """

    variables: Mapping[str, Value] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    limits: Limits = DEFAULT_LIMITS
    now: datetime | None = None
    queries: Queries | None = None
    clock: Callable[[], float] = DEFAULT_CLOCK
    meter: Meter | None = field(default=None, repr=False, compare=False)

    def including(self, variables: Mapping[str, Value]) -> "Scope":
        """The same scope with more variables; given ones win."""
        return replace(self, variables={**self.variables, **variables})


class ScopedFunction(Protocol):
    """A function that is given the scope of the call before its arguments."""

    receives_scope: bool

    def __call__(self, scope: Scope, /, *args: Value, **kwargs: Value) -> Value:
        """Calls it."""
        ...


def with_scope(function: Function) -> Function:
    """Marks a function of a scope: it gets the calling `Scope` as its first argument."""
    function.receives_scope = True  # pyrefly: ignore[missing-attribute] - functions take marks
    return function


class Frame:
    """The state of one rendering: what closures of the compiler read and write."""

    __slots__ = ("created", "limits", "macros", "meter", "out", "scope", "variables")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.limits = scope.limits
        self.variables = scope.variables
        self.meter = scope.meter or Meter(scope.limits, scope.clock)
        self.out: list[Value] = []
        self.macros: Mapping[str, Callable[[Frame, list[Value], dict[str, Value]], str]] = {}
        self.created: list[set[str]] = []

    def inner_scope(self) -> Scope:
        """The scope as a called function sees it: local variables and used budget included."""
        return replace(self.scope, variables=self.variables, meter=self.meter)
