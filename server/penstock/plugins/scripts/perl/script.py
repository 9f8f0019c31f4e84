"""`scripts.perl.Script`: runs a Perl script."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageScript


class Script(LanguageScript):
    r"""Runs a Perl script written in the flow; the worker must have Perl.

    Example:
        id: sum_up_in_perl
        namespace: company.team
        tasks:
          - id: sum
            type: scripts.perl.Script
            script: |
              my $total = 0;
              $total += $_ for 1 .. 3;
              print qq(::{"outputs": {"total": $total}}::\n);
          - id: show
            type: core.log.Log
            message: "Total: {{ outputs.sum.vars.total }}"
    """

    program: ClassVar[str] = "perl"
    file_name: ClassVar[str] = ".script.pl"
    arguments: ClassVar[str] = ""
    own_files: ClassVar[frozenset[str]] = LanguageScript.own_files | {file_name}
