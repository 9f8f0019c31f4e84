"""The functions `uuid`, `id`, `ksuid` and `nanoId`: new names for things."""

from __future__ import annotations

import secrets
import time
import uuid

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError
from penstock.expression.filter.collection import whole
from penstock.expression.value import Value
from penstock.runtime.function._reach import Reach, text
from penstock.store.identity import new_id

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KSUID_LENGTH, _KSUID_EPOCH, _KSUID_CHANCE = 27, 1_400_000_000, 128
_NANO = "_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LONGEST = 1000


@named("uuid")
def random_uuid(reach: Reach) -> Value:
    """A random UUID, version 4.

    Args:
        reach: what the execution reaches.
    """
    del reach
    return str(uuid.uuid4())


@named("id")
def short_id(reach: Reach) -> Value:
    """A new id like those of executions: 22 letters and digits, later ones sort after earlier ones.

    Args:
        reach: what the execution reaches.
    """
    del reach
    return new_id()


@named("ksuid")
def ksuid(reach: Reach) -> Value:
    """A KSUID: 27 letters and digits that sort by the second in which they were made.

    Args:
        reach: what the execution reaches.
    """
    del reach
    number = (int(time.time()) - _KSUID_EPOCH) << _KSUID_CHANCE | secrets.randbits(_KSUID_CHANCE)
    digits = ""
    for _ in range(_KSUID_LENGTH):
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return digits


@named("nanoId")
def nano_id(reach: Reach, length: Value = 21, alphabet: Value = None) -> Value:
    """Random characters, safe in addresses.

    Args:
        reach: what the execution reaches.
        length (integer): how many.
        alphabet (text): of which ones; letters, digits, `_` and `-` when left out.
    """
    del reach
    count = whole(length, "length")
    letters = _NANO if alphabet is None else text("nanoId", "alphabet", alphabet)
    if not 1 <= count <= _LONGEST:
        raise ExpressionError(f"The 'nanoId' function makes 1 to {_LONGEST} characters.")
    return "".join(secrets.choice(letters) for _ in range(count))
