"""What a script says to Penstock: ``::{"outputs": {…}}::`` on a line of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue, ValidationError

from penstock.model.frozen import Json
from penstock.model.task import LogLevel
from penstock.plugins.scripts.lines import MARKER, MAX_LINE_BYTES
from penstock.sdk.context import RunContext

MAX_VARS_BYTES = 4 * 1024 * 1024
"""All marker lines of a script together; larger results belong into output files."""
_ENCRYPTED = "encryptedOutputs"


class MetricLine(BaseModel):
    """A metric said by a script; timers in seconds or as an ISO 8601 duration."""

    name: str
    type: Literal["counter", "timer", "gauge"] = "counter"
    value: float | timedelta
    tags: dict[str, str] = {}


class LogLine(BaseModel):
    """A log line with a level."""

    level: LogLevel = LogLevel.INFO
    message: str


class MarkerLine(BaseModel):
    """One marker line; keys that we do not know are left alone."""

    outputs: dict[str, JsonValue] = {}
    encrypted: Annotated[dict[str, JsonValue], Field(alias=_ENCRYPTED)] = {}
    metrics: Annotated[list[MetricLine], Field()] = []
    logs: Annotated[list[LogLine], Field()] = []


@dataclass
class Conversation:
    """Reads a script's output line by line: log lines, outputs, metrics."""

    context: RunContext
    vars: dict[str, Json] = field(default_factory=dict)
    stdout_lines: int = 0
    stderr_lines: int = 0
    too_large: bool = False
    _bytes: int = 0

    def hear(self, line: str, is_error: bool, is_cut: bool = False) -> None:  # noqa: FBT001, FBT002 a callback's shape
        """Takes the next line of stdout, or of stderr when `is_error`; `is_cut`: its beginning."""
        is_marker = line.startswith(MARKER) and not is_error
        self.too_large |= is_marker and is_cut
        if is_error:
            self.stderr_lines += 1
        else:
            self.stdout_lines += 1
        if is_marker and not is_cut and line.rstrip().endswith("}::"):
            self._obey(line)
        else:
            self.context.log(
                self._shown(line, is_cut), LogLevel.WARN if is_error else LogLevel.INFO
            )

    def _shown(self, line: str, is_cut: bool) -> str:  # noqa: FBT001 as `hear` has it
        """A line that is not obeyed, for the log: nobody has sealed the secrets in it."""
        if _ENCRYPTED in line:
            return "A line with secrets (not taken as outputs)"
        if not is_cut:
            return line
        # Hidden first: of a secret at the cut a piece would be left that nobody knows again.
        shown = self.context.mask(line)[:MAX_LINE_BYTES]
        return f"{shown} … (cut: the line is over {MAX_LINE_BYTES} bytes)"

    def _obey(self, line: str) -> None:
        self._bytes += len(line)
        if self._bytes > MAX_VARS_BYTES:
            self.too_large = True
            return
        text = line.rstrip()[2:-2]
        try:
            marker = MarkerLine.model_validate(json.loads(text))
        except (json.JSONDecodeError, ValidationError, RecursionError) as error:
            shown = "A line with secrets" if _ENCRYPTED in line else line
            self.context.log(f"{shown} (not taken as outputs: {_why(error)})", LogLevel.WARN)
            return
        self.vars.update(marker.outputs)
        for name, value in marker.encrypted.items():
            text = value if isinstance(value, str) else json.dumps(value)
            self.vars[name] = self.context.seal(text)
        for metric in marker.metrics:
            value = metric.value
            number = value.total_seconds() if isinstance(value, timedelta) else value
            self.context.metric(metric.name, number, kind=metric.type, tags=metric.tags)
        for said in marker.logs:
            self.context.log(said.message, said.level)


def _why(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return str(error)
