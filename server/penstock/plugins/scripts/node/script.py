"""`scripts.node.Script`: runs a Node.js script."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageScript


class Script(LanguageScript):
    """Runs a Node.js script written in the flow; the worker must have Node.js.

    Example:
        id: sum_up_in_node
        namespace: company.team
        tasks:
          - id: sum
            type: scripts.node.Script
            script: |
              const total = [1, 2, 3].reduce((sum, each) => sum + each)
              console.log("::" + JSON.stringify({ outputs: { total } }) + "::")
          - id: show
            type: core.log.Log
            message: "Total: {{ outputs.sum.vars.total }}"
    """

    program: ClassVar[str] = "node"
    file_name: ClassVar[str] = ".script.js"
    arguments: ClassVar[str] = ""
    own_files: ClassVar[frozenset[str]] = LanguageScript.own_files | {file_name}
