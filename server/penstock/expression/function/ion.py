"""The function `fromIon`."""

from penstock.expression.catalogue import named
from penstock.expression.error import ExpressionError
from penstock.expression.ion import read_ion
from penstock.expression.limit import Limits
from penstock.expression.value import Value, type_name


@named("fromIon")
def from_ion(ion: Value, all_rows: Value = False, *, limits: Limits) -> Value:  # noqa: FBT002 - positional in templates
    """The value of a text of Ion, of which JSON is a part. Times stay texts.

    Args:
        ion (text): the text; null stays null.
        all_rows (boolean): whether all values of the text are wanted, as a list, and not the first.
        limits: those of the rendering.

    Example:
        {{ fromIon('{name: "Ada"} {name: "Grace"}', allRows=true) | length }} → 2
    """
    if ion is None:
        return None
    if not isinstance(ion, str):
        raise ExpressionError(f"The 'fromIon' function reads a text, not {type_name(ion)}.")
    limits.check_size(len(ion) * 10)
    rows = read_ion(ion)
    if all_rows is True:
        return rows
    return rows[0] if rows else None
