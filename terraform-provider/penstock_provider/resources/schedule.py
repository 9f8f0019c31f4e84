"""`penstock_schedule`: a flow's timetable, apart from the flow's text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from penstock_provider.api import Json
from penstock_provider.declared import (
    CONTENT_HASH,
    ID,
    REVISION,
    Declared,
    as_text,
    given,
    kept,
    name_check,
    typed_map,
)
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import BOOL, DYNAMIC, STRING, State, Value


def _cron_problem(value: Value) -> str | None:
    if isinstance(value, str) and not value.startswith("@") and len(value.split()) not in {5, 6}:
        return (
            f'"{value}" has {len(value.split())} fields: a cron expression has five (minute, hour, '
            'day of month, month, day of week), such as "0 6 * * 1-5".'
        )
    return None


class Schedule(Declared):
    """A schedule."""

    kind = "schedule"
    names: ClassVar[Mapping[str, str]] = {"id": "schedule_id"}
    schema: ClassVar[Schema] = Schema(
        "A schedule that starts a flow of its namespace, so that the same flow text runs on "
        "another timetable in each environment.",
        {
            "namespace": name_check("schedule and its flow"),
            "schedule_id": Attribute(
                STRING, "Id of the schedule. A change makes a new one.", required=True, replace=True
            ),
            "flow_id": Attribute(STRING, "Id of the flow to start.", required=True),
            "cron": Attribute(
                STRING,
                "When: a cron expression of five fields (or six, seconds first), or `@daily` "
                "and the like.",
                required=True,
                check=_cron_problem,
            ),
            "timezone": Attribute(
                STRING,
                "IANA name of the time zone in which `cron` is read; `UTC` when not given.",
                optional=True,
                computed=True,
                default="UTC",
            ),
            "inputs": Attribute(DYNAMIC, "Inputs for each execution: an object.", optional=True),
            "disabled": Attribute(
                BOOL,
                "True to keep the schedule but start nothing; false when not given.",
                optional=True,
                computed=True,
                default=False,
            ),
            "allow_concurrent": Attribute(
                BOOL,
                "True to start although what it started last still runs; false when not given: "
                "then it waits for that to end.",
                optional=True,
                computed=True,
                default=False,
            ),
            "description": Attribute(STRING, "What the schedule is for.", optional=True),
            "id": ID,
            "revision": REVISION,
            "content_hash": CONTENT_HASH,
        },
    )

    def spec(self, planned: State, config: State) -> Json:  # noqa: ARG002 (secrets need it)
        """The PUT body."""
        return given(
            planned,
            flowId="flow_id",
            cron="cron",
            timezone="timezone",
            inputs="inputs",
            disabled="disabled",
            allowConcurrent="allow_concurrent",
            description="description",
        )

    def state(self, prior: State, form: Json) -> State:
        """The state; inputs of the same JSON keep their Terraform type."""
        return {
            "namespace": prior["namespace"],
            "schedule_id": prior["schedule_id"],
            "flow_id": as_text(form.get("flowId")),
            "cron": as_text(form.get("cron")),
            "timezone": as_text(form.get("timezone")) or "UTC",
            "inputs": typed_map(prior.get("inputs"), form.get("inputs")),
            "disabled": bool(form.get("disabled")),
            "allow_concurrent": bool(form.get("allowConcurrent")),
            "description": kept(prior.get("description"), form.get("description")),
            **self.computed(self.reference(prior), form),
        }
