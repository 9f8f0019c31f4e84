"""`scripts.go.Commands`: runs commands among which `go` is at hand."""

from __future__ import annotations

from typing import ClassVar

from penstock.plugins.scripts.language_task import LanguageCommands


class Commands(LanguageCommands):
    """Runs shell commands among which `go` is at hand; the worker must have Go.

    Example:
        id: greet_in_go
        namespace: company.team
        tasks:
          - id: hello
            type: scripts.go.Commands
            inputFiles:
              greet.go: |
                package main

                import (
                    "fmt"
                    "os"
                )

                func main() {
                    fmt.Println("Hello", os.Args[1])
                }
            commands:
              - go run greet.go "{{ flow.id }}"
    """

    program: ClassVar[str] = "go"
