"""The demo's own repository is made of whatever kind of checkout there is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import REPOSITORY, load


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True)


@pytest.fixture
def clone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "path", [str(REPOSITORY / "demo"), *sys.path])
    return load("clone")


@pytest.mark.parametrize("kind", ["whole", "shallow", "none"])
def test_the_demos_repository(clone, tmp_path, monkeypatch, kind):
    origin = tmp_path / "an origin"
    for name in clone.SHOWN:
        (origin / name).mkdir(parents=True)
        (origin / name / "file").write_text("one")
    if kind != "none":
        git(origin, "init", "--quiet")
        for text in ("one", "two"):
            (origin / "changing").write_text(text)
            git(origin, "add", "--all")
            git(origin, "-c", "user.name=n", "-c", "user.email=e", "commit", "--quiet", "-m", text)
    checkout = origin
    if kind == "shallow":
        checkout = tmp_path / "shallow"
        git(tmp_path, "clone", "--quiet", "--depth", "1", origin.as_uri(), str(checkout))
    monkeypatch.setattr(clone, "CHECKOUT", checkout)
    target = tmp_path / "demo"
    first = clone.prepare_repository(target)
    assert clone.prepare_repository(target) == first
    assert ("no Git repository" in first) == (kind == "none")
    assert (target / clone.SHOWN[0] / "file").read_text() == "one"
