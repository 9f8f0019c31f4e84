"""`scripts.powershell.Commands`: runs PowerShell commands."""

from __future__ import annotations

from penstock.plugins.scripts.language_task import LanguageCommands
from penstock.plugins.scripts.powershell._powershell_task import PowershellTask


class Commands(PowershellTask, LanguageCommands):
    """Runs PowerShell commands, one after the other; the worker must have `pwsh`.

    Example:
        id: greet_in_powershell
        namespace: company.team
        tasks:
          - id: hello
            type: scripts.powershell.Commands
            commands:
              - Write-Output "Hello {{ flow.id }}"
    """
