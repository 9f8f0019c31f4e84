"""`scripts.ruby.Commands`: runs commands among which `ruby` is at hand."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageCommands


class Commands(LanguageCommands):
    """Runs shell commands among which `ruby` is at hand; the worker must have Ruby.

    Example:
        id: greet_in_ruby
        namespace: company.team
        tasks:
          - id: hello
            type: scripts.ruby.Commands
            inputFiles:
              greet.rb: |
                puts "Hello #{ARGV[0]}"
            commands:
              - ruby greet.rb "{{ flow.id }}"
    """

    program: ClassVar[str] = "ruby"
