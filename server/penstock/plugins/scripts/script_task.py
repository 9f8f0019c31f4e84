"""What all script tasks share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AliasChoices, Field
from pydantic.alias_generators import to_camel

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.plugins.scripts.files import keep_outputs, write_inputs
from penstock.plugins.scripts.namespace_files import (
    NamespaceFilesOption,
    copy_namespace_files,
)
from penstock.plugins.scripts.process import ScriptProcess, base_environment
from penstock.plugins.scripts.protocol import MAX_VARS_BYTES, Conversation
from penstock.plugins.scripts.task_runner import TaskRunner, is_container
from penstock.plugins.text import Text
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, RunnableTask, TaskFailed

_MAX_ARGUMENT_BYTES = 100_000
_TEXT_FILE = ".penstock-commands"


_LOCAL = "the script runs as a process of the worker"


class ScriptTask(RunnableTask):
    """A program run by an interpreter in an empty working directory.

    Outputs: `exitCode`, `vars` (from ``::{"outputs": {…}}::`` lines), `outputFiles`
    (name → URI), `stdOutLineCount`, `stdErrLineCount`. An exit code other than 0 fails the
    task; its outputs are kept. Of the server's environment a script sees PATH, HOME, locale,
    time zone and TMPDIR only. Whatever it leaves running is killed when it ends.
    """

    uses_folder: ClassVar[bool] = True
    own_files: ClassVar[frozenset[str]] = frozenset({_TEXT_FILE})

    stop_at_failure: ClassVar[str] = "set -e"
    """What `failFast` puts before the commands, in the language of `interpreter`."""

    before_commands: Annotated[
        Dynamic[tuple[str, ...]], Field(description="Commands to run before, in the same shell.")
    ] = ()
    interpreter: Annotated[
        Dynamic[Annotated[tuple[str, ...], Field(min_length=1)]],
        Field(description="The program, and its arguments, that takes the commands as one text."),
    ] = ("/bin/sh", "-c")
    fail_fast: Annotated[
        Dynamic[bool], Field(description="Whether the first failing command ends the script.")
    ] = True
    env: Annotated[
        Dynamic[dict[str, Text] | None], Field(description="Environment variables of the script.")
    ] = None
    input_files: Annotated[
        Dynamic[dict[str, Json] | str | None],
        Field(
            description="Files to write into the working directory: name → content, or the URI of "
            "a file (penstock, nsfile, file); null makes it empty. Or JSON text of such a map."
        ),
    ] = None
    output_files: Annotated[
        Dynamic[tuple[str, ...]],
        Field(
            description="Globs of files to keep, read as outputs.<task>.outputFiles['name'].",
            validation_alias=AliasChoices("outputFiles", "files", "outputsFiles"),
        ),
    ] = ()
    namespace_files: Annotated[
        NamespaceFilesOption | None,
        Field(description="Files of namespaces to copy into the working directory before."),
    ] = None
    task_runner: Annotated[
        TaskRunner | None, Field(description="Where the script runs; a local process if left out.")
    ] = None
    docker: Annotated[
        dict[str, Json] | None, Field(description="Accepted for old flows; has no effect.")
    ] = None
    runner: Annotated[
        Dynamic[str | None], Field(description="Accepted for old flows; has no effect.")
    ] = None
    output_directory: Annotated[
        bool | None, Field(description="Accepted for old flows: OUTPUT_DIR is always there.")
    ] = None
    container_image: Annotated[
        Dynamic[str | None],
        Field(description="Accepted for old flows; the process runner has no use for it."),
    ] = None
    target_os: Annotated[
        Literal["AUTO", "LINUX"] | None,
        Field(alias="targetOS", description="Accepted for old flows; has no effect."),
    ] = None
    warning_on_std_err: Annotated[
        bool | None, Field(description="Accepted for old flows; has no effect.")
    ] = None

    def idle(self) -> dict[str, str]:
        """What asks for a container."""
        said = {}
        if is_container(self.task_runner):
            said["taskRunner"] = _LOCAL
        for key in ("container_image", "docker", "runner"):
            if getattr(self, key) is not None:
                said[to_camel(key)] = _LOCAL
        return said

    def command_text(self, directory: Path) -> str:
        """The commands as one text for the interpreter; may write files into `directory`."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it runs")

    def language_environment(self, context: RunContext) -> dict[str, str]:  # noqa: ARG002 for others
        """Variables that the script's language needs; `env` wins over them."""
        return {}

    def run(self, context: RunContext) -> Outputs:
        """Runs the script; raises `TaskFailed` with its exit code and outputs."""
        for key, why in self.idle().items():
            context.log(f"{key} has no effect: {why}.")
        directory = context.working_directory
        copy_namespace_files(context, self.namespace_files)
        write_inputs(context, self.input_files)
        talk = Conversation(context)
        process = ScriptProcess(
            command=[*self.interpreter, self._argument(directory)],
            directory=directory,
            environment=self.environment(context),
            on_line=talk.hear,
        )
        context.on_cancel(process.stop)
        if context.is_cancelled:
            process.stop()
        try:
            code = process.run()
        except (OSError, ValueError) as error:
            raise TaskFailed(f"The script could not be started: {error}.") from None
        outputs: Outputs = {
            "exitCode": code,
            "vars": {**talk.vars},
            "outputFiles": {},
            "stdOutLineCount": talk.stdout_lines,
            "stdErrLineCount": talk.stderr_lines,
        }
        if process.was_stopped:
            raise TaskFailed("The script was ended because the task was asked to stop.")
        outputs["outputFiles"] = self._kept(context)
        if talk.too_large:
            raise TaskFailed(
                f"The script's outputs are over {MAX_VARS_BYTES // 1024 // 1024} MiB: write them "
                "to a file and name it in outputFiles.",
                outputs={**outputs, "vars": {}},
            )
        if code != 0:
            raise TaskFailed(f"The script exited with code {code}.", outputs=outputs)
        return outputs

    def _kept(self, context: RunContext) -> dict[str, Json]:
        """What `outputFiles` names, and all that is in the output directory."""
        folder = context.output_directory
        ours = self.own_files | {folder.name}
        named = keep_outputs(context, self.output_files, ours=ours)
        return {**keep_outputs(context, ["**/*"], root=folder, tells=False), **named}

    def _argument(self, directory: Path) -> str:
        lines = [self.stop_at_failure] if self.fail_fast else []
        text = "\n".join([*lines, *self.before_commands, self.command_text(directory)])
        if len(text.encode()) < _MAX_ARGUMENT_BYTES:
            return text
        # Linux takes no argument over 128 KiB.
        (directory / _TEXT_FILE).write_text(text, encoding="utf-8")
        return f". ./{_TEXT_FILE}"

    def environment(self, context: RunContext) -> dict[str, str]:
        """The variables that the script sees."""
        directory = context.working_directory
        return {
            **base_environment(os.environ),
            "WORKING_DIR": str(directory),
            "OUTPUT_DIR": str(context.output_directory),
            **self.language_environment(context),
            **(self.env or {}),
        }
