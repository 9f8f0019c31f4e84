"""`core.trigger.Schedule`: starts the flow by the clock."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AliasChoices, Field, JsonValue, field_validator, model_validator

from penstock.model.condition import Condition
from penstock.model.trigger import Trigger
from penstock.plugins.core.trigger._zone import known_zone


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
        MissedSchedules | None,
        Field(
            description="Dates missed while no server was running: ALL are run (at most the latest "
            "100), only the LAST, or NONE. The server's setting when left out."
        ),
    ] = None
    conditions: Annotated[
        tuple[Condition, ...],
        Field(
            validation_alias=AliasChoices("conditions", "scheduleConditions"),
            description="Conditions that must all hold for a date; others are skipped.",
        ),
    ] = ()
    backfill: Annotated[
        JsonValue,
        Field(
            description="Accepted for old flows and ignored.",
            json_schema_extra={"deprecated": True},
        ),
    ] = None

    _known = field_validator("timezone")(known_zone)

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
