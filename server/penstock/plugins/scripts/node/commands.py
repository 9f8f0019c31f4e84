"""`scripts.node.Commands`: runs commands among which `node` is at hand."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageCommands


class Commands(LanguageCommands):
    """Runs shell commands among which `node` is at hand; the worker must have Node.js.

    Example:
        id: greet_in_node
        namespace: company.team
        tasks:
          - id: hello
            type: scripts.node.Commands
            inputFiles:
              greet.js: |
                console.log("Hello", process.argv[2])
            commands:
              - node greet.js "{{ flow.id }}"
    """

    program: ClassVar[str] = "node"
