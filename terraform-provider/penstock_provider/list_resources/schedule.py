"""Finds what `penstock_schedule` could manage."""

from __future__ import annotations

from penstock_provider.declared_list import DeclaredList, list_schema
from penstock_provider.resources.schedule import Schedule


class ScheduleList(DeclaredList):
    """Lists schedules."""

    resource = Schedule
    route = "/schedules"
    schema = list_schema("schedules")
