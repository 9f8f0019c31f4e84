"""Puts the provider where Terraform looks for it, so that `terraform init` works offline."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from pathlib import Path

from penstock_provider import __version__

ADDRESS = "registry.terraform.io/penstock/penstock"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64", "i686": "386"}


def platform_name() -> str:
    """This machine in Terraform's words, such as `linux_amd64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{_MACHINES.get(machine, machine)}"


def install(directory: Path | None = None) -> Path:
    """Writes the filesystem mirror's layout below ``directory``; the path of the program in it.

    Without ``directory`` it is `~/.terraform.d/plugins`, where Terraform looks by itself.
    """
    root = Path.home() / ".terraform.d" / "plugins" if directory is None else directory
    folder = root / ADDRESS / __version__ / platform_name()
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / f"terraform-provider-penstock_v{__version__}"
    text = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -m penstock_provider "$@"\n'
    if not program.exists() or program.read_text() != text:
        fresh = program.with_suffix(f".{os.getpid()}")
        fresh.write_text(text)
        fresh.chmod(0o755)
        fresh.replace(program)
    return program


def configuration(directory: Path) -> str:
    """Text of a CLI configuration file that takes this provider from ``directory``."""
    path = str(directory.resolve()).replace("\\", "\\\\").replace('"', '\\"')
    return (
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f'    path    = "{path}"\n'
        f'    include = ["{ADDRESS}"]\n'
        "  }\n"
        "  direct {\n"
        f'    exclude = ["{ADDRESS}"]\n'
        "  }\n"
        "}\n"
    )
