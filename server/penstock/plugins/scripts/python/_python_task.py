"""What both Python script tasks share."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, AliasChoices, Field

from penstock.model.dynamic import Dynamic
from penstock.model.task import LogLevel
from penstock.plugins.scripts.process import base_environment
from penstock.plugins.scripts.python._interpreter import interpreter
from penstock.plugins.scripts.python._virtual_environment import VirtualEnvironment
from penstock.plugins.scripts.script_task import ScriptTask
from penstock.plugins.text import Text
from penstock.sdk.context import RunContext

_PACKAGES = ".packages"
_PROGRAMS = ".bin"
_OWN = ".venv"


def _package(each: str) -> str:
    if each.lstrip().startswith("-") or not each.strip():
        raise ValueError(f"'{each}' is no package; options belong into pip's configuration")
    return each


Package = Annotated[str, AfterValidator(_package)]
"""A requirement as pip takes it, and no option."""


class PythonTask(ScriptTask):
    """A script task in which `python` is the interpreter that runs the server.

    With `dependencies` it is one of an environment with these packages, which is made at first
    use and kept for all runs that ask for the same.
    """

    own_files: ClassVar[frozenset[str]] = ScriptTask.own_files | {_PACKAGES, _PROGRAMS, _OWN}

    dependencies: Annotated[
        Dynamic[tuple[Package, ...]],
        Field(
            description="Packages to install, such as `pandas>=2`.",
            validation_alias=AliasChoices("dependencies", "requirements"),
        ),
    ] = ()
    python_version: Annotated[
        Dynamic[Text | None],
        Field(description="A version that is installed beside the server, such as `3.13`."),
    ] = None
    package_manager: Annotated[
        Dynamic[Literal["UV", "PIP"] | None],
        Field(description="What installs; UV where it is there, else PIP."),
    ] = None
    dependency_cache_enabled: Annotated[
        Dynamic[bool],
        Field(description="Whether runs with the same dependencies share one environment."),
    ] = True
    uv_auto_install_enabled: Annotated[
        bool | None, Field(description="Accepted for old flows; has no effect.")
    ] = None

    def language_environment(self, context: RunContext) -> dict[str, str]:
        """Makes `python` and `pip` work; what `pip` installs stays in the working directory.

        So no script changes the packages of the running server, or those of other runs.
        """
        directory = context.working_directory
        packages = directory / _PACKAGES
        python = interpreter(self.python_version)
        programs = [f"{packages}/bin", os.environ.get("PATH", os.defpath)]
        found: dict[str, str] = {}
        if self.dependencies:
            wanted = VirtualEnvironment(python, self.dependencies, self._uv(context))
            folder = wanted.folder(context, cached=self.dependency_cache_enabled)
            programs.insert(1, f"{folder}/bin")
            found["VIRTUAL_ENV"] = str(folder)
        else:
            programs.insert(1, str(_folder_with_python(directory, python)))
        return {
            **found,
            "PATH": ":".join(programs),
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            "PYTHONPATH": str(packages),
            "PYTHONUSERBASE": str(packages),
            "PIP_TARGET": str(packages),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }

    def _uv(self, context: RunContext) -> str | None:
        if self.package_manager == "PIP":
            return None
        uv = shutil.which("uv", path=base_environment(os.environ).get("PATH"))
        if uv is None and self.package_manager == "UV":
            context.log("There is no `uv` where the server runs: pip installs.", LogLevel.DEBUG)
        return uv


def _folder_with_python(directory: Path, python: str) -> Path:
    """Where `python` is this interpreter; made when it goes by another name in its folder."""
    folder = Path(python).parent
    if python == sys.executable and (folder / "python").exists():
        return folder
    made = directory / _PROGRAMS
    made.mkdir(exist_ok=True)
    for name, before in (("python", ""), ("python3", ""), ("pip", "-m pip ")):
        program = made / name
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(python)} {before}"$@"\n')
        program.chmod(0o700)
    return made
