"""Finds the Python that a task asks for among those that are installed."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from penstock.plugins.scripts.process import base_environment
from penstock.sdk.task import TaskFailed

_ASKS = "import platform; print(platform.python_version())"
_PATIENCE_SECONDS = 20


def interpreter(version: str | None) -> str:
    """The program of a version such as `3.13`, that of the server by default.

    Raises `TaskFailed` with a sentence that names those that there are.
    """
    if version is None or _is(platform.python_version(), version):
        return sys.executable
    if not re.fullmatch(r"\d+(\.\d+){0,2}", version):
        raise TaskFailed(f"`pythonVersion` '{version}' is no version. Write one such as 3.13.")
    name = "python" + ".".join(version.split(".")[:2])
    program = shutil.which(name, path=base_environment(os.environ).get("PATH"))
    if program is not None and _is(_version(program), version):
        return program
    raise TaskFailed(
        f"Python {version} is not installed where the server runs; there is {_known()}. Install "
        f"it, so that `{name}` is on PATH, or leave `pythonVersion` out."
    )


def _is(found: str, wanted: str) -> bool:
    return found == wanted or found.startswith(f"{wanted}.")


def _version(program: str) -> str:
    try:
        said = subprocess.run(
            [program, "-c", _ASKS],
            env=base_environment(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip()


def _known() -> str:
    """The versions that would be found by their names, asked all at once: some take their time."""
    own = ".".join(platform.python_version_tuple()[:2])
    path = base_environment(os.environ).get("PATH", os.defpath)
    names = {
        named[1]
        for folder in path.split(os.pathsep)
        for program in Path(folder or ".").glob("python3.*")
        if (named := re.fullmatch(r"python(3\.\d+)", program.name)) is not None
    }
    programs = {
        name: program
        for name in names - {own}
        if (program := shutil.which(f"python{name}", path=path)) is not None
    }
    with ThreadPoolExecutor(max(1, len(programs))) as pool:
        said = zip(programs, pool.map(_version, programs.values()), strict=True)
        found = {own, *(name for name, version in said if version)}
    return ", ".join(sorted(found, key=lambda each: [int(part) for part in each.split(".")]))
