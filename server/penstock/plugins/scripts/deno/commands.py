"""`scripts.deno.Commands`: runs commands among which `deno` is at hand."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageCommands


class Commands(LanguageCommands):
    """Runs shell commands among which `deno` is at hand; the worker must have Deno.

    Example:
        id: greet_in_deno
        namespace: company.team
        tasks:
          - id: hello
            type: scripts.deno.Commands
            inputFiles:
              greet.ts: |
                console.log("Hello", Deno.args[0])
            commands:
              - deno run greet.ts "{{ flow.id }}"
    """

    program: ClassVar[str] = "deno"
