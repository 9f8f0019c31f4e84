"""The demo's own Git repository, in which it may commit without touching the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from stage import CHECKOUT, DemoFailed

SHOWN = ("cdktf-app/flows", "environments")


def git(folder: Path, *arguments: str) -> str:
    """Runs Git in a folder; gives what it prints."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise DemoFailed("Git is not installed; flows are promoted from Git.") from None
    if done.returncode:
        raise DemoFailed(f"git {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def prepare_repository(target: Path) -> str:
    """Makes or renews the demo's own clone, in which it may commit; says what it holds.

    It follows the checkout's HEAD. Uncommitted flows and environments are committed there, and
    locks that an earlier demo wrote are kept, so that nothing in the checkout itself changes.
    """
    locks = target / "environments" / "prod" / "locks"
    kept = {path.name: path.read_bytes() for path in locks.glob("*.json")}
    is_git = (CHECKOUT / ".git").exists()
    if not target.exists():
        target.mkdir(parents=True)
        git(target, "init", "--quiet")
        # The demo commits under a name of its own, whatever the user's own settings ask for.
        for setting in ("user.name=Penstock demo", "user.email=demo@example.com"):
            git(target, "config", *setting.split("=", 1))
        git(target, "config", "commit.gpgsign", "false")
        git(target, "config", "core.hooksPath", os.devnull)
    if is_git:
        # Of a shallow clone too, as continuous integration makes them.
        git(target, "fetch", "--quiet", "--update-shallow", str(CHECKOUT), "HEAD")
        git(target, "reset", "--quiet", "--hard", "FETCH_HEAD")
    for name in SHOWN:
        shutil.rmtree(target / name, ignore_errors=True)
        shutil.copytree(CHECKOUT / name, target / name)
    for name, text in kept.items():
        if not (locks / name).exists():
            locks.mkdir(parents=True, exist_ok=True)
            (locks / name).write_bytes(text)
    changed = git(target, "status", "--porcelain", "--untracked-files=all", "--", *SHOWN)
    own = [line for line in changed.splitlines() if "environments/prod/locks/" not in line]
    if changed:
        git(target, "add", "--all", "--", *SHOWN)
        git(target, "commit", "--quiet", "-m", "Take what the checkout has not committed")
    head = git(target, "rev-parse", "--short", "HEAD")
    if not is_git:
        return f"commit {head}, made of this folder, which is no Git repository"
    if own:
        return f"commit {head}, in the demo's clone only: your checkout has uncommitted changes"
    return f"commit {head}, with the flows of your checkout's HEAD"
