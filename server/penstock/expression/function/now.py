"""The function `now`."""

from penstock.expression.catalogue import named
from penstock.expression.date_names import names_of
from penstock.expression.error import ExpressionError
from penstock.expression.filter.date import show
from penstock.expression.limit import Meter
from penstock.expression.moment import zone_of
from penstock.expression.scope import Scope, with_scope
from penstock.expression.value import Value


@named("now")
@with_scope
def now(
    scope: Scope,
    format: Value = "iso",  # noqa: A002 - its public name
    time_zone: Value = None,
    existing_format: Value = None,
    locale: Value = None,
    *,
    meter: Meter,
) -> Value:
    """The present moment as text.

    Args:
        scope: that of the rendering.
        format (text): a Java pattern, or a name such as `iso_date`.
        time_zone (text): an IANA name or an offset; UTC when left out.
        existing_format (text): without effect; the filter `date` has it.
        locale (text): the language of names, such as `fr` or `de-DE`; English when left out.
        meter: that of the rendering.

    Example:
        {{ now('yyyy') | length }} → 4
    """
    del existing_format
    if scope.now is None:
        raise ExpressionError("The 'now' function has no clock here.")
    return show(scope.now, zone_of(time_zone), format, names_of(locale, meter))
