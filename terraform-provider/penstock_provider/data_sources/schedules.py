"""Data source `penstock_schedules`: the schedules of a namespace."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.values import BOOL, STRING
from penstock_provider.lookup import Fields, Listing, many


class Schedules(Listing):
    """Lists schedules."""

    collection = plural = "schedules"
    fields: ClassVar[Fields] = {
        "namespace": (STRING, "Namespace of the schedule and its flow."),
        "id": (STRING, "Id in the namespace."),
        "flow_id": (STRING, "Id of the flow that it starts."),
        "cron": (STRING, "When, as a cron expression."),
        "timezone": (STRING, "IANA time zone of the expression."),
        "disabled": (BOOL, "True when it starts nothing."),
        "next_fire_at": (STRING, "When it fires next, in UTC; null when it does not."),
    }
    schema = many(
        "Schedules on the server, and when each fires next.",
        "schedule",
        plural=plural,
        fields=fields,
    )
