"""`scripts.python.Commands`: runs commands among which `python` is at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.plugins.scripts.python._python_task import PythonTask


class Commands(PythonTask):
    """Runs shell commands among which `python` and `pip` are at hand.

    Example:
        id: greet
        namespace: company.team
        tasks:
          - id: hello
            type: scripts.python.Commands
            inputFiles:
              hello.py: |
                import sys
                print("Hello", sys.argv[1])
            commands:
              - python hello.py "{{ flow.id }}"
    """

    commands: Annotated[
        Dynamic[Annotated[tuple[str, ...], Field(min_length=1)]],
        Field(description="The commands, in order."),
    ]

    def command_text(self, directory: Path) -> str:  # noqa: ARG002 nothing to write
        """The commands, a line each."""
        return "\n".join(self.commands)
