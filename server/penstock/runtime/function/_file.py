"""What the functions about files share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from penstock.errors import PenstockError
from penstock.expression.error import ExpressionError

T = TypeVar("T")


def said(call: Callable[[], T]) -> T:
    """What the call gives; its sentence becomes the expression's."""
    try:
        return call()
    except PenstockError as error:
        raise ExpressionError(error.message) from None
