"""`scripts.perl.Commands`: runs commands among which `perl` is at hand."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageCommands


class Commands(LanguageCommands):
    r"""Runs shell commands among which `perl` is at hand; the worker must have Perl.

    Example:
        id: greet_in_perl
        namespace: company.team
        tasks:
          - id: hello
            type: scripts.perl.Commands
            inputFiles:
              greet.pl: |
                print "Hello $ARGV[0]\n";
            commands:
              - perl greet.pl "{{ flow.id }}"
    """

    program: ClassVar[str] = "perl"
