"""What runs ends with those who started it: on a kill through the API, and with the server."""

from __future__ import annotations

import os
import signal
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

LONG = textwrap.dedent("""
    id: long
    namespace: company.team
    tasks:
      - id: work
        type: scripts.shell.Commands
        commands:
          - exec 9>'{held}'
          - echo up >&9
          - sleep 1000 & wait; wait
""")


@contextmanager
def at_work(api: httpx.Client, folder: Path) -> Iterator[tuple[str, int]]:
    """An execution whose script is at work; reading the pipe ends when its last process does."""
    held = folder / "held"
    os.mkfifo(held)
    put = api.put(
        "/flows/company.team/long",
        content=LONG.format(held=held).encode(),
        headers={"Content-Type": "application/yaml"},
    )
    assert put.status_code == 201, put.text
    wanted = {"namespace": "company.team", "flowId": "long"}
    execution = api.post("/executions", json=wanted).json()["id"]
    reader = os.open(held, os.O_RDONLY)
    try:
        assert os.read(reader, 10) == b"up\n"
        yield execution, reader
    finally:
        os.close(reader)


def test_a_kill_ends_the_script_and_what_it_started(shop, tmp_path: Path) -> None:
    with at_work(shop.api, tmp_path) as (execution, reader):
        assert shop.api.post(f"/executions/{execution}/kill").status_code == 202
        with shop.api.stream("GET", f"/executions/{execution}/follow") as stream:
            assert "event: end" in list(stream.iter_lines())
        found = shop.api.get(f"/executions/{execution}").json()
        assert found["state"] == "KILLED"
        assert [run["state"] for run in found["taskRuns"]] == ["KILLED"]
        assert os.read(reader, 1) == b""


def test_a_script_dies_with_a_server_that_is_killed(own_server, tmp_path: Path) -> None:
    with own_server as (server, api), at_work(api, tmp_path) as (_, reader):
        server.send_signal(signal.SIGKILL)
        assert os.read(reader, 1) == b""
