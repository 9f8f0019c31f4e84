"""`make demo`: a pipeline goes from a file in Git to dev, proves itself, and reaches prod.

Everything happens in `.demo/` of the checkout, or in PENSTOCK_DEMO_FOLDER: two servers on embedded
SQLite, a stand-in for a secret manager, a small service with raw data and a chat channel, a clone
of this repository. KEEP=1 leaves all of it running; the next demo ends it.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import proof
from clone import git, prepare_repository
from server import Json, Server, gist, head, walk
from stage import CHECKOUT, DemoFailed, Stage, server_command

from penstock_provider.install import configuration, install
from penstock_provider.terraform import NoTerraformError, find_terraform

FOLDER = Path(os.environ.get("PENSTOCK_DEMO_FOLDER") or CHECKOUT / ".demo").resolve()
REPOSITORY = FOLDER / "repository"
MANAGER = FOLDER / "secret-manager"
# Where the secrets may be, and a copy of a library.
LEFT_OUT = (MANAGER, FOLDER / "tokens.json", FOLDER / "jsii")
ENVIRONMENTS = ("dev", "prod")
FLOWS = ("shop.analytics/check_rows", "shop.analytics/orders_daily", "shop.shared/notify")
PIPELINE = ("shop.analytics", "orders_daily")


@dataclass
class Demo:
    """The story, one method a chapter."""

    stage: Stage
    tokens: dict[str, str]
    urls: dict[str, str] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    _step: int = 0

    def say(self, title: str, *lines: str) -> None:
        """Prints a step and what came of it."""
        self._step += 1
        print(f"\n[{self._step}] {title}  ({time.monotonic() - self.began:.1f} s)")
        for line in lines:
            print(f"    {line}")
        sys.stdout.flush()

    def set_up(self) -> None:
        """Services, servers, the provider, a repository."""
        self.say("A Git repository for the demo", prepare_repository(REPOSITORY))
        ports = {
            name: self.stage.port(name, wanted)
            for name, wanted in (("dev", 8484), ("prod", 8485), ("world", 8490), ("manager", 8491))
        }
        self.urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        self._start_services(ports)
        self._start_servers(ports)
        self.environ = self._environment()
        self.say(
            "Two servers, a secret manager and a small world around them are up",
            f"dev  {self.urls['dev']}",
            f"prod {self.urls['prod']}",
            f"Terraform: {self.environ['PENSTOCK_TERRAFORM']}",
        )

    def _start_services(self, ports: Mapping[str, int]) -> None:
        MANAGER.mkdir(parents=True, exist_ok=True)
        kept = {
            f"shop-{environment}/{name}": [self.tokens[name]]
            for environment in ENVIRONMENTS
            for name in ("WAREHOUSE_TOKEN", "NOTIFY_TOKEN")
        }
        (MANAGER / "secrets.json").write_text(json.dumps(kept))
        demo = CHECKOUT / "demo"
        self.stage.start(
            "secret-manager",
            [
                sys.executable,
                str(demo / "secret_manager.py"),
                f"--secrets={MANAGER / 'secrets.json'}",
                f"--port={ports['manager']}",
            ],
            ready=self.urls["manager"],
            environ={**os.environ, "SECRET_MANAGER_TOKEN": self.tokens["MANAGER"]},
        )
        self.stage.start(
            "world",
            [
                sys.executable,
                str(demo / "receiver.py"),
                f"--data={demo / 'data'}",
                f"--messages={FOLDER / 'world' / 'messages.jsonl'}",
                f"--port={ports['world']}",
            ],
            ready=f"{self.urls['world']}/messages",
            environ={
                **os.environ,
                "RECEIVER_DATA_TOKEN": self.tokens["WAREHOUSE_TOKEN"],
                "RECEIVER_CHAT_TOKEN": self.tokens["NOTIFY_TOKEN"],
            },
        )

    def _start_servers(self, ports: Mapping[str, int]) -> None:
        clean = {name: text for name, text in os.environ.items() if "PENSTOCK" not in name}
        for name in ENVIRONMENTS:
            self.stage.start(
                name,
                server_command(FOLDER / name / "data", ports[name]),
                ready=f"{self.urls[name]}/health/ready",
                environ=clean,
                says=f"ready at {self.urls[name]}",
            )
            token = (FOLDER / name / "data" / "admin-token").read_text().strip()
            self.servers[name] = Server(name, self.urls[name], token)

    def _environment(self) -> dict[str, str]:
        """What `penstock env`, `penstock promote` and Terraform need to know."""
        plugins, settings = FOLDER / "plugins", FOLDER / "terraform.rc"
        install(plugins)
        settings.write_text(configuration(plugins))
        try:
            terraform = find_terraform()
        except NoTerraformError as error:
            raise DemoFailed(str(error)) from None
        found = {name: text for name, text in os.environ.items() if "PENSTOCK" not in name}
        found |= {
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(FOLDER / "jsii"),
            "XDG_CACHE_HOME": str(FOLDER / "cache"),
            "CDKTF_OUTDIR": str(FOLDER / "cdktf.out"),
            "PENSTOCK_TERRAFORM": shlex.join(terraform),
            "PENSTOCK_PYTHON": sys.executable,
            "PENSTOCK_GCP_SECRET_MANAGER_ENDPOINT": self.urls["manager"],
            "GOOGLE_OAUTH_ACCESS_TOKEN": self.tokens["MANAGER"],
        }
        if "PENSTOCK_CDK" in os.environ:
            found["PENSTOCK_CDK"] = os.environ["PENSTOCK_CDK"]
        for name in ENVIRONMENTS:
            own = f"PENSTOCK_{name.upper()}"
            found[f"{own}_URL"] = self.urls[name]
            found[f"{own}_TOKEN"] = self.servers[name].token
            found[f"{own}_DATA_URL"] = f"{self.urls['world']}/data"
            found[f"{own}_NOTIFY_URL"] = f"{self.urls['world']}/{name}"
        return found

    def penstock(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> tuple[int, str]:
        """Runs the command line; gives exit code and output, which goes to a log as well."""
        program = str(Path(sys.executable).parent / "penstock")
        done = subprocess.run(
            [program, *arguments],
            cwd=REPOSITORY,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        with (FOLDER / "commands.log").open("a") as log:
            log.write(f"$ penstock {shlex.join(arguments)}\n{done.stdout}\n")
        if done.returncode not in allowed:
            raise DemoFailed(
                f"penstock {shlex.join(arguments)} ended with code {done.returncode}:\n"
                f"{done.stdout}"
            )
        return done.returncode, done.stdout

    def deploy(self, environment: str) -> None:
        """Synthesises with the CDK app, plans, applies exactly that plan."""
        _, output = self.penstock("env", "apply", environment)
        self.say(f"penstock env apply {environment}", *gist(output))

    def run_pipeline(self, environment: str) -> Json:
        """The pipeline on the repository's data; it must succeed."""
        execution = self.servers[environment].execute(*PIPELINE, {})
        if execution["state"] != "SUCCESS":
            raise DemoFailed(
                f"The pipeline failed in {environment}:\n{json.dumps(execution, indent=1)}"
            )
        self.say(f"The pipeline runs in {environment}", *walk(execution))
        return execution

    def promote(self) -> None:
        """What dev has proven gets pinned for prod."""
        code, output = self.penstock("promote", "plan", allowed=(0, 2))
        self.say("penstock promote plan", *head(output))
        _, output = self.penstock("promote", "apply", "--commit")
        pinned = git(REPOSITORY, "log", "-1", "--format=%h %s")
        self.say(
            "penstock promote apply --commit",
            f"pinned in the commit {pinned}" if code else "already pinned: nothing to do",
        )

    def fail_on_purpose(self) -> None:
        """A day without orders: the gate stops the pipeline, the handler names the task."""
        before = len(self.messages())
        execution = self.servers["prod"].execute(*PIPELINE, {"day": "2019-01-01"})
        if execution["state"] != "FAILED":
            raise DemoFailed(f"A day without orders ended {execution['state']}, not FAILED.")
        told = [message["message"] for message in self.messages()[before:]]
        expected = {
            "task": "check_orders",
            "execution": execution["id"],
            "namespace": PIPELINE[0],
        }
        if told != [expected]:
            raise DemoFailed(f"The handler should have told {expected}, but told {told}.")
        self.say(
            "A day without orders: the gate stops it, the errors handler tells the channel",
            *walk(execution),
            f"told: {json.dumps(told[0])}",
        )

    def messages(self) -> list[dict[str, object]]:
        """What the chat has received so far."""
        with urllib.request.urlopen(f"{self.urls['world']}/messages", timeout=10) as response:
            return list(json.load(response))

    def prove(self) -> list[str]:
        """The proof lines; raises when one does not hold."""
        lines = []
        for name in ENVIRONMENTS:
            code, output = self.penstock("env", "plan", name, allowed=(0, 2, 4))
            if code:
                raise DemoFailed(f"The second plan of {name} is not empty:\n{output}")
            lines.append(f"second terraform plan of {name}: no changes")
        lines += [self._same_hash(flow) for flow in FLOWS]
        lines += [self._timetable(name) for name in ENVIRONMENTS]
        kept = [self.tokens["WAREHOUSE_TOKEN"], self.tokens["NOTIFY_TOKEN"]]
        if not proof.search(MANAGER, kept).found:
            raise DemoFailed("The search for secrets does not even find them where they are.")
        found = proof.search(FOLDER, [*kept, self.tokens["MANAGER"]], leave_out=LEFT_OUT)
        if found.found:
            raise DemoFailed(f"A secret's value lies in {', '.join(found.found)}.")
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(found.kinds.items()))
        lines.append(
            f"no byte of a secret in {found.files} files of both environments ({kinds}; "
            f"{found.size / 1e6:.1f} MB)"
        )
        return lines

    def _timetable(self, environment: str) -> str:
        found = self.servers[environment].call("GET", f"/schedules/{'/'.join(PIPELINE)}")
        when = "switched off" if found["disabled"] else f"next at {found['nextFireAt']}"
        return f"timetable of {environment}: {found['cron']} {found['timezone']}, {when}"

    def _same_hash(self, flow: str) -> str:
        hashes = {
            name: self.servers[name].call("GET", f"/flows/{flow}")["contentHash"]
            for name in ENVIRONMENTS
        }
        namespace, _, flow_id = flow.partition("/")
        path = REPOSITORY / "cdktf-app/flows" / namespace.replace(".", "/") / f"{flow_id}.yaml"
        hashes["Git"] = hashlib.sha256(path.read_bytes()).hexdigest()
        if len(set(hashes.values())) != 1:
            raise DemoFailed(f"{flow} differs: {hashes}")
        return f"{flow}: sha256 {str(hashes['Git'])[:12]}… in Git, dev and prod"


def _tokens() -> dict[str, str]:
    """The world's secrets, made at the first demo."""
    file = FOLDER / "tokens.json"
    if not file.exists():
        made = {name: secrets.token_urlsafe(32) for name in ("WAREHOUSE_TOKEN", "NOTIFY_TOKEN")}
        made["MANAGER"] = secrets.token_urlsafe(32)
        file.touch(mode=0o600)
        file.write_text(json.dumps(made))
    return dict(json.loads(file.read_text()))


def main() -> int:
    """Tells the story; 0 when every proof holds."""
    FOLDER.mkdir(exist_ok=True)
    stage = Stage(FOLDER)
    demo = Demo(stage, _tokens())
    kept = False
    try:
        stage.clear()
        (FOLDER / "commands.log").unlink(missing_ok=True)
        demo.set_up()
        demo.deploy("dev")
        demo.run_pipeline("dev")
        demo.promote()
        demo.deploy("prod")
        execution = demo.run_pipeline("prod")
        demo.fail_on_purpose()
        demo.say("What was to be shown", *demo.prove())
        outputs = execution["outputs"]
        demo.say(
            "The report of prod",
            *str(outputs["report"] if isinstance(outputs, dict) else "").splitlines(),
        )
        kept = bool(os.environ.get("KEEP"))
        demo.say(
            "Both servers run on (KEEP=1)" if kept else "Both servers have been stopped",
            f"dev  {demo.urls['dev']}",
            f"prod {demo.urls['prod']}",
            *([f"end them: kill {' '.join(map(str, stage.numbers()))}"] if kept else []),
            f"tokens: {FOLDER}/dev/data/admin-token, {FOLDER}/prod/data/admin-token",
            f"everything the commands printed: {FOLDER}/commands.log",
        )
    except DemoFailed as error:
        sys.stderr.write(f"\nThe demo failed. {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        return 130
    finally:
        if kept:
            stage.leave()
        else:
            stage.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
