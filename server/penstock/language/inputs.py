"""Turns what a caller gives into the inputs that a flow declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, cast

from penstock.errors import InvalidInputs
from penstock.expression import ExpressionError
from penstock.language.input_order import Entry, entries, ordered, wanted
from penstock.language.shape import nearest_name
from penstock.model.frozen import Json
from penstock.model.input import ChoiceInput, Input, SingleInput, Unfit
from penstock.model.problem import Problem, Severity
from penstock.model.sealed import holds_sealed

_MISSING = object()
_NO_KEY = "Unable to use a `SECRET` input/output as encryption is not configured"
NOT_TAKEN = "Encrypted secrets are not taken: give the text itself to a SECRET input."

Seal = Callable[[str], Json]
"""Encrypts a text for where it is kept."""


class Render(Protocol):
    """Renders an expression of a declaration; of the inputs it sees those that it depends on."""

    def __call__(self, value: Json, inputs: dict[str, Json], /) -> Json:
        """The rendered value. Raises `ExpressionError`."""
        ...


@dataclass(frozen=True, slots=True)
class Resolved:
    """What became of one input: `value` as expressions see it, `kept` as it is stored.

    They differ for secrets. An input that is not `enabled` is absent; `is_given` says that the
    caller gave the value.
    """

    id: str
    declared: SingleInput
    value: Json = None
    kept: Json = None
    enabled: bool = True
    is_given: bool = False
    problem: Problem | None = None


def resolve_inputs(
    inputs: Sequence[Input],
    given: Mapping[str, Json],
    render: Render,
    *,
    seal: Seal | None = None,
) -> dict[str, Json]:
    """Values of all declared inputs by id, `a.b` as a map within a map.

    Defaults are rendered and taken where nothing is given; an input that is not required and not
    given is null, one that `dependsOn` disables is absent. What is given without being declared
    is left out (`unknown_inputs` names it).

    Args:
        inputs: of a flow, or of a task that asks for some.
        given: what the caller gives, by id or in nested maps.
        render: renders defaults, conditions and the choices of selects.
        seal: encrypts the value of a SECRET; without it there can be none.

    Raises:
        InvalidInputs: with one problem for each input that is missing or does not fit.
    """
    found = examine_inputs(inputs, given, render, seal=seal)
    problems = [each.problem for each in found if each.problem is not None]
    if problems:
        message = "\n".join(problem.message for problem in problems)
        raise InvalidInputs(message, problems=problems)
    return values_of(found)


def values_of(found: Sequence[Resolved]) -> dict[str, Json]:
    """The values of inputs without problems, as they are stored."""
    values: dict[str, Json] = {}
    for each in found:
        if each.enabled:
            put(values, each.id, each.kept)
    return values


def examine_inputs(
    inputs: Sequence[Input],
    given: Mapping[str, Json],
    render: Render,
    *,
    seal: Seal | None = None,
) -> list[Resolved]:
    """What becomes of each input, in the order of the text; raises nothing.

    A secret is sealed before anything that depends on it is rendered.
    """
    found = entries(inputs)
    made: dict[str, Resolved] = {}
    for entry in ordered(found):
        made[entry.id] = _kept(_examine(entry, found, made, given, render), seal)
    return [made[entry.id] for entry in found]


def _kept(found: Resolved, seal: Seal | None) -> Resolved:
    if not found.declared.is_secret or found.value is None:
        if holds_sealed(found.value):
            refusal = _problem(found.id, found.declared, _invalid(found.id, NOT_TAKEN))
            return replace(found, value=None, problem=refusal)
        return replace(found, kept=found.value)
    try:
        if seal is None:
            raise ExpressionError(_NO_KEY)  # noqa: TRY301 - as `seal` says it
        return replace(found, kept=seal(cast("str", found.value)))
    except ExpressionError as error:
        problem = _problem(found.id, found.declared, _invalid(found.id, error.message))
        return replace(found, value=None, problem=problem)


def _examine(
    entry: Entry,
    found: Sequence[Entry],
    made: Mapping[str, Resolved],
    given: Mapping[str, Json],
    render: Render,
) -> Resolved:
    name, declared = entry.id, entry.declared
    visible: dict[str, Json] = {}
    try:
        if (entry.needs or entry.conditions) and not _is_enabled(
            entry, found, made, visible=visible, render=render
        ):
            return Resolved(name, declared, enabled=False)
        declared = _with_choices(declared, lambda value: render(value, visible))
        value, is_given = _value(declared, pick(given, name), lambda it: render(it, visible))
    except (Unfit, ExpressionError) as error:
        cause = error.message if isinstance(error, ExpressionError) else str(error)
        return Resolved(name, declared, problem=_problem(name, declared, _invalid(name, cause)))
    if value is None and declared.required:
        missing = _problem(name, declared, f"Missing required input:{name}", "missing-input")
        return Resolved(name, declared, problem=missing)
    return Resolved(name, declared, value, is_given=is_given)


def _is_enabled(
    entry: Entry,
    found: Sequence[Entry],
    made: Mapping[str, Resolved],
    *,
    visible: dict[str, Json],
    render: Render,
) -> bool:
    """Whether the input is there; fills what its expressions see."""
    for need in entry.needs:
        targets = [made[name] for name in wanted((need,), found) if name in made]
        if not any(target.enabled and target.value is not None for target in targets):
            return False
        for target in targets:
            if target.enabled and target.problem is None:
                put(visible, target.id, target.value)
    return all(_holds(condition, visible, render) for condition in entry.conditions)


def _holds(condition: Json, visible: dict[str, Json], render: Render) -> bool:
    try:
        answer = render(condition, visible)
    except ExpressionError as error:
        raise Unfit(f"Cannot render the condition of 'dependsOn'. {error.message}") from None
    return answer is True or (isinstance(answer, str) and answer.strip().lower() == "true")


def _with_choices(declared: SingleInput, render: Callable[[Json], Json]) -> SingleInput:
    if not isinstance(declared, ChoiceInput) or declared.expression is None:
        return declared
    try:
        rendered = render(declared.expression)
    except ExpressionError as error:
        raise Unfit(f"Cannot render 'expression'. Cause: {error.message}") from None
    return declared.with_choices(rendered)


def _value(
    declared: SingleInput, given: Json | object, render: Callable[[Json], Json]
) -> tuple[Json, bool]:
    if given is not _MISSING and given is not None and (given != "" or declared.empty_is_value):
        return declared.cast(cast("Json", given)), True
    value = render(declared.defaults) if declared.defaults is not None else None
    if value is None or (value == "" and not declared.empty_is_value):
        value = declared.own_default()
    return None if value is None else declared.cast(value), False


def unknown_inputs(inputs: Sequence[Input], given: Mapping[str, Json]) -> tuple[Problem, ...]:
    """A warning for each given input that the flow does not declare."""
    known = {entry.id for entry in entries(inputs)}
    groups = {name[:at] for name in known for at in range(len(name)) if name[at] == "."}
    warnings: list[Problem] = []
    for name in _unknown(given, known, groups):
        near = nearest_name(name, known)
        warnings.append(
            Problem(
                f"The flow declares no input `{name}`; it is ignored.",
                path=f"inputs.{name}",
                code="unknown-input",
                hint=f"Did you mean `{near}`?" if near else None,
                severity=Severity.WARNING,
            )
        )
    return tuple(warnings)


def _unknown(
    given: Mapping[str, Json], known: set[str], groups: set[str], prefix: str = ""
) -> Iterator[str]:
    for key, value in given.items():
        name = f"{prefix}{key}"
        if name in known:
            continue
        if name in groups and isinstance(value, Mapping):
            yield from _unknown(value, known, groups, f"{name}.")
        elif name not in groups or value is not None:
            yield name


def _invalid(name: str, cause: str) -> str:
    return f"Invalid value for input `{name}`. Cause: {cause}"


def _problem(
    name: str, declared: SingleInput, message: str, code: str = "invalid-input"
) -> Problem:
    hint = f"It takes {declared.takes()}."
    if declared.description:
        hint = f"{hint} {declared.description}"
    return Problem(message, path=f"inputs.{name}", code=code, hint=hint)


def pick(given: Mapping[str, Json], name: str) -> Json | object:
    """What is given for an id, flat or in nested maps."""
    if name in given:
        return given[name]
    value: object = given
    for step in name.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return _MISSING
        value = value[step]
    return value


def is_given(given: Mapping[str, Json], name: str) -> bool:
    """Whether something is given for an id."""
    return pick(given, name) is not _MISSING


def put(values: dict[str, Json], name: str, value: Json) -> None:
    """Sets the value of an id; dots make maps within maps."""
    *groups, last = name.split(".")
    for group in groups:
        inner = values.setdefault(group, {})
        if not isinstance(inner, dict):
            return
        values = inner
    values[last] = value
