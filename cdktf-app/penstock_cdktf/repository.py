"""Git, asked for objects: trees, blobs, commits. A bare clone is enough, no vendor is involved."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from penstock_cdktf.errors import AppError, GitError

_URL = re.compile(r"(https?|ssh)://(?:[^/@]*@)?(.+)")
_SCP = re.compile(r"[\w.-]+@[\w.-]+:.+")


@dataclass(frozen=True)
class Repository:
    """A Git repository, seen from a folder in it (`root`); paths are relative to that folder."""

    root: Path

    def _run(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        try:
            done = subprocess.run(
                ["git", "-C", str(self.root), *arguments],
                input=stdin,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            raise GitError("Git is not installed; flows are read from Git objects.") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise GitError(f"git {arguments[0]} failed: {said[-1] if said else 'no reason given'}.")
        return done.stdout

    def exists(self) -> bool:
        """Whether the folder is in a Git repository at all."""
        try:
            self._run("rev-parse", "--git-dir")
        except GitError:
            return False
        return True

    @cached_property
    def prefix(self) -> str:
        """The folder's path inside the repository, empty or ending in a slash."""
        return self._run("rev-parse", "--show-prefix").decode().strip()

    def commit_id(self, ref: str) -> str:
        """Returns the full commit id of a ref.

        Raises:
            GitError: there is no such ref; a fresh repository without commits included.
        """
        try:
            found = self._run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        except GitError:
            raise GitError(
                f"There is no commit `{ref}` in this repository. Commit first, or name another "
                "ref under `flows.ref`."
            ) from None
        return found.decode().strip()

    def tree(self, commit: str, path: str) -> dict[str, str]:
        """Returns the files below `path` (empty: all) in a commit: relative path → blob id."""
        base = f"{self.prefix}{path}/" if path else self.prefix
        only = ["--", base] if base else []
        listing = self._run("ls-tree", "-r", "-z", "--full-tree", commit, *only)
        found: dict[str, str] = {}
        for line in listing.split(b"\0"):
            if line:
                about, _, name = line.partition(b"\t")
                mode, kind, blob = about.decode().split(" ")
                if kind == "blob" and mode != "120000":
                    found[name.decode(errors="surrogateescape").removeprefix(base)] = blob
        return found

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Returns the exact bytes of blobs, all through one Git process.

        Raises:
            GitError: a blob is not in this repository.
        """
        wanted: Sequence[str] = sorted(set(ids))
        if not wanted:
            return {}
        answer = self._run("cat-file", "--batch", stdin=("\n".join(wanted) + "\n").encode())
        found: dict[str, bytes] = {}
        offset = 0
        for blob in wanted:
            end = answer.index(b"\n", offset)
            head = answer[offset:end].decode().split(" ")
            if len(head) != 3 or head[1] != "blob":  # noqa: PLR2004  # id, kind, size
                raise GitError(
                    f"Blob {blob} is not in this repository. Fetch the commit that holds it "
                    "(`git fetch --unshallow` in a shallow clone)."
                )
            size = int(head[2])
            found[blob] = answer[end + 1 : end + 1 + size]
            offset = end + 1 + size + 1
        return found

    def file_at(self, commit: str, path: str) -> bytes | None:
        """Returns a file's bytes in a commit, None when it is not there."""
        listing = self._run("ls-tree", "-z", "--full-tree", commit, "--", f"{self.prefix}{path}")
        if not listing:
            return None
        blob = listing.split(b"\t")[0].decode().split(" ")[2]
        return self.blobs([blob])[blob]

    def history(self, path: str) -> tuple[str, ...]:
        """Returns the commits that changed a file, newest first."""
        listing = self._run("log", "--format=%H", "HEAD", "--", path)
        return tuple(listing.decode().split())

    def remote(self) -> str | None:
        """Returns the address of `origin` without credentials; None for none or a local path."""
        try:
            url = self._run("config", "--get", "remote.origin.url").decode().strip()
        except GitError:
            return None
        if match := _URL.fullmatch(url):
            return f"{match[1]}://{match[2]}"
        return url if _SCP.fullmatch(url) else None

    def person(self) -> str:
        """Returns who commits here, `Name <address>`.

        Raises:
            AppError: Git does not know.
        """
        try:
            name = self._run("config", "--get", "user.name").decode().strip()
            mail = self._run("config", "--get", "user.email").decode().strip()
        except GitError:
            raise AppError(
                "Git does not know who you are, and an override needs a name. Set user.name and "
                "user.email with `git config`."
            ) from None
        return f"{name} <{mail}>"

    def commit_files(self, paths: Iterable[str], message: str) -> str:
        """Commits exactly these files and returns the new commit's id."""
        named = sorted(paths)
        self._run("add", "--", *named)
        self._run("commit", "--quiet", "-m", message, "--", *named)
        return self.commit_id("HEAD")
