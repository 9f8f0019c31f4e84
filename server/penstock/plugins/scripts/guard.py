"""Ends the scripts of a server that dies without a chance to end them itself (``kill -9``).

One small shell process a server reads from a pipe whose writing end only the server holds.
It learns which process groups are at work; when the pipe ends, the server is gone, and it
kills what is left. Plain POSIX: no signal is tied to a thread, nothing is polled.
"""

from __future__ import annotations

import atexit
import subprocess
import threading

_WATCH = """
trap '' INT TERM HUP
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) case $groups in
         *" $group "*) groups="${groups%% $group *} ${groups#* $group }" ;;
       esac ;;
  esac
done
for group in $groups; do kill -KILL "-$group"; done
"""


class Guard:
    """Knows the running process groups, and has somebody outlive us who kills them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: set[int] = set()
        self._watcher: subprocess.Popen[bytes] | None = None

    def add(self, group: int) -> None:
        """From now on the group dies with this process."""
        with self._lock:
            self._groups.add(group)
            self._tell(f"+ {group}\n")

    def remove(self, group: int) -> None:
        """The group has ended; its number may be used again by others."""
        with self._lock:
            self._groups.discard(group)
            self._tell(f"- {group}\n")

    def close(self) -> None:
        """Lets the watcher go; it kills the groups that are still known."""
        with self._lock:
            watcher, self._watcher = self._watcher, None
        if watcher is not None and watcher.stdin is not None:
            watcher.stdin.close()
            watcher.wait()

    def _tell(self, line: str) -> None:
        watcher = self._watcher
        if watcher is None or watcher.stdin is None or watcher.poll() is not None:
            self._start()
            return
        try:
            watcher.stdin.write(line.encode())
        except BrokenPipeError:
            self._start()

    def _start(self) -> None:
        """A first watcher, or another after somebody killed it; it learns all groups anew."""
        if self._watcher is not None and self._watcher.stdin is not None:
            self._watcher.stdin.close()
            self._watcher.wait()
        watcher = subprocess.Popen(
            ["/bin/sh", "-c", _WATCH],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env={"PATH": "/usr/bin:/bin"},
        )
        self._watcher = watcher
        if watcher.stdin is not None:
            watcher.stdin.write("".join(f"+ {group}\n" for group in sorted(self._groups)).encode())


guard = Guard()
atexit.register(guard.close)
