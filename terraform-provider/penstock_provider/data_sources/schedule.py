"""Data source `penstock_schedule`: a schedule that somebody else declares."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.values import BOOL, DYNAMIC, STRING
from penstock_provider.lookup import Fields, LookUp, Name, one


class Schedule(LookUp):
    """Looks a schedule up."""

    kind = "schedule"
    name = Name("schedule_id", "Id of the schedule.")
    fields: ClassVar[Fields] = {
        "flow_id": (STRING, "Id of the flow that it starts."),
        "cron": (STRING, "When, as a cron expression."),
        "timezone": (STRING, "IANA time zone of the expression."),
        "inputs": (DYNAMIC, "Inputs of each execution: an object."),
        "disabled": (BOOL, "True when it starts nothing."),
        "allow_concurrent": (BOOL, "True when it starts although its last one still runs."),
        "description": (STRING, "What the schedule is for."),
        "next_fire_at": (STRING, "When it fires next, in UTC; null when it does not."),
    }
    schema = one("A schedule as the server has it, and when it fires next.", fields, name)
