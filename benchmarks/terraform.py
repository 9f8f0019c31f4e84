"""Terraform with Penstock's provider beside the builtin `terraform_data` with the same payload.

    python benchmarks/terraform.py                          # starts a server of its own
    python benchmarks/terraform.py --endpoint URL --token T # measures against a running one

Prints wall seconds and CPU seconds of terraform, provider and server for a plan from nothing, an
apply, and a plan without changes of N flows: as N `penstock_flow`, as one `penstock_flows`, and as
N `terraform_data` (the floor: what Terraform itself costs). A set reads its texts from files;
`literal` is one whose texts stand in the configuration, `map` a `terraform_data` with the map of a
set: the floor of a set. Each round runs every command once for each kind in turn, with texts that
the server has not seen, so that other work on the machine meets all of them. The seconds are
medians; `x` is the median of the rounds' ratios of walls to the floor, `cpu x` that of all CPU;
requests are what the server answered.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import resource
import select
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from penstock_provider.api import Settings
from penstock_provider.client import Client
from penstock_provider.install import configuration, install
from penstock_provider.terraform import find_terraform

FLOW = (
    "id: {id}\nnamespace: {namespace}\ndescription: Benchmark flow number {n}\n"
    "tasks:\n  - id: say\n    type: core.log.Log\n    message: hello\n"
)
BUILTIN = "terraform.io/builtin/terraform"
KINDS = ("floor", "single", "set")
MORE_KINDS = ("literal", "map")
TEXTS = '{ for f in fileset("flows", "*.yaml") : trimsuffix(f, ".yaml") => file("flows/${f}") }'
"""The texts of a set, as the example of `penstock_flows` reads them."""


@dataclass
class Cost:
    """What one command took, in seconds."""

    wall: float
    terraform: float
    provider: float
    server: float | None
    requests: int

    @property
    def cpu(self) -> float:
        """All CPU together."""
        return self.terraform + self.provider + (self.server or 0)


@dataclass
class Server:
    """A Penstock to talk to; ``pid`` when it is ours to measure."""

    endpoint: str
    token: str
    pid: int | None = None

    def cpu(self) -> float | None:
        """CPU seconds so far."""
        if self.pid is None:
            return None
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def requests(self) -> int:
        """Requests answered so far, without those that ask for this number."""
        with urllib.request.urlopen(f"{self.endpoint}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        self._asked += 1
        found = re.findall(r"^penstock_http_requests_total\{.*\} ([\d.e+]+)$", text, re.MULTILINE)
        return int(sum(map(float, found))) - self._asked + 1

    _asked: int = 0


@contextlib.contextmanager
def own_server(directory: Path) -> Iterator[Server]:
    """`penstock server` on a free port with embedded storage in ``directory``."""
    process = subprocess.Popen(
        [Path(sys.executable).parent / "penstock", "server", "--port", "0", "--data", directory],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        readable, _, _ = select.select([process.stdout], [], [], 30)
        line = process.stdout.readline() if readable else ""
        ready = re.search(r"at (http\S+) .*admin token: (\S+)\)", line)
        if ready is None:
            sys.exit(f"The server gave no ready line with its address and token file: {line!r}")
        yield Server(ready[1], Path(ready[2]).read_text().strip(), process.pid)
    finally:
        process.terminate()
        process.wait(20)


class Workspace:
    """One configuration in a directory of its own."""

    def __init__(self, directory: Path, kind: str, *, count: int, server: Server) -> None:
        self.directory = directory
        self.server = server
        self._kind, self._count = kind, count
        directory.mkdir()
        self._usage = directory / "provider.usage"
        mirror = directory / "mirror"
        program = install(mirror)
        # The product's own file, plus a line with the CPU that it used.
        product = directory / program.name
        program.rename(product)
        program.write_text(
            f'#!/bin/sh\n{shlex.quote(str(product))} "$@"\ncode=$?\n'
            f"times >> {shlex.quote(str(self._usage))}\nexit $code\n"
        )
        program.chmod(0o755)
        (directory / "cli.tfrc").write_text(configuration(mirror))
        self.write()
        self._command = [*find_terraform(), f"-chdir={directory}"]
        self._environment = {
            **os.environ,
            "TF_CLI_CONFIG_FILE": str(directory / "cli.tfrc"),
            "TF_DATA_DIR": str(directory / ".terraform"),
            "CHECKPOINT_DISABLE": "1",
            "PENSTOCK_ENDPOINT": server.endpoint,
            "PENSTOCK_TOKEN": server.token,
            "PENSTOCK_PYTHON": sys.executable,
        }
        self._environment.pop("TF_LOG", None)
        self.run("init")

    def write(self) -> None:
        """Writes the configuration, with texts that nobody has seen."""
        namespace = f"bench.{self._kind}{self._count}.t{time.time_ns() % 10**9}"
        flows = texts(self._count, namespace)
        found = document(self._kind, flows, namespace, server=self.server)
        if self._kind in ("set", "map"):
            (self.directory / "flows").mkdir(exist_ok=True)
            for name, text in flows.items():
                (self.directory / "flows" / f"{name}.yaml").write_text(text)
        (self.directory / "main.tf.json").write_text(json.dumps(found))

    def flows(self) -> dict[str, str]:
        """The texts in the configuration, by their ids."""
        return json.loads((self.directory / "main.tf.json").read_text())["locals"]["flows"]

    def run(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> Cost:
        """Runs Terraform and says what it took."""
        self._usage.write_text("")
        requests, server = self.server.requests(), self.server.cpu()
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            [*self._command, *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        wall = time.perf_counter() - began
        if done.returncode not in codes:
            sys.exit(f"terraform {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
        after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), self.server.cpu()
        total = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        provider = provider_cpu(self._usage.read_text())
        spent = None if server is None or ended is None else ended - server
        answered = self.server.requests() - requests
        return Cost(wall, total - provider, provider, spent, answered)


def provider_cpu(usage: str) -> float:
    """Seconds in the output of the shell's `times`: each second line is about its children."""
    seconds = 0.0
    for line in usage.splitlines()[1::2]:
        for minutes, rest in re.findall(r"(\d+)m([\d.]+)s", line):
            seconds += int(minutes) * 60 + float(rest)
    return seconds


def texts(count: int, namespace: str) -> dict[str, str]:
    """``count`` flows by their ids."""
    names = {f"flow{n}": n for n in range(count)}
    return {name: FLOW.format(id=name, namespace=namespace, n=n) for name, n in names.items()}


def document(
    kind: str, flows: dict[str, str], namespace: str, *, server: Server
) -> dict[str, object]:
    """The Terraform configuration of flows as one of ``KINDS`` or ``MORE_KINDS``."""
    body: dict[str, object]
    if kind in ("set", "literal"):
        body = {"penstock_flows": {"all": {"namespace": namespace, "sources": "${local.flows}"}}}
    elif kind == "map":
        payload = {"namespace": namespace, "sources": "${tomap(local.flows)}"}
        body = {"terraform_data": {"all": {"input": payload}}}
    elif kind == "single":
        body = {
            "penstock_flow": {"each": {"for_each": "${local.flows}", "source": "${each.value}"}}
        }
    else:
        payload = {"source": "${each.value}", "namespace": namespace, "flow_id": "${each.key}"}
        body = {"terraform_data": {"each": {"for_each": "${local.flows}", "input": payload}}}
    written = f"${{{TEXTS}}}" if kind in ("set", "map") else flows
    document: dict[str, object] = {"locals": {"flows": written}, "resource": body}
    if kind not in ("floor", "map"):
        document["terraform"] = {
            "required_providers": {"penstock": {"source": "penstock/penstock"}}
        }
        document["provider"] = {"penstock": {"endpoint": server.endpoint}}
    return document


COMMANDS: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "plan": (("plan", "-detailed-exitcode", "-no-color"), (2,)),
    "apply": (("apply", "-auto-approve", "-no-color"), (0,)),
    "no change": (("plan", "-detailed-exitcode", "-no-color"), (0,)),
}


def measure(
    kinds: list[str], count: int, *, server: Server, directory: Path, rounds: int
) -> dict[tuple[str, str], list[Cost]]:
    """Costs of each command and kind, one for each round."""
    workspaces = {
        kind: Workspace(directory / f"{kind}{count}", kind, count=count, server=server)
        for kind in kinds
    }
    costs: dict[tuple[str, str], list[Cost]] = {}
    for turn in range(rounds):
        for workspace in workspaces.values() if turn else ():
            workspace.write()
        for what, (arguments, codes) in COMMANDS.items():
            for kind, workspace in workspaces.items():
                cost = workspace.run(*arguments, codes=codes)
                costs.setdefault((what, kind), []).append(cost)
        # A server of our own goes with all that is on it.
        if turn < rounds - 1 or server.pid is None:
            for workspace in workspaces.values():
                workspace.run("destroy", "-auto-approve", "-no-color")
    return costs


def unchanged(
    kinds: list[str], count: int, *, server: Server, directory: Path, rounds: int
) -> dict[tuple[str, str], list[Cost]]:
    """Costs of a plan without changes alone, for counts that take Terraform an hour to apply.

    The flows are put on the server at once, and the states are written as Terraform writes them.
    """
    workspaces = {
        kind: Workspace(directory / f"unchanged{kind}{count}", kind, count=count, server=server)
        for kind in kinds
        if kind in ("floor", "single")
    }
    for kind, workspace in workspaces.items():
        flows = workspace.flows()
        revisions = put(flows, server) if kind == "single" else {}
        state = state_of(kind, flows, revisions)
        (workspace.directory / "terraform.tfstate").write_text(json.dumps(state))
    costs: dict[tuple[str, str], list[Cost]] = {}
    arguments, codes = COMMANDS["no change"]
    for _ in range(rounds):
        for kind, workspace in workspaces.items():
            cost = workspace.run(*arguments, codes=codes)
            costs.setdefault(("no change", kind), []).append(cost)
    return costs


def put(flows: dict[str, str], server: Server) -> dict[str, int]:
    """Declares flows as the provider does, 500 at a time; their revisions."""
    client = Client(Settings(endpoint=server.endpoint, token=server.token))
    found: dict[str, int] = {}
    names = list(flows)
    for at in range(0, len(names), 500):
        objects = [
            {
                "kind": "flow",
                "namespace": namespace_of(flows[name]),
                "id": name,
                "spec": {"source": flows[name]},
            }
            for name in names[at : at + 500]
        ]
        body = {"objects": objects, "deletes": [], "complete": False}
        for row in client.request("POST", "/apply", body).json["objects"]:
            found[row["object"]["id"]] = row["object"]["revision"]
    return found


def namespace_of(source: str) -> str:
    """The namespace in a flow of ours."""
    return source.splitlines()[1].partition(": ")[2]


def state_of(kind: str, flows: dict[str, str], revisions: dict[str, int]) -> dict[str, object]:
    """The state after an apply."""

    def single(name: str, source: str) -> dict[str, object]:
        namespace = namespace_of(source)
        return {
            "source": source,
            "namespace": namespace,
            "flow_id": name,
            "id": f"{namespace}/{name}",
            "revision": revisions[name],
            "content_hash": hashlib.sha256(source.encode()).hexdigest(),
        }

    def floor(name: str, source: str) -> dict[str, object]:
        payload = {"source": source, "namespace": namespace_of(source), "flow_id": name}
        value = {"value": payload, "type": ["object", dict.fromkeys(payload, "string")]}
        identity = str(uuid.uuid4())
        return {"id": identity, "input": value, "output": value, "triggers_replace": None}

    attributes = single if kind == "single" else floor
    provider = "registry.terraform.io/penstock/penstock"
    resource = {
        "mode": "managed",
        "type": "penstock_flow" if kind == "single" else "terraform_data",
        "name": "each",
        "provider": f'provider["{provider if kind == "single" else BUILTIN}"]',
        "instances": [
            {
                "index_key": name,
                "schema_version": 0,
                "attributes": attributes(name, source),
                "sensitive_attributes": [],
            }
            for name, source in flows.items()
        ],
    }
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 1,
        "lineage": str(uuid.uuid4()),
        "outputs": {},
        "resources": [resource],
    }


def table(count: int, costs: dict[tuple[str, str], list[Cost]]) -> Iterator[str]:
    """A line for each command and kind."""
    for (what, kind), own in costs.items():
        floor = costs.get((what, "floor"), [])
        pairs = list(zip(own, floor, strict=True)) if floor else []
        walls = statistics.median(one.wall / other.wall for one, other in pairs) if pairs else 0
        cpus = statistics.median(one.cpu / other.cpu for one, other in pairs) if pairs else 0
        served = [cost.server for cost in own if cost.server is not None]
        yield (
            f"{count:5} {what:10} {kind:8} {statistics.median(cost.wall for cost in own):7.2f} "
            f"{walls:6.2f} {cpus:6.2f}   "
            f"{statistics.median(cost.terraform for cost in own):9.2f} "
            f"{statistics.median(cost.provider for cost in own):8.2f} "
            + (f"{statistics.median(served):7.2f}" if served else "      -")
            + f" {statistics.median(cost.requests for cost in own):9.0f}"
        )


def handshake(directory: Path) -> tuple[float, float, float]:
    """CPU ms and wall ms to the handshake line, and peak memory in MB, of a bare start.

    Medians of all but the first one, which unpacks the program's file.
    """
    cookie = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
    cpu, wall, memory = [], [], []
    program = install(directory)
    for _ in range(11):
        began = time.perf_counter()
        process = subprocess.Popen(
            [program],
            env={
                **os.environ,
                "PENSTOCK_PYTHON": sys.executable,
                "TF_PLUGIN_MAGIC_COOKIE": cookie,
                "PLUGIN_CLIENT_CERT": client_certificate(),
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        process.stdout.readline()
        wall.append((time.perf_counter() - began) * 1000)
        # What the system says at the end counts what this process had before it became another.
        status = Path(f"/proc/{process.pid}/status").read_text()
        process.terminate()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        process.stdout.close()
        cpu.append((usage.ru_utime + usage.ru_stime) * 1000)
        memory.append(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
    return statistics.median(cpu[1:]), statistics.median(wall[1:]), max(memory[1:])


def client_certificate() -> str:
    """Any certificate: a start does not look into it further than to parse it."""
    from penstock_provider.framework.p256 import self_signed

    return self_signed(time.time())[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--endpoint", help="a running server, instead of one of our own")
    parser.add_argument("--token", help="its token")
    parser.add_argument("--server-pid", type=int, help="its process, to measure its CPU too")
    parser.add_argument("--counts", default="100,1000", help="numbers of flows (%(default)s)")
    parser.add_argument(
        "--unchanged", default="5000", help="numbers only for a plan without changes (%(default)s)"
    )
    parser.add_argument("--parallelism", help="Terraform's -parallelism, instead of its ten")
    parser.add_argument("--rounds", type=int, default=3, help="how often (%(default)s)")
    parser.add_argument(
        "--kinds", default=",".join(KINDS), help=f"%(default)s; also {', '.join(MORE_KINDS)}"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark") as name, contextlib.ExitStack() as stack:
        directory = Path(name)
        cpu, wall, memory = handshake(directory / "start")
        start = f"{cpu:.0f} ms CPU, {wall:.0f} ms wall, {memory:.0f} MB"
        print(f"provider start to handshake: {start}\n", flush=True)
        if options.endpoint:
            server = Server(options.endpoint, options.token or "", options.server_pid)
        else:
            server = stack.enter_context(own_server(directory / "server"))
        print(
            f"{'N':>5} {'what':10} {'as':8} {'wall':>7} {'x':>6} {'cpu x':>6}   "
            "terraform provider  server  requests"
        )
        if options.parallelism:
            flag = f"-parallelism={options.parallelism}"
            os.environ.update(TF_CLI_ARGS_plan=flag, TF_CLI_ARGS_apply=flag)
        for counts, run in ((options.counts, measure), (options.unchanged, unchanged)):
            for count in map(int, filter(None, counts.split(","))):
                costs = run(
                    options.kinds.split(","),
                    count,
                    server=server,
                    directory=directory,
                    rounds=options.rounds,
                )
                print("\n".join(table(count, costs)), flush=True)
        one, five, _ = os.getloadavg()
        print(f"\nload of the machine at the end: {one:.1f} (1 min), {five:.1f} (5 min)")


if __name__ == "__main__":
    main()
