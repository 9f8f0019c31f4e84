"""Schedules over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from penstock.api.collection import Collection

router = APIRouter(prefix="/schedules", tags=["schedules"])
_schedules = Collection(router, "schedule", "Schedule")
_schedules.add_list("Lists schedules by namespace and id.")
_schedules.add_get("Reads a schedule and when it fires next.")
_schedules.add_put("Creates or replaces a schedule; the same body twice writes nothing.")
_schedules.add_delete("Removes a schedule; executions that it started go on.")
