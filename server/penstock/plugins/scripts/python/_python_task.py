"""What both Python script tasks share."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from penstock.plugins.scripts.script_task import ScriptTask

_PACKAGES = ".packages"
_PROGRAMS = ".bin"


class PythonTask(ScriptTask):
    """A script task in which `python` is the interpreter that runs the server."""

    own_files: ClassVar[frozenset[str]] = ScriptTask.own_files | {_PACKAGES, _PROGRAMS}

    dependencies: Annotated[
        tuple[str, ...],
        Field(description="Not supported: install in beforeCommands with pip instead."),
    ] = ()

    @field_validator("dependencies")
    @classmethod
    def _none(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value:
            raise ValueError(
                "'dependencies' is not supported by the process runner: install them in "
                f"beforeCommands, as in 'pip install {shlex.join(value)}'"
            )
        return value

    def language_environment(self, directory: Path) -> dict[str, str]:
        """Makes `python` and `pip` work; what `pip` installs stays in the working directory.

        So no script changes the packages of the running server.
        """
        packages = str(directory / _PACKAGES)
        return {
            "PATH": f"{_folder_with_python(directory)}:{os.environ.get('PATH', os.defpath)}",
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            "PYTHONPATH": packages,
            "PIP_TARGET": packages,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }


def _folder_with_python(directory: Path) -> Path:
    """Where `python` is the server's interpreter; made when there is only a `python3.x`."""
    folder = Path(sys.executable).parent
    if (folder / "python").exists():
        return folder
    made = directory / _PROGRAMS
    made.mkdir(exist_ok=True)
    program = made / "python"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    program.chmod(0o700)
    return made
