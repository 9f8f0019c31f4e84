"""`scripts.php.Script`: runs a PHP script."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageScript


class Script(LanguageScript):
    r"""Runs a PHP script written in the flow; the worker must have PHP.

    Example:
        id: sum_up_in_php
        namespace: company.team
        tasks:
          - id: sum
            type: scripts.php.Script
            script: |
              <?php
              echo "::" . json_encode(["outputs" => ["total" => array_sum([1, 2, 3])]]) . "::\n";
          - id: show
            type: core.log.Log
            message: "Total: {{ outputs.sum.vars.total }}"
    """

    program: ClassVar[str] = "php"
    file_name: ClassVar[str] = ".script.php"
    arguments: ClassVar[str] = ""
    own_files: ClassVar[frozenset[str]] = LanguageScript.own_files | {file_name}
