"""Puts the provider where Terraform and OpenTofu look for it, so that `init` works offline."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from penstock_provider import __version__
from penstock_provider.package import PROGRAM, archive, build, checksum

ADDRESSES = ("registry.terraform.io/penstock/penstock", "registry.opentofu.org/penstock/penstock")
"""What the source `penstock/penstock` means to Terraform and to OpenTofu."""
PLATFORMS = ("darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64")
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64", "i686": "386"}


class CannotInstallError(Exception):
    """The provider cannot be put there; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Installed:
    """Where the provider is now, and what a lock file calls it."""

    program: Path
    folders: Sequence[Path]
    checksum: str


def platform_name() -> str:
    """This machine in Terraform's words, such as `linux_amd64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{_MACHINES.get(machine, machine)}"


def platforms() -> tuple[str, ...]:
    """Those that the file is for; it is the same for all, so this machine is among them."""
    own = platform_name()
    if own.startswith("windows"):
        raise CannotInstallError(
            "There is no provider for Windows in this release. Use WSL, where it runs as on Linux."
        )
    return tuple(sorted({*PLATFORMS, own}))


def install(directory: Path | None = None) -> Path:
    """Puts the provider below `directory`, or where this user's Terraform and OpenTofu look.

    The path of this machine's program. See `place`.
    """
    return place(user_folders() if directory is None else [directory]).program


def place(folders: Sequence[Path]) -> Installed:
    """Writes the program into folders, in the layout of a filesystem mirror.

    It is there for all platforms and for both addresses. What is there already stays as it is.
    Raises `CannotInstallError`.
    """
    names, program = platforms(), build()
    for root in folders:
        first: Path | None = None
        for address in ADDRESSES:
            for name in names:
                path = root / address / __version__ / name / PROGRAM
                _write(path, program, mode=0o755, same=first)
                first = first or path
    here = folders[0] / ADDRESSES[0] / __version__ / platform_name() / PROGRAM
    return Installed(here, folders, checksum(program))


def mirror(directory: Path) -> Installed:
    """Writes zips with the indexes of Terraform's network mirror protocol.

    The folder serves from any web server, and as a `filesystem_mirror` too. Other versions and
    providers in it stay.
    """
    names, program = platforms(), build()
    packed = archive({PROGRAM: program})
    first: Path | None = None
    for address in ADDRESSES:
        folder = directory / address
        archives = {name: f"terraform-provider-penstock_{__version__}_{name}.zip" for name in names}
        for file in archives.values():
            _write(folder / file, packed, mode=0o644, same=first)
            first = first or folder / file
        hashes = [checksum(program)]
        described = {name: {"hashes": hashes, "url": file} for name, file in archives.items()}
        _write_json(folder / f"{__version__}.json", {"archives": described})
        known = _read_json(folder / "index.json").get("versions")
        versions = {**(known if isinstance(known, dict) else {}), __version__: {}}
        _write_json(folder / "index.json", {"versions": dict(sorted(versions.items()))})
    here = f"terraform-provider-penstock_{__version__}_{platform_name()}.zip"
    return Installed(directory / ADDRESSES[0] / here, [directory], checksum(program))


def user_folders() -> list[Path]:
    """Where Terraform and OpenTofu look by themselves, without any configuration."""
    found = [Path.home() / ".terraform.d" / "plugins"]
    data = Path(os.environ.get("XDG_DATA_HOME", ""))
    if data.is_absolute():
        # OpenTofu looks here as long as the other is not there.
        found.append(data / "opentofu" / "plugins")
    return found


def vendored(directory: Path) -> Path:
    """Where Terraform looks first when it runs in `directory`."""
    return directory / "terraform.d" / "plugins"


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


def _write(path: Path, data: bytes, *, mode: int, same: Path | None = None) -> None:
    """Writes a file, whole or not at all; as another name of `same` where that can be."""
    try:
        if path.is_file() and path.read_bytes() == data and path.stat().st_mode & 0o777 == mode:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as aside:
            fresh = Path(aside) / path.name
            if same is not None:
                with contextlib.suppress(OSError):
                    fresh.hardlink_to(same)
            if not fresh.exists():
                fresh.write_bytes(data)
                fresh.chmod(mode)
            fresh.replace(path)
    except OSError as error:
        raise CannotInstallError(
            f"Cannot write {path}: {error.strerror}. Choose a folder in which you may write, or "
            "mend its permissions."
        ) from None


def _write_json(path: Path, document: Mapping[str, object]) -> None:
    _write(path, json.dumps(document, indent=2).encode() + b"\n", mode=0o644)


def _read_json(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}
