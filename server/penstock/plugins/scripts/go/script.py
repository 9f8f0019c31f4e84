"""`scripts.go.Script`: runs a Go script."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageScript


class Script(LanguageScript):
    r"""Runs a Go script written in the flow; the worker must have Go.

    Example:
        id: sum_up_in_go
        namespace: company.team
        tasks:
          - id: sum
            type: scripts.go.Script
            script: |
              package main

              import "fmt"

              func main() {
                  fmt.Printf("::{\"outputs\": {\"total\": %d}}::\n", 1+2+3)
              }
          - id: show
            type: core.log.Log
            message: "Total: {{ outputs.sum.vars.total }}"
    """

    program: ClassVar[str] = "go"
    file_name: ClassVar[str] = "penstock_script.go"
    arguments: ClassVar[str] = "run"
    own_files: ClassVar[frozenset[str]] = LanguageScript.own_files | {file_name}
