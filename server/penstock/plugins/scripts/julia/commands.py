"""`scripts.julia.Commands`: runs commands among which `julia` is at hand."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageCommands


class Commands(LanguageCommands):
    """Runs shell commands among which `julia` is at hand; the worker must have Julia.

    Example:
        id: greet_in_julia
        namespace: company.team
        tasks:
          - id: hello
            type: scripts.julia.Commands
            inputFiles:
              greet.jl: |
                println("Hello ", ARGS[1])
            commands:
              - julia greet.jl "{{ flow.id }}"
    """

    program: ClassVar[str] = "julia"
