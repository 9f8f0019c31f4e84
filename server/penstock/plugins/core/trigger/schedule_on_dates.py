"""`core.trigger.ScheduleOnDates`: starts the flow once at each of some dates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from penstock.model.dynamic import contains_expression
from penstock.model.frozen import Json
from penstock.model.trigger import Trigger
from penstock.plugins.core.trigger._zone import known_zone
from penstock.plugins.core.trigger.schedule import MissedSchedules


class ScheduleOnDates(Trigger):
    """Starts the flow once at each of some dates.

    Expressions of the execution see `trigger.date`, `trigger.next` and `trigger.previous`.
    Dates that are past when the flow is deployed do not count.

    Example:
        id: closing_of_the_books
        namespace: company.team
        tasks:
          - id: hello
            type: core.log.Log
            message: "It is {{ trigger.date ?? 'not scheduled' }}"
        triggers:
          - id: quarters
            type: core.trigger.ScheduleOnDates
            timezone: Europe/Berlin
            dates:
              - 2027-03-31T18:00:00
              - 2027-06-30T18:00:00+02:00
    """

    dates: Annotated[
        list[str] | str,
        Field(
            description="Moments in ISO 8601; those without an offset are in the time zone. Take "
            "expressions, which are rendered when the flow is deployed."
        ),
    ]
    timezone: Annotated[
        str, Field(description="The IANA time zone of the dates and of what expressions see.")
    ] = "UTC"
    recover_missed_schedules: Annotated[
        MissedSchedules | None,
        Field(
            description="Dates missed while no server was running: ALL are run (at most the latest "
            "100), only the LAST, or NONE. The server's setting when left out."
        ),
    ] = None

    _known = field_validator("timezone")(known_zone)

    @field_validator("dates", mode="before")
    @classmethod
    def _texts(cls, value: Json) -> Json:
        if isinstance(value, list):
            return [str(each) if isinstance(each, int) else each for each in value]
        return value

    @model_validator(mode="after")
    def _are_dates(self) -> ScheduleOnDates:
        if isinstance(self.dates, str) and not contains_expression(self.dates):
            raise ValueError("`dates` is a list of moments, or an expression that gives one")
        moments_of([text for text in self.texts() if not contains_expression(text)], self.timezone)
        return self

    def texts(self) -> list[str]:
        """The dates as they are written."""
        return [self.dates] if isinstance(self.dates, str) else self.dates

    def moments(self) -> list[str]:
        """The dates in UTC, or as written when some must be rendered."""
        written = self.texts()
        return written if contains_expression(written) else moments_of(written, self.timezone)


def moments_of(values: Iterable[Json], timezone: str) -> list[str]:
    """Moments, or lists of them, as sorted ISO texts in UTC. Raises `ValueError`."""
    found: set[datetime] = set()
    for value in values:
        for each in value if isinstance(value, list) else [value]:
            try:
                at = datetime.fromisoformat(str(each))
            except ValueError:
                raise ValueError(
                    f"'{each}' is no moment; write it such as 2026-12-31T08:00:00Z"
                ) from None
            local = at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(timezone))
            found.add(local.astimezone(UTC))
    return [at.isoformat() for at in sorted(found)]
