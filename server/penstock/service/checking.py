"""Decides whether somebody may start a flow with these inputs (`checks`)."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.engine.variables import task_variables
from penstock.errors import ExecutionBlocked
from penstock.expression.error import ExpressionError
from penstock.model.check import Check, CheckBehavior
from penstock.model.execution import Execution
from penstock.model.flow import Flow
from penstock.model.problem import Problem
from penstock.service.port import Renderer

_BLOCKED = "Flow execution blocked: one or more condition checks evaluated to false."
_FAILED = "Flow execution failed: one or more condition checks evaluated to false."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an execution's checks came to.

    `refusal` is why it is created as FAILED; `warnings` belong into its log.
    """

    refusal: str | None = None
    warnings: tuple[str, ...] = ()


PASSED = Verdict()


def broken(flow: Flow, execution: Execution, renderer: Renderer) -> tuple[tuple[Check, str], ...]:
    """The checks that do not hold for an execution whose inputs are resolved, with what to say."""
    asked = ((check, _message(check, execution, flow, renderer)) for check in flow.checks)
    return tuple((check, message) for check, message in asked if message is not None)


def examine(flow: Flow, execution: Execution, renderer: Renderer) -> Verdict:
    """Evaluates a flow's checks for an execution whose inputs are resolved.

    Of the checks that do not hold the strictest decides. Raises `ExecutionBlocked` with a
    problem for each of them when there must be no execution.
    """
    found = broken(flow, execution, renderer)
    if not found:
        return PASSED
    messages = tuple(message for _, message in found)
    behaviors = {check.behavior for check, _ in found}
    if CheckBehavior.BLOCK_EXECUTION in behaviors:
        problems = [Problem(message, path="checks", code="check") for message in messages]
        raise ExecutionBlocked(f"{_BLOCKED} {'; '.join(messages)}", problems=problems)
    if CheckBehavior.FAIL_EXECUTION in behaviors:
        return Verdict(f"{_FAILED} {'; '.join(messages)}", messages)
    return Verdict(warnings=messages)


def _message(check: Check, execution: Execution, flow: Flow, renderer: Renderer) -> str | None:
    """The message of a check that does not hold; one that cannot be evaluated does not."""
    variables = task_variables(flow, execution, None, None)
    try:
        value = renderer.render(check.when, variables, typed=True)
        if value is True or (isinstance(value, str) and value.strip().lower() == "true"):
            return None
        return renderer.masker.text(str(renderer.render(check.message, variables)))
    except ExpressionError as error:
        return renderer.masker.text(f"{check.message} (The check cannot be evaluated: {error})")
