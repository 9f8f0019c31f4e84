"""`scripts.julia.Script`: runs a Julia script."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageScript


class Script(LanguageScript):
    r"""Runs a Julia script written in the flow; the worker must have Julia.

    Example:
        id: sum_up_in_julia
        namespace: company.team
        tasks:
          - id: sum
            type: scripts.julia.Script
            script: |
              total = sum(1:3)
              println("::{\"outputs\": {\"total\": $total}}::")
          - id: show
            type: core.log.Log
            message: "Total: {{ outputs.sum.vars.total }}"
    """

    program: ClassVar[str] = "julia"
    file_name: ClassVar[str] = ".script.jl"
    arguments: ClassVar[str] = ""
    own_files: ClassVar[frozenset[str]] = LanguageScript.own_files | {file_name}
