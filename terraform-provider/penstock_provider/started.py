"""What actions that start executions have in common: what is given, and how it is waited for."""

from __future__ import annotations

import time
from collections.abc import Mapping

from penstock_provider.api import ApiError, Json
from penstock_provider.declared import given, namespace_problem
from penstock_provider.duration import duration_problem, seconds_of
from penstock_provider.executions import Executions
from penstock_provider.framework.action import Progress
from penstock_provider.framework.diagnostics import Diagnostics, Failure
from penstock_provider.framework.schema import Attribute
from penstock_provider.framework.values import BOOL, DYNAMIC, STRING, State, map_of, text
from penstock_provider.sentences import failure

STARTED: Mapping[str, Attribute] = {
    "inputs": Attribute(DYNAMIC, "Inputs of the execution: an object.", optional=True),
    "labels": Attribute(map_of(STRING), "Labels of the execution.", optional=True),
    "wait": Attribute(
        BOOL,
        "Whether to wait for the end, and to fail when it is no success; true when not given.",
        optional=True,
    ),
    "timeout": Attribute(
        STRING,
        "How long to wait: an ISO 8601 duration such as `PT30M`. Without it, as long as it takes. "
        "What has started goes on when the time is over.",
        optional=True,
        check=duration_problem,
    ),
}
_DONE = {"SUCCESS", "SKIPPED"}


def flow_attributes(doing: str) -> dict[str, Attribute]:
    """The attributes that name a flow."""
    return {
        "namespace": Attribute(
            STRING, "Namespace of the flow.", required=True, check=namespace_problem
        ),
        "flow_id": Attribute(STRING, f"Id of the flow {doing}.", required=True),
    }


def wanted(config: State) -> Json:
    """The inputs and labels of a configuration, as the server wants them."""
    return given(config, inputs="inputs", labels="labels")


def is_waiting(config: State) -> bool:
    """True when the end is waited for."""
    return config.get("wait") is not False


def patience(config: State) -> float | None:
    """Seconds to wait; None when there is no end to it."""
    return seconds_of(text(config.get("timeout")))


class Watch:
    """Follows one execution and tells what happens."""

    def __init__(self, executions: Executions, execution: str, progress: Progress) -> None:
        self._executions = executions
        self._id = execution
        self._progress = progress
        self._state = ""
        self._tasks: dict[str, str] = {}

    async def end(self, seconds: float | None, diagnostics: Diagnostics) -> None:
        """Waits for the end; ``Failure`` when that is none that anybody wants."""
        deadline = None if seconds is None else time.monotonic() + seconds
        try:
            last = await self._follow(seconds)
            while await self._goes_on(last):
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                last = await self._follow(left)
        except ApiError as error:
            raise failure(error, f"follow execution {self._id}; it goes on") from None
        state, why = str(last.get("state")), _reason(last)
        if state in _DONE:
            return
        if state == "WARNING":
            diagnostics.warning(f"Execution {self._id} ended with warnings", why)
        elif last.get("endedAt"):
            raise Failure(f"Execution {self._id} ended as {state}", why)
        elif self._executions.stopped:
            raise Failure(
                f"Execution {self._id} goes on", "Terraform was told to end, and waits no longer."
            )
        else:
            raise Failure(
                f"Execution {self._id} goes on",
                "It has not ended in the time that `timeout` gives it. Give it more, or do not "
                "`wait`.",
                path=("timeout",),
            )

    async def _follow(self, seconds: float | None) -> Json:
        """The last that is heard of the execution."""
        last: Json = {}
        async for last in self._executions.follow(self._id, seconds):
            self._tell(last)
        return last

    async def _goes_on(self, last: Json) -> bool:
        """True when another execution has taken the place of this one, and is to be followed."""
        later = await self._executions.successor(last) if last.get("state") == "RETRIED" else None
        if later is None:
            return False
        self._progress(f"Execution {self._id} was tried again as {later}")
        self._id = later
        return True

    def _tell(self, form: Json) -> None:
        runs = form.get("taskRuns")
        for run in runs if isinstance(runs, list) else []:
            if isinstance(run, dict) and self._tasks.get(str(run["id"])) != run["state"]:
                self._tasks[str(run["id"])] = str(run["state"])
                if run.get("endedAt"):
                    self._progress(f"Task {run['taskId']}: {run['state']}")
        if form.get("state") != self._state:
            self._state = str(form.get("state"))
            self._progress(f"Execution {self._id}: {self._state}")


def _reason(form: Json) -> str:
    error = form.get("error")
    if isinstance(error, dict) and error.get("message"):
        return f"{error['message']}."
    runs = form.get("taskRuns")
    failed = [
        f"Task `{run['taskId']}` is {run['state']}."
        for run in (runs if isinstance(runs, list) else [])
        if isinstance(run, dict) and run.get("state") not in _DONE
    ]
    return " ".join(failed) or f"`penstock execution get {form.get('id')}` shows more."
