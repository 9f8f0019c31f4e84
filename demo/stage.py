"""The demo's stage: processes on free loopback ports."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
_PATIENCE_SECONDS = 60.0


class DemoFailed(Exception):
    """The demo cannot go on; the text says why and where to look."""


@dataclass
class Stage:
    """Starts processes and ends them again; everything is below `folder`."""

    folder: Path
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _taken: set[int] = field(default_factory=set)

    def clear(self) -> None:
        """Ends what an earlier demo with KEEP=1 left running."""
        file = self.folder / "processes.json"
        if not file.exists():
            return
        left: dict[str, int] = json.loads(file.read_text())
        for number in left.values():
            # The number may belong to somebody else by now.
            if str(self.folder) in _command_of(number):
                os.kill(number, signal.SIGTERM)
                _wait_until(lambda number=number: not _is_alive(number), f"process {number} to end")
        file.unlink()

    def port(self, name: str, preferred: int) -> int:
        """The port of the last demo in this folder or else the preferred one, while it is free.

        The environments' settings name ports, so that another port is a change to Terraform.
        """
        file = self.folder / "ports.json"
        last: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        for wanted in (last.get(name, preferred), preferred, 0):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", wanted))
                except OSError:
                    continue
                found = int(probe.getsockname()[1])
            if found not in self._taken:
                self._taken.add(found)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(json.dumps({**last, name: found}))
                return found
        raise DemoFailed("There is no free port on 127.0.0.1.")

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        ready: str,
        environ: Mapping[str, str],
        says: str = "",
    ) -> None:
        """Starts a process in its own folder and waits until `ready` answers over HTTP, and it
        has said `says`: somebody else may have taken the port meanwhile, and answer there.
        """
        home = self.folder / name
        home.mkdir(parents=True, exist_ok=True)
        log = home / "output.log"
        with log.open("ab") as output:
            before = output.tell()
            process = subprocess.Popen(
                command,
                cwd=home,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes[name] = process

        def answers() -> bool:
            if process.poll() is not None:
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
                raise DemoFailed(f"{name} ended with code {process.returncode}:\n{tail}")
            if says.encode() not in log.read_bytes()[before:]:
                return False
            try:
                with urllib.request.urlopen(ready, timeout=5):
                    return True
            except urllib.error.HTTPError as error:
                return error.code in (401, 404)
            except OSError:
                return False

        _wait_until(answers, f"{name} to answer at {ready} (its output: {log})")

    def stop(self) -> None:
        """Ends all processes, in the reverse order of their start."""
        for process in reversed(self._processes.values()):
            process.terminate()
        for name, process in self._processes.items():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                print(f"    {name} did not end by itself and was killed")

    def numbers(self) -> list[int]:
        """Process numbers of what runs."""
        return [process.pid for process in self._processes.values()]

    def leave(self) -> None:
        """Lets the processes run on, and remembers them for the next demo."""
        numbers = {name: process.pid for name, process in self._processes.items()}
        (self.folder / "processes.json").write_text(json.dumps(numbers))
        for process in self._processes.values():
            # They run on; the interpreter need not warn of it.
            process.returncode = 0


def _command_of(number: int) -> str:
    file = Path(f"/proc/{number}/cmdline")
    try:
        if file.parent.parent.joinpath("self").exists():
            return file.read_text(errors="replace")
        listing = ["ps", "-p", str(number), "-o", "command="]
        return subprocess.run(listing, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def _is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_until(holds: object, what: str) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not (callable(holds) and holds()):
        if time.monotonic() > end:
            raise DemoFailed(f"Waited {_PATIENCE_SECONDS:.0f} s for {what}.")
        time.sleep(0.05)


def server_command(data: Path, port: int) -> list[str]:
    """Starts a Penstock server on embedded SQLite."""
    program = Path(sys.executable).parent / "penstock"
    return [str(program), "server", "--host", "127.0.0.1", "--port", str(port), "--data", str(data)]
