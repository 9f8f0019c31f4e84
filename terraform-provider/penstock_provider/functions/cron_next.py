"""`cron_next`: when a cron expression fires next."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from penstock_provider import cron
from penstock_provider.framework.function import ArgumentError, Function, Parameter
from penstock_provider.framework.values import NUMBER, STRING, Value, list_of, text

_MOST = 1000


class CronNext(Function):
    """The next fire times."""

    summary = "The next times at which a cron expression fires."
    description = (
        "The next times at which a cron expression fires in a time zone, as the server computes "
        "them: a list of RFC 3339 times with the zone's offset. Fewer than asked for when there "
        "are no more within 50 years. A function must give one result in a whole run, so give "
        "`plantimestamp()` as `after` in configurations; without it the time of the call counts, "
        "as is handy in `terraform console`."
    )
    parameters = (
        Parameter(
            "cron",
            STRING,
            "A cron expression of five fields (or six, seconds first), or `@daily` and the like.",
        ),
        Parameter("tz", STRING, "IANA name of the time zone, such as `Europe/Vienna`."),
        Parameter("n", NUMBER, f"How many times: from 1 to {_MOST}."),
    )
    variadic = Parameter("after", STRING, "An RFC 3339 time; only later ones are told.")
    returns = list_of(STRING)

    async def call(self, *arguments: Value) -> Value:
        """The times."""
        expression, zone_name, n, *more = arguments
        wrong = cron.problem(text(expression))
        if wrong is not None:
            raise ArgumentError(0, f"The cron expression is not valid: {wrong}")
        zone = _zone(text(zone_name))
        if not isinstance(n, int) or not 1 <= n <= _MOST:
            raise ArgumentError(2, f"It must be a whole number from 1 to {_MOST}.")
        if len(more) > 1:
            raise ArgumentError(4, "At most one time may be given as `after`.")
        after = _moment(text(more[0])) if more else datetime.now(UTC)
        return [_written(at) for at in cron.next_times(text(expression), zone, after, n)]


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # The provider's one file brings no time zones, and small containers have none either.
        if name == "UTC":
            return UTC
        if not available_timezones():
            raise ArgumentError(
                1,
                f'This machine knows no time zones, so "{name}" is none here: install its package '
                'tzdata. "UTC" is known without it.',
            ) from None
        raise ArgumentError(
            1, f'"{name}" is no time zone: write an IANA name such as "Europe/Vienna", or "UTC".'
        ) from None


def _moment(written: str) -> datetime:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ArgumentError(
            3, f'"{written}" is no RFC 3339 time: write one such as "2031-01-31T08:00:00Z".'
        )
    return at


def _written(at: datetime) -> str:
    """As Terraform's own functions write times: `Z` where the offset is zero."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
