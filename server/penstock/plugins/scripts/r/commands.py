"""`scripts.r.Commands`: runs commands among which `Rscript` is at hand."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageCommands


class Commands(LanguageCommands):
    r"""Runs shell commands among which `Rscript` is at hand; the worker must have R.

    Example:
        id: greet_in_r
        namespace: company.team
        tasks:
          - id: hello
            type: scripts.r.Commands
            inputFiles:
              greet.R: |
                cat("Hello", commandArgs(TRUE), "\n")
            commands:
              - Rscript greet.R "{{ flow.id }}"
    """

    program: ClassVar[str] = "Rscript"
