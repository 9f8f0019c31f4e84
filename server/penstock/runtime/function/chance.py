"""The functions `randomInt` and `randomPort`."""

from __future__ import annotations

import random
import socket

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError
from penstock.expression.value import Value
from penstock.runtime.function._reach import Reach


@named("randomInt")
def random_int(reach: Reach, lower: Value, upper: Value) -> Value:
    """A random whole number.

    Args:
        reach: what the execution reaches.
        lower (integer): the smallest.
        upper (integer): the first that is too large.
    """
    del reach
    whole = all(isinstance(each, int) and not isinstance(each, bool) for each in (lower, upper))
    if not whole or not isinstance(lower, int) or not isinstance(upper, int) or lower >= upper:
        raise ExpressionError(
            "The 'randomInt' function needs two whole numbers, the lower one first."
        )
    return random.randrange(lower, upper)  # noqa: S311 - no secret is made of it


@named("randomPort")
def random_port(reach: Reach) -> Value:
    """A port on which nobody listens at this moment, on the machine that renders.

    Args:
        reach: what the execution reaches.
    """
    del reach
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port
