"""`scripts.shell.Script`: runs a shell script."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.plugins.scripts.script_task import ScriptTask


class Script(ScriptTask):
    """Runs a shell script written in the flow.

    Example:
        id: make_report
        namespace: company.team
        tasks:
          - id: report
            type: scripts.shell.Script
            outputFiles:
              - report.txt
            script: |
              echo "Written by {{ flow.id }}" > report.txt
          - id: where
            type: core.log.Log
            message: "{{ outputs.report.outputFiles['report.txt'] }}"
    """

    script: Annotated[Dynamic[str], Field(description="The script's text.")]

    def command_text(self, directory: Path) -> str:  # noqa: ARG002 nothing to write
        """The script itself."""
        return self.script
