"""`scripts.bun.Commands`: runs commands among which `bun` is at hand."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageCommands


class Commands(LanguageCommands):
    """Runs shell commands among which `bun` is at hand; the worker must have Bun.

    Example:
        id: greet_in_bun
        namespace: company.team
        tasks:
          - id: hello
            type: scripts.bun.Commands
            inputFiles:
              greet.ts: |
                console.log("Hello", process.argv[2])
            commands:
              - bun run greet.ts "{{ flow.id }}"
    """

    program: ClassVar[str] = "bun"
