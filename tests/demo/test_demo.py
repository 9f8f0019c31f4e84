from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest


def tell(repository: Path, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, repository / "demo" / "run.py"],
        env={**os.environ, "PENSTOCK_DEMO_FOLDER": str(folder), "PENSTOCK_CDK": "none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def settings(repository: Path) -> dict[str, bytes]:
    """The checkout's own environments and locks, which the demo leaves alone."""
    files = (path for path in (repository / "environments").rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files}


def test_the_demo_passes_twice_in_a_row(repository: Path, tmp_path: Path) -> None:
    before = settings(repository)
    first, second = (tell(repository, tmp_path / "demo") for _ in range(2))
    for said in (first, second):
        assert said.count(": no changes") == 2
        assert said.count("in Git, dev and prod") == 3
        assert "no byte of a secret" in said
        assert '"task": "check_orders"' in said
        assert "Best customers" in said
    assert first.count("Apply complete!") == 2
    assert second.count("No changes.") == 2
    assert "0 to promote, 0 blocked, 3 the same" in second
    assert not (tmp_path / "demo" / "processes.json").exists()
    assert settings(repository) == before


@pytest.mark.parametrize("packed", ["plain", "gzip", "zip", "base64", "sqlite"])
def test_the_search_finds_a_secret_however_it_lies(
    proof: ModuleType, tmp_path: Path, packed: str
) -> None:
    import base64
    import gzip
    import sqlite3
    import zipfile

    secret = "s3cr3t/+canary-" + "x" * 20
    path = tmp_path / "file.db"
    text = json.dumps({"value": secret}).encode()
    match packed:
        case "plain":
            path.write_bytes(text)
        case "gzip":
            path.write_bytes(gzip.compress(text))
        case "base64":
            path.write_bytes(base64.b64encode(b"ab" + secret.encode() + b"c"))
        case "zip":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("plan", text)
        case _:
            database = sqlite3.connect(path)
            database.execute("CREATE TABLE t (v TEXT)")
            database.execute("INSERT INTO t VALUES (?)", ("y" * 4070 + secret + "z" * 9000,))
            database.commit()
            database.close()
    assert proof.search(tmp_path, [secret]).found
    assert not proof.search(tmp_path, ["another-canary"]).found
    assert not proof.search(tmp_path, [secret], leave_out=[path]).found
