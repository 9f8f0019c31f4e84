"""Puts the provider where Terraform looks for it, so that `terraform init` works offline."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from pathlib import Path

from penstock_provider import __version__

ADDRESSES = ("registry.terraform.io/penstock/penstock", "registry.opentofu.org/penstock/penstock")
"""What the source `penstock/penstock` means to Terraform and to OpenTofu."""
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64", "i686": "386"}


def platform_name() -> str:
    """This machine in Terraform's words, such as `linux_amd64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{_MACHINES.get(machine, machine)}"


def install(directory: Path | None = None) -> Path:
    """Writes the filesystem mirror's layout below ``directory``; the path of Terraform's program.

    Without ``directory`` it is `~/.terraform.d/plugins`, where Terraform and OpenTofu look by
    themselves.
    """
    root = Path.home() / ".terraform.d" / "plugins" if directory is None else directory
    program, *_ = (_place(root / address) for address in ADDRESSES)
    return program


def _place(address: Path) -> Path:
    folder = address / __version__ / platform_name()
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
    addresses = ", ".join(f'"{address}"' for address in ADDRESSES)
    return (
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f'    path    = "{path}"\n'
        f"    include = [{addresses}]\n"
        "  }\n"
        "  direct {\n"
        f"    exclude = [{addresses}]\n"
        "  }\n"
        "}\n"
    )
