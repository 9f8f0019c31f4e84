"""What both PowerShell tasks share."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.plugins.scripts.language_task import LanguageTask


class PowershellTask(LanguageTask):
    """A task whose commands PowerShell itself takes, not a POSIX shell."""

    program: ClassVar[str] = "pwsh"
    stop_at_failure: ClassVar[str] = "$ErrorActionPreference = 'Stop'"

    interpreter: Annotated[
        Dynamic[Annotated[tuple[str, ...], Field(min_length=1)]],
        Field(description="The program, and its arguments, that takes the commands as one text."),
    ] = ("pwsh", "-NoProfile", "-NonInteractive", "-Command")
