"""What a function with effects is given, and how it reads its arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.expression.error import ExpressionError
from penstock.expression.value import Value
from penstock.runtime.key_value import KeyValues
from penstock.runtime.masking import Masker

if TYPE_CHECKING:
    from penstock.model.execution import Execution
    from penstock.runtime.functions import World


@dataclass(frozen=True, slots=True)
class Reach:
    """The execution that calls, the world around it, and who hides its secrets.

    `may_wait` says whether the caller is a worker, which nobody waits for.
    """

    world: World
    pairs: KeyValues
    masker: Masker
    may_wait: bool = False

    @property
    def execution(self) -> Execution:
        """The execution whose expressions are rendered, as it was at its start."""
        return self.pairs.execution


def text(function: str, name: str, value: Value) -> str:
    """A required argument that is a text.

    Raises:
        ExpressionError: it is missing or something else.
    """
    if value is None:
        raise ExpressionError(f"The '{function}' function expects an argument '{name}'.")
    if not isinstance(value, str) or not value:
        raise ExpressionError(f"The '{function}' function needs a text as '{name}'.")
    return value
