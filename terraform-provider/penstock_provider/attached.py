"""Runs Terraform with the provider beside it, so that nothing has to be installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from penstock_provider.parallelism import widened
from penstock_provider.terraform import NoTerraformError, find_terraform


def become(arguments: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Replaces this process by Terraform: signals, terminal and exit code are Terraform's own.

    It works on many objects at a time, unless something speaks against it (see `parallelism.py`).
    The provider is a process beside it that ends when Terraform does, however that ends: it reads a
    pipe whose other end only Terraform holds. Raises ``NoTerraformError``.
    """
    command = find_terraform(environment)
    environment = widened(arguments, environment)
    is_logged = bool(environment.get("TF_LOG") or environment.get("TF_LOG_PROVIDER"))
    reading, holding = os.pipe()
    provider = subprocess.Popen(
        [sys.executable, "-I", "-m", "penstock_provider", "--reattach-until-closed"],
        stdin=reading,
        stdout=subprocess.PIPE,
        # Nobody sorts its log out of Terraform's own words here.
        stderr=None if is_logged else subprocess.DEVNULL,
        env=environment,
        # Ctrl-C is for Terraform, which tells the provider.
        start_new_session=True,
    )
    os.close(reading)
    os.set_inheritable(holding, True)
    assert provider.stdout is not None
    try:
        attached: dict[str, str] = json.loads(provider.stdout.readline())
    except ValueError:
        raise NoTerraformError(
            "The provider did not start. With TF_LOG=debug it says why."
        ) from None
    sys.stdout.flush()
    sys.stderr.flush()
    # The user names the program.
    os.execvpe(command[0], [*command, *arguments], {**environment, **attached})  # noqa: S606
