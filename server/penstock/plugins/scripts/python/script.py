"""`scripts.python.Script`: runs a Python script."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.plugins.scripts.python._python_task import PythonTask

_FILE = ".script.py"


class Script(PythonTask):
    """Runs a Python script written in the flow, with the interpreter that runs the server.

    Example:
        id: sum_up
        namespace: company.team
        tasks:
          - id: sum
            type: scripts.python.Script
            script: |
              import json
              print("::" + json.dumps({"outputs": {"total": sum(range(10))}}) + "::")
          - id: show
            type: core.log.Log
            message: "Total: {{ outputs.sum.vars.total }}"
    """

    own_files: ClassVar[frozenset[str]] = PythonTask.own_files | {_FILE}

    script: Annotated[Dynamic[str], Field(description="The script's text.")]

    def command_text(self, directory: Path) -> str:
        """Writes the script beside the input files, so that it can import them."""
        (directory / _FILE).write_text(self.script, encoding="utf-8")
        return f"python {_FILE}"
