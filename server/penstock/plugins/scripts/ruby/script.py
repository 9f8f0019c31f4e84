"""`scripts.ruby.Script`: runs a Ruby script."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageScript


class Script(LanguageScript):
    """Runs a Ruby script written in the flow; the worker must have Ruby.

    Example:
        id: sum_up_in_ruby
        namespace: company.team
        tasks:
          - id: sum
            type: scripts.ruby.Script
            script: |
              require "json"
              puts "::#{JSON.generate(outputs: { total: [1, 2, 3].sum })}::"
          - id: show
            type: core.log.Log
            message: "Total: {{ outputs.sum.vars.total }}"
    """

    program: ClassVar[str] = "ruby"
    file_name: ClassVar[str] = ".script.rb"
    arguments: ClassVar[str] = ""
    own_files: ClassVar[frozenset[str]] = LanguageScript.own_files | {file_name}
