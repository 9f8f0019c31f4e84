"""`scripts.php.Commands`: runs commands among which `php` is at hand."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageCommands


class Commands(LanguageCommands):
    r"""Runs shell commands among which `php` is at hand; the worker must have PHP.

    Example:
        id: greet_in_php
        namespace: company.team
        tasks:
          - id: hello
            type: scripts.php.Commands
            inputFiles:
              greet.php: |
                <?php echo "Hello {$argv[1]}\n";
            commands:
              - php greet.php "{{ flow.id }}"
    """

    program: ClassVar[str] = "php"
