"""`scripts.r.Script`: runs an R script."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageScript


class Script(LanguageScript):
    r"""Runs an R script written in the flow; the worker must have R.

    Example:
        id: sum_up_in_r
        namespace: company.team
        tasks:
          - id: sum
            type: scripts.r.Script
            script: |
              total <- sum(1:3)
              cat(sprintf('::{"outputs": {"total": %d}}::\n', total))
          - id: show
            type: core.log.Log
            message: "Total: {{ outputs.sum.vars.total }}"
    """

    program: ClassVar[str] = "Rscript"
    file_name: ClassVar[str] = ".script.R"
    arguments: ClassVar[str] = ""
    own_files: ClassVar[frozenset[str]] = LanguageScript.own_files | {file_name}
