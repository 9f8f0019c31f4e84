"""`scripts.shell.Commands`: runs shell commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.plugins.scripts.script_task import ScriptTask


class Commands(ScriptTask):
    """Runs shell commands, one after the other, in one shell.

    Example:
        id: count_lines
        namespace: company.team
        tasks:
          - id: count
            type: scripts.shell.Commands
            inputFiles:
              names.txt: |
                Ada
                Grace
            commands:
              - wc -l < names.txt
              - echo '::{"outputs":{"checked":true}}::'
    """

    commands: Annotated[
        Dynamic[Annotated[tuple[str, ...], Field(min_length=1)]],
        Field(description="The commands, in order."),
    ]

    def command_text(self, directory: Path) -> str:  # noqa: ARG002 nothing to write
        """The commands, a line each."""
        return "\n".join(self.commands)
