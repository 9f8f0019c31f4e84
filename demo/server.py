"""How the demo asks its servers, and how it shows what they answer."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

from stage import DemoFailed

ENDED = {"SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED"}
_PATIENCE_SECONDS = 180

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Server:
    """One environment's server; `token` is its administrator's."""

    name: str
    url: str
    token: str

    def execute(self, namespace: str, flow_id: str, inputs: Mapping[str, str]) -> Json:
        """Runs a flow and waits for its end."""
        wanted = {"namespace": namespace, "flowId": flow_id, "inputs": dict(inputs)}
        execution = self.call("POST", "/executions", wanted)
        end = time.monotonic() + _PATIENCE_SECONDS
        while execution["state"] not in ENDED:
            if time.monotonic() > end:
                raise DemoFailed(f"Execution {execution['id']} in {self.name} does not end.")
            time.sleep(0.1)
            execution = self.call("GET", f"/executions/{execution['id']}")
        return execution

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Json:
        """One call of the server's API."""
        request = urllib.request.Request(
            f"{self.url}/api/v1/tenants/main{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return dict(json.load(response))
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            raise DemoFailed(f"{method} {path} in {self.name}: {error.code} {text}") from None


def gist(output: str) -> list[str]:
    """Terraform's last words."""
    wanted = ("Apply complete!", "No changes.", "Plan:")
    return [line.strip() for line in output.splitlines() if line.strip().startswith(wanted)]


def head(output: str, most: int = 8) -> list[str]:
    """The first lines of a command's output."""
    lines = [line for line in output.splitlines() if line.strip()]
    if len(lines) <= most:
        return lines
    return [*lines[:most], f"… and {len(lines) - most} more lines, in commands.log"]


def walk(execution: Mapping[str, object]) -> list[str]:
    """One line a task run."""
    runs = execution.get("taskRuns")
    lines = [f"execution {execution['id']}: {execution['state']}"]
    for run in runs if isinstance(runs, list) else []:
        error = f"  {run['error']['message']}" if run.get("error") else ""
        lines.append(f"  {run['taskId']:<15} {run['state']}{error}")
    return lines
