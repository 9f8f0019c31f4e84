"""`core.trigger.Schedule`: starts the flow by the clock."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, JsonValue, field_validator, model_validator

from penstock.model.trigger import Trigger


class MissedSchedules(StrEnum):
    """What happens to dates that passed while no server was running."""

    ALL = "ALL"
    LAST = "LAST"
    NONE = "NONE"


class Schedule(Trigger):
    """Starts the flow by the clock, on a cron expression in a time zone.

    Expressions of the execution see `trigger.date`, `trigger.next` and `trigger.previous`.
    Where the timetable differs between environments, declare a schedule resource beside the
    flow instead, so that the flow's text stays the same everywhere.

    Example:
        id: each_morning
        namespace: company.team
        tasks:
          - id: hello
            type: core.log.Log
            message: "It is {{ trigger.date ?? 'not scheduled' }}"
        triggers:
          - id: morning
            type: core.trigger.Schedule
            cron: "30 6 * * 1-5"
            timezone: Europe/Berlin
    """

    cron: Annotated[
        str,
        Field(
            description="Minute, hour, day of month, month, day of week (0 and 7 are Sunday), "
            "or a nickname such as @daily."
        ),
    ]
    timezone: Annotated[
        str, Field(description="The IANA time zone in which the cron expression is read.")
    ] = "UTC"
    with_seconds: Annotated[
        bool, Field(description="Whether the cron expression begins with a field for seconds.")
    ] = False
    late_maximum_delay: Annotated[
        timedelta | None,
        Field(description="A run that would start later than this after its date is skipped."),
    ] = None
    recover_missed_schedules: Annotated[
        MissedSchedules,
        Field(
            description="Dates missed while no server was running: ALL are run, only the LAST, "
            "or NONE."
        ),
    ] = MissedSchedules.ALL
    allow_concurrent: Annotated[
        bool,
        Field(
            description="Whether to start although the execution that this trigger started last "
            "still runs; otherwise the run waits for its end, and is late."
        ),
    ] = False
    when: Annotated[
        str | bool,
        Field(description="An expression; a date for which it is not truthy is skipped."),
    ] = "true"
    backfill: Annotated[
        JsonValue,
        Field(
            description="Accepted for old flows and ignored.",
            json_schema_extra={"deprecated": True},
        ),
    ] = None

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"timezone '({value})' is not a valid time-zone ID") from None
        return value

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, value: str) -> str:
        from penstock.language.cron import check_cron  # noqa: PLC0415 only flows with one need it

        wrong = check_cron(value)
        if wrong is not None:
            raise ValueError(wrong)
        return value

    @model_validator(mode="after")
    def _counts_fields(self) -> Self:
        fields = len(self.cron.split())
        if self.cron.startswith("@") or fields == (6 if self.with_seconds else 5):
            return self
        wanted = "6 fields with 'withSeconds'" if self.with_seconds else "5 fields"
        raise ValueError(
            f"invalid cron expression '{self.cron}': it has {fields} fields, but needs {wanted}"
        )
