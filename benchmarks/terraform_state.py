"""Terraform's state on the server beside a local one, and what one write of a large state takes.

    python benchmarks/terraform_state.py [--count 1000] [--rounds 3]

Applies and destroys N single `penstock_flow` in turns with the local backend and with the `http`
backend of the same server. Prints seconds, the median of the rounds' ratios, and the milliseconds
of POST and GET of a state of 5 MB.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent))
from terraform import Cost, Server, Workspace, own_server

STATES = "/api/v1/tenants/main/terraform-state"


def on_server(workspace: Workspace, server: Server, name: str) -> None:
    """Moves the workspace's state, still empty, to the server."""
    address = f"{server.endpoint}{STATES}/{name}"
    backend = dict.fromkeys(("address", "lock_address", "unlock_address"), address)
    document = {"terraform": {"backend": {"http": backend}}}
    (workspace.directory / "backend.tf.json").write_text(json.dumps(document))
    workspace.run("init", "-reconfigure")


def large_state(serial: int, flows: int) -> bytes:
    """A state as `penstock_flow` makes it: texts and hashes that do not repeat."""

    def instance(number: int) -> dict[str, object]:
        digest = hashlib.sha512(b"%d %d" % (serial, number)).hexdigest()
        source = f"id: flow{number}\nnamespace: bench\ndescription: {digest}\ntasks:\n  - id: say\n"
        attributes = {
            "id": f"bench/flow{number}",
            "flow_id": f"flow{number}",
            "namespace": "bench",
            "content_hash": digest[:64],
            "revision": serial,
            "source": source,
        }
        return {"index_key": f"flow{number}", "schema_version": 0, "attributes": attributes}

    resource = {
        "mode": "managed",
        "type": "penstock_flow",
        "name": "each",
        "provider": 'provider["registry.terraform.io/penstock/penstock"]',
        "instances": [instance(number) for number in range(flows)],
    }
    state = {"version": 4, "serial": serial, "lineage": "bench", "resources": [resource]}
    return json.dumps(state, indent=2).encode()


def requests(server: Server, *, rounds: int = 12) -> str:
    """Median milliseconds of POST and GET of a large state, and the server's CPU of both."""
    place = urlsplit(server.endpoint)
    connection = http.client.HTTPConnection(place.hostname or "", place.port)
    headers = {"Authorization": f"Bearer {server.token}", "Accept-Encoding": "gzip"}
    states = [large_state(serial, 8_700) for serial in range(1, rounds + 1)]
    taken: dict[str, list[float]] = {"POST": [], "GET": []}
    before = server.cpu() or 0
    for state in states:
        for method, body in (("POST", state), ("GET", None)):
            began = time.perf_counter()
            connection.request(method, f"{STATES}/large", body=body, headers=headers)
            answer = connection.getresponse()
            answer.read()
            taken[method].append((time.perf_counter() - began) * 1000)
            assert answer.status == 200, answer.status
    cpu = ((server.cpu() or 0) - before) / rounds * 1000
    walls = ", ".join(
        f"{method} {statistics.median(all_):.0f} ms" for method, all_ in taken.items()
    )
    return f"state of {len(states[0]) / 1e6:.1f} MB: {walls}; {cpu:.0f} ms CPU for both"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000, help="number of flows (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="how often (%(default)s)")
    options = parser.parse_args()
    os.environ["PENSTOCK_TERRAFORM_STATE"] = "on"
    with (
        tempfile.TemporaryDirectory(prefix="benchmark") as name,
        own_server(Path(name) / "data") as server,
    ):
        print(requests(server), flush=True)
        os.environ |= {"TF_HTTP_USERNAME": "benchmark", "TF_HTTP_PASSWORD": server.token}
        make = {
            kind: Workspace(Path(name) / kind, "single", count=options.count, server=server)
            for kind in ("local", "server")
        }
        on_server(make["server"], server, "bench")
        costs: dict[tuple[str, str], list[Cost]] = {}
        for _ in range(options.rounds):
            for verb in ("apply", "destroy"):
                for kind, workspace in make.items():
                    cost = workspace.run(verb, "-auto-approve", "-no-color")
                    costs.setdefault((verb, kind), []).append(cost)
        print(f"{'':8} {'state':8} {'wall':>7} {'x':>6} {'cpu x':>6}   terraform provider server")
        for (verb, kind), own in costs.items():
            pairs = list(zip(own, costs[verb, "local"], strict=True))
            print(
                f"{verb:8} {kind:8} {statistics.median(cost.wall for cost in own):7.2f} "
                f"{statistics.median(one.wall / other.wall for one, other in pairs):6.2f} "
                f"{statistics.median(one.cpu / other.cpu for one, other in pairs):6.2f}   "
                f"{statistics.median(cost.terraform for cost in own):9.2f} "
                f"{statistics.median(cost.provider for cost in own):8.2f} "
                f"{statistics.median(cost.server or 0 for cost in own):6.2f}"
            )
        one, five, _ = os.getloadavg()
        print(f"\nload of the machine at the end: {one:.1f} (1 min), {five:.1f} (5 min)")


if __name__ == "__main__":
    main()
