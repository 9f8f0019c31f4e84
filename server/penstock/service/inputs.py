"""The inputs of an execution that is about to start, whoever starts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from penstock.errors import InvalidInputs
from penstock.language.inputs import NOT_TAKEN, Resolved, examine_inputs, unknown_inputs, values_of
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.model.sealed import holds_sealed
from penstock.service.port import Renderer


@dataclass(frozen=True, slots=True)
class Given:
    """What is given, and what expressions of the declarations see beside it.

    `is_rendered` says that it was computed, and so may hold secrets that were read for it.
    """

    values: Mapping[str, Json]
    variables: Mapping[str, Json]
    is_rendered: bool = False


def resolved(flow: Flow, given: Given, renderer: Renderer) -> dict[str, Json]:
    """The values of a flow's inputs, secret ones sealed.

    Raises `InvalidInputs` with one problem per input, none of which shows a secret.
    """
    found = examined(flow, given, renderer)
    problems = [each.problem for each in found if each.problem is not None]
    if problems:
        raise refused(flow, problems)
    return values_of(found)


def examined(flow: Flow, given: Given, renderer: Renderer) -> list[Resolved]:
    """What becomes of each input; raises nothing, and no problem shows a secret."""

    def render(value: Json, inputs: dict[str, Json], /) -> Json:
        return renderer.render(value, {**given.variables, "inputs": inputs}, typed=True)

    found = examine_inputs(flow.inputs, given.values, render, seal=renderer.seal)
    masker = renderer.masker

    def safe(each: Resolved) -> Resolved:
        problem = each.problem
        if problem is not None:
            return replace(each, problem=replace(problem, message=masker.text(problem.message)))
        if (given.is_rendered or not each.is_given) and masker.holds(each.kept):
            return replace(each, value=None, kept=None, problem=_readable(each.id))
        return each

    return [safe(each) for each in found]


def unread(flow: Flow, inputs: Mapping[str, Json]) -> tuple[str, ...]:
    """A line for the log for each given value that is of no input."""
    return tuple(
        f"{problem.message} {problem.hint or ''}".rstrip()
        for problem in unknown_inputs(flow.inputs, inputs)
    )


def refuse_sealed(given: Json, path: str) -> None:
    """Raises `InvalidInputs` when somebody gives a secret in the form in which it is kept, so that
    expressions would open it for them.
    """
    if holds_sealed(given):
        problem = Problem(NOT_TAKEN, path=path, code="sealed-value")
        raise InvalidInputs(NOT_TAKEN, problems=[problem])


def refused(flow: Flow, problems: Sequence[Problem]) -> InvalidInputs:
    """The refusal for some problems."""
    return InvalidInputs(
        f"The inputs do not fit the flow {flow.namespace}/{flow.id}: "
        + "; ".join(problem.message for problem in problems),
        problems=problems,
        hint=problems[0].hint,
    )


def _readable(name: str) -> Problem:
    return Problem(
        f"The input `{name}` holds a secret, and all inputs but SECRET ones are stored readable.",
        path=f"inputs.{name}",
        code="secret-input",
        hint="Declare it with `type: SECRET`, or read the secret in the task that needs it.",
    )
