"""A Terraform in a directory of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from penstock_provider.terraform import find_terraform

HEAD = """
terraform {{
  required_providers {{
    penstock = {{ source = "penstock/penstock" }}
  }}
}}
provider "penstock" {{
  endpoint    = "{url}"
  token       = "{token}"
  max_retries = 2
  {more}
}}
"""


class Terraform:
    """One working directory; every command's output is kept."""

    provider = ""

    def __init__(self, directory: Path, url: str, token: str, environment: dict[str, str]) -> None:
        self.directory = directory
        self.url = url
        self.token = token
        config = directory / "cli.tfrc"
        config.write_text("")
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("TF_", "PENSTOCK_"))},
            "TF_CLI_CONFIG_FILE": str(config),
            "TF_DATA_DIR": str(directory / ".terraform"),
            "TF_IN_AUTOMATION": "1",
            "PENSTOCK_PYTHON": sys.executable,
            "CHECKPOINT_DISABLE": "1",
            **environment,
        }
        self.command = find_terraform()

    def write(self, text: str, name: str = "main.tf") -> None:
        head = HEAD.format(url=self.url, token=self.token, more=self.provider)
        (self.directory / name).write_text((head if name == "main.tf" else "") + text)

    def run(self, *arguments: str, code: int | None = 0, **environment: str) -> str:
        done = subprocess.run(
            [*self.command, f"-chdir={self.directory}", *arguments],
            # Terraform looks for its plugins before it goes where -chdir says.
            cwd=self.directory,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert code is None or done.returncode == code, (
            f"{arguments} ended with {done.returncode}\n{done.stdout}"
        )
        # Terraform wraps lines where they happen to end; JSON is left alone.
        return done.stdout if "-json" in arguments else " ".join(done.stdout.split())

    def apply(self, code: int = 0) -> str:
        return self.run("apply", "-auto-approve", "-no-color", code=code)

    def plan(self, code: int = 0, *more: str) -> str:
        """Plans; exit code 0 means that nothing would change, 2 that something would."""
        return self.run("plan", "-detailed-exitcode", "-no-color", *more, code=code)

    def state(self) -> dict[str, dict]:
        """Attributes of all resources by address."""
        shown = json.loads(self.run("show", "-json"))
        resources = shown.get("values", {}).get("root_module", {}).get("resources", [])
        return {item["address"]: item["values"] for item in resources}


def companions(leader: int) -> list[int]:
    """Living processes of the session that ``leader`` leads, without itself."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(session) == leader and int(folder.name) != leader and state != "Z":
            found.append(int(folder.name))
    return found
