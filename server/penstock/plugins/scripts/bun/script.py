"""`scripts.bun.Script`: runs a Bun script."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageScript


class Script(LanguageScript):
    """Runs a Bun script written in the flow; the worker must have Bun.

    Example:
        id: sum_up_in_bun
        namespace: company.team
        tasks:
          - id: sum
            type: scripts.bun.Script
            script: |
              const total: number = [1, 2, 3].reduce((sum, each) => sum + each)
              console.log("::" + JSON.stringify({ outputs: { total } }) + "::")
          - id: show
            type: core.log.Log
            message: "Total: {{ outputs.sum.vars.total }}"
    """

    program: ClassVar[str] = "bun"
    file_name: ClassVar[str] = ".script.ts"
    arguments: ClassVar[str] = "run"
    own_files: ClassVar[frozenset[str]] = LanguageScript.own_files | {file_name}
