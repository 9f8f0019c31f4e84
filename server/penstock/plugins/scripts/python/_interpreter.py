"""Finds the Python that a task asks for among those that are installed."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
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
    found = {".".join(platform.python_version_tuple()[:2])}
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        for program in Path(folder or ".").glob("python3.*"):
            named = re.fullmatch(r"python(3\.\d+)", program.name)
            if named is not None and named[1] not in found and _version(str(program)):
                found.add(named[1])
    return ", ".join(sorted(found, key=lambda each: [int(part) for part in each.split(".")]))
