"""What the script tasks of the languages share: an interpreter that must be installed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.plugins.scripts.script_task import ScriptTask
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, TaskFailed


class LanguageTask(ScriptTask):
    """A script task for which the worker must have a program."""

    program: ClassVar[str] = ""
    """The interpreter, by the name under which PATH has it."""

    def run(self, context: RunContext) -> Outputs:
        """Runs the script; raises `TaskFailed` with a sentence when there is no interpreter."""
        path = self.environment(context).get("PATH")
        # Commands that run before may install it.
        if not self.before_commands and shutil.which(self.program, path=path) is None:
            raise TaskFailed(
                f"The worker has no `{self.program}`, which `{self.type}` needs. Install it where "
                "the server runs, so that it is on PATH, or give the task a PATH in `env`."
            )
        return super().run(context)


class LanguageCommands(LanguageTask):
    """Commands among which the interpreter is at hand."""

    commands: Annotated[
        Dynamic[Annotated[tuple[str, ...], Field(min_length=1)]],
        Field(description="The commands, in order."),
    ]

    def command_text(self, directory: Path) -> str:  # noqa: ARG002 nothing to write
        """The commands, a line each."""
        return "\n".join(self.commands)


class LanguageScript(LanguageTask):
    """A script in the language, written in the flow."""

    file_name: ClassVar[str] = ""
    """Where the script is written, beside the input files."""
    arguments: ClassVar[str] = ""
    """What stands between the interpreter and the file."""

    script: Annotated[Dynamic[str], Field(description="The script's text.")]

    def command_text(self, directory: Path) -> str:
        """Writes the script, and runs it."""
        (directory / self.file_name).write_text(self.script, encoding="utf-8")
        return " ".join(filter(None, (self.program, self.arguments, self.file_name)))
