"""Terraform, run on one stack: init, a saved plan, and apply of exactly that plan."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from penstock_cdktf.document import JsonValue
from penstock_cdktf.errors import TerraformError

PLAN = "penstock.tfplan"
_CHANGED = 2


def find_command(given: Sequence[str] | None, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the command: the one given, PENSTOCK_TERRAFORM, else terraform or tofu on PATH."""
    if given:
        return tuple(given)
    if named := environ.get("PENSTOCK_TERRAFORM"):
        return tuple(shlex.split(named))
    for name in ("terraform", "tofu"):
        if found := shutil.which(name, path=environ.get("PATH")):
            return (found,)
    raise TerraformError(
        "There is neither terraform nor tofu on PATH. Install one (1.11 or newer), or name it in "
        "PENSTOCK_TERRAFORM."
    )


@dataclass(frozen=True, slots=True)
class Terraform:
    """Terraform in one stack's folder; `quiet` sends its own words to stderr."""

    command: Sequence[str]
    folder: Path
    environ: Mapping[str, str]
    lock_timeout: str = "60s"
    quiet: bool = False

    def init(self) -> None:
        """Prepares backend and provider; silent unless it fails."""
        # The lock of the last run speaks of a provider that may have been built anew since; the
        # stack's folder is build output, so nobody could have reviewed it.
        (self.folder / ".terraform.lock.hcl").unlink(missing_ok=True)
        done = subprocess.run(
            self._arguments("init", "-input=false", "-no-color"),
            env=dict(self.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            sys.stderr.write(done.stdout.decode(errors="replace"))
            raise TerraformError("terraform init failed; its reasons are above.")

    def plan(self) -> bool:
        """Saves a plan in the folder; returns whether it would change anything."""
        code = self._run(
            "plan",
            "-input=false",
            f"-lock-timeout={self.lock_timeout}",
            "-detailed-exitcode",
            f"-out={PLAN}",
            allowed=(0, _CHANGED),
        )
        return code == _CHANGED

    def show(self) -> dict[str, JsonValue]:
        """Returns the saved plan as JSON."""
        done = subprocess.run(
            self._arguments("show", "-json", "-no-color", PLAN),
            env=dict(self.environ),
            stdout=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            raise TerraformError(f"terraform show failed with exit code {done.returncode}.")
        return cast("dict[str, JsonValue]", json.loads(done.stdout))

    def apply(self) -> None:
        """Applies the saved plan, and nothing else."""
        self._run("apply", "-input=false", f"-lock-timeout={self.lock_timeout}", PLAN)

    def forget(self) -> None:
        """Removes the saved plan."""
        (self.folder / PLAN).unlink(missing_ok=True)

    def _arguments(self, verb: str, *rest: str) -> list[str]:
        return [*self.command, f"-chdir={self.folder}", verb, *rest]

    def _run(self, verb: str, *rest: str, allowed: Sequence[int] = (0,)) -> int:
        plain = () if sys.stdout.isatty() and not self.quiet else ("-no-color",)
        options, files = [one for one in rest if one != PLAN], [one for one in rest if one == PLAN]
        # What we have printed must stand before what Terraform prints.
        sys.stdout.flush()
        done = subprocess.run(
            self._arguments(verb, *options, *plain, *files),
            env=dict(self.environ),
            stdout=sys.stderr.fileno() if self.quiet else None,
            check=False,
        )
        if done.returncode not in allowed:
            raise TerraformError(
                f"terraform {verb} failed with exit code {done.returncode}; its reasons are above."
            )
        return done.returncode


def environment_for(name: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Returns the variables for Terraform: PENSTOCK_TOKEN is the token of this environment."""
    from penstock_cdktf.server import token_for  # noqa: PLC0415  # HTTP, for its naming rule only

    result = dict(environ)
    # The provider is a Python program: the one that runs here is new enough.
    result.setdefault("PENSTOCK_PYTHON", sys.executable)
    if token := token_for(name, environ):
        result["PENSTOCK_TOKEN"] = token
    # The provider asks where the configuration says, not where a shell happened to point.
    result.pop("PENSTOCK_URL", None)
    return result
