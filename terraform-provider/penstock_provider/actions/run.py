"""Action `penstock_run`: executes a flow once, and waits for its end."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.api import ApiError, Json, Problem
from penstock_provider.declared import given
from penstock_provider.framework.action import Action, Progress
from penstock_provider.framework.diagnostics import Diagnostics
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import NUMBER, State, is_known, text
from penstock_provider.provider import Penstock
from penstock_provider.sentences import attribute_path, failure, tell
from penstock_provider.started import (
    STARTED,
    Watch,
    flow_attributes,
    is_waiting,
    patience,
    wanted,
)


class Run(Action[Penstock]):
    """Executes a flow."""

    schema: ClassVar[Schema] = Schema(
        "Executes a flow and waits for its end: after what it needs was created or changed "
        "(`action_trigger`), or by `terraform apply -invoke=action.penstock_run.x`. An execution "
        "that fails fails the run of Terraform, with the task and its message.",
        {
            **flow_attributes("to execute"),
            "revision": Attribute(
                NUMBER, "Revision of the flow; the present one when not given.", optional=True
            ),
            **STARTED,
        },
    )

    async def plan(self, config: State, diagnostics: Diagnostics) -> None:
        """Asks whether the flow as it is now would take the inputs."""
        if not all(map(is_known, config.values())) or self.provider.planner is None:
            return
        try:
            answer = await self.provider.executions.validate(_body(config))
        except ApiError as error:
            raise self._refused(error, f"plan an execution of {_name(config)}") from None
        problems = answer.get("problems") if answer else None
        for data in problems if isinstance(problems, list) else []:
            problem = Problem.read(data)
            # A warning only: the flow itself may change in this run.
            tell(
                diagnostics,
                Problem(problem.message, error=False, path=problem.path, hint=problem.hint),
                subject=f"Flow {_name(config)} as it is now would not start",
                path=attribute_path(problem, self.schema.attributes, {}),
            )

    async def invoke(self, config: State, diagnostics: Diagnostics, *, progress: Progress) -> None:
        """Starts the execution, and follows it."""
        executions = self.provider.executions
        try:
            execution = str((await executions.start(_body(config)))["id"])
        except ApiError as error:
            raise self._refused(error, f"execute flow {_name(config)}") from None
        progress(f"Execution {execution} of {_name(config)} has started")
        if is_waiting(config):
            await Watch(executions, execution, progress).end(patience(config), diagnostics)

    def _refused(self, error: ApiError, doing: str) -> Exception:
        paths = (attribute_path(each, self.schema.attributes, {}) for each in error.problems)
        return failure(error, doing, path=next(filter(None, paths), ()))


def _name(config: State) -> str:
    return f"{text(config['namespace'])}/{text(config['flow_id'])}"


def _body(config: State) -> Json:
    names = given(config, namespace="namespace", flowId="flow_id", revision="revision")
    return {**names, **wanted(config)}
