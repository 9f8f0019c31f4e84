"""`scripts.deno.Script`: runs a Deno script."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageScript


class Script(LanguageScript):
    """Runs a Deno script written in the flow; the worker must have Deno.

    Example:
        id: sum_up_in_deno
        namespace: company.team
        tasks:
          - id: sum
            type: scripts.deno.Script
            script: |
              const total: number = [1, 2, 3].reduce((sum, each) => sum + each)
              console.log("::" + JSON.stringify({ outputs: { total } }) + "::")
          - id: show
            type: core.log.Log
            message: "Total: {{ outputs.sum.vars.total }}"
    """

    program: ClassVar[str] = "deno"
    file_name: ClassVar[str] = ".script.ts"
    arguments: ClassVar[str] = "run --allow-all"
    own_files: ClassVar[frozenset[str]] = LanguageScript.own_files | {file_name}
