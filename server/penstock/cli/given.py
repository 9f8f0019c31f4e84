"""Inputs and secrets that a command line gives to an execution."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from penstock.cli.file import pairs, text_of
from penstock.errors import InvalidObject
from penstock.model.problem import Problem

if TYPE_CHECKING:
    from penstock.model.frozen import Json

_SECRET = "PENSTOCK_SECRET_"  # noqa: S105 - the beginning of a variable's name


def input_options(command: Callable[..., int]) -> Callable[..., int]:  # as `Decorator`
    """Adds ``--input`` and ``--inputs``, as `inputs` and `inputs_file`."""
    one = click.option("--input", "inputs", multiple=True, help="key=value. Repeatable.")
    file = click.option(
        "--inputs",
        "inputs_file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        default=None,
        help="JSON or YAML file with inputs.",
    )
    return one(file(command))


def inputs_of(given: Iterable[str], path: Path | None) -> dict[str, Json]:
    """The inputs of a file, with those given one by one over them. Raises `InvalidObject`."""
    return {**_of_file(path), **dict(pairs(given, "--input"))}


def secrets_of(given: Iterable[str], environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Secrets by key: those of ``PENSTOCK_SECRET_<KEY>``, with those given over them.

    Raises `InvalidObject`; its message does not hold what was given.
    """
    secrets = {
        name.removeprefix(_SECRET): value
        for name, value in environment.items()
        if name.startswith(_SECRET) and name != _SECRET
    }
    for each in given:
        key, separator, value = each.partition("=")
        if not separator or not key:
            raise InvalidObject(
                "A `--secret` is not of the form KEY=value.",
                hint=f"Or set {_SECRET}<KEY> in the environment, where no other user sees it.",
            )
        secrets[key] = value
    return secrets


def _of_file(path: Path | None) -> dict[str, Json]:
    if path is None:
        return {}
    text = text_of(path)
    found = _json(path, text) if path.suffix == ".json" else _yaml(path, text)
    if not isinstance(found, dict):
        raise _wrong(path, "This is no map of inputs.", hint="It holds `name: value` lines.")
    return cast("dict[str, Json]", found)


def _json(path: Path, text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError):
            raise _wrong(
                path, f"This is not JSON: {error.msg}.", line=error.lineno, column=error.colno
            ) from None
        raise _wrong(path, f"This is not JSON: {error}.") from None


def _yaml(path: Path, text: str) -> object:
    import yaml  # noqa: PLC0415 - only for this option

    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise _wrong(
            path, f"This is not YAML: {error.problem}.", line=line, column=column
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        raise _wrong(path, f"This is not YAML: {error}.") from None


def _wrong(
    path: Path, message: str, *, line: int = 1, column: int = 1, hint: str | None = None
) -> InvalidObject:
    problem = Problem(
        message, line=line, column=column, code="invalid-inputs", hint=hint, file=str(path)
    )
    return InvalidObject(f"{path} holds no inputs.", problems=[problem], hint=hint)
