"""The filter `toIon`."""

from penstock.expression.catalogue import named
from penstock.expression.ion import write_ion
from penstock.expression.limit import Limits
from penstock.expression.value import Value


@named("toIon")
def to_ion(value: Value, *, limits: Limits) -> Value:
    """The value as Ion text on one line; null is `null`.

    Args:
        value (any): the value.
        limits: those of the rendering.

    Example:
        {{ {'name': 'Ada', 'rows': [1, null]} | toIon }} → {name:"Ada",rows:[1,null]}
    """
    return write_ion(value, limits)
