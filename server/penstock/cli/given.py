"""Inputs and secrets that a command line gives to an execution."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
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
    one = click.option(
        "--input", "inputs", multiple=True, help="key=value, or key=@file for a file. Repeatable."
    )
    file = click.option(
        "--inputs",
        "inputs_file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        default=None,
        help="JSON or YAML file with inputs.",
    )
    return one(file(command))


@dataclass(frozen=True, slots=True)
class Given:
    """Inputs by id; `files` are those that are given as files."""

    values: dict[str, Json]
    files: dict[str, Path]

    @property
    def all(self) -> dict[str, Json]:
        """Every input; a file by its path."""
        return {**self.values, **{name: str(path) for name, path in self.files.items()}}


def inputs_of(given: Iterable[str], path: Path | None) -> Given:
    """The inputs of a file, with those given one by one over them.

    `key=@path` gives a file, `key=@@text` a text that begins with `@`. Raises `InvalidObject`.
    """
    values, files = _of_file(path), dict[str, Path]()
    for key, text in pairs(given, "--input"):
        values.pop(key, None)
        if text.startswith("@@"):
            values[key] = text[1:]
        elif text.startswith("@"):
            files[key] = _file(key, Path(text[1:]))
        else:
            values[key] = text
    return Given(values, files)


def values_of(given: Iterable[str]) -> dict[str, Json]:
    """Inputs where no files can be sent. Raises `InvalidObject`."""
    found = inputs_of(given, None)
    for name in found.files:
        raise InvalidObject(
            f"The input `{name}` is given as a file, and files are only sent with a new execution.",
            hint="Give the URI of a stored file, penstock:///….",
        )
    return found.values


def _file(key: str, path: Path) -> Path:
    if path.is_file():
        return path
    raise InvalidObject(
        f"There is no file {path} for the input `{key}`.",
        hint=f"Write `--input {key}=@@…` for a text that begins with `@`.",
    )


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
