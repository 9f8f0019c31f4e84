"""`scripts.powershell.Script`: runs a PowerShell script."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageScript
from penstock.plugins.scripts.powershell._powershell_task import PowershellTask


class Script(PowershellTask, LanguageScript):
    """Runs a PowerShell script written in the flow; the worker must have `pwsh`.

    Example:
        id: sum_up_in_powershell
        namespace: company.team
        tasks:
          - id: sum
            type: scripts.powershell.Script
            script: |
              $total = (1..3 | Measure-Object -Sum).Sum
              Write-Output "::{`"outputs`": {`"total`": $total}}::"
          - id: show
            type: core.log.Log
            message: "Total: {{ outputs.sum.vars.total }}"
    """

    file_name: ClassVar[str] = ".script.ps1"
    own_files: ClassVar[frozenset[str]] = LanguageScript.own_files | {file_name}

    def command_text(self, directory: Path) -> str:
        """Writes the script, and runs it; its own exit code is the task's."""
        super().command_text(directory)
        return f"& ./{self.file_name}\nexit $LASTEXITCODE"
