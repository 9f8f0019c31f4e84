"""Looks for secrets where none may be: in every file below a folder, packed ones too."""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
import urllib.parse
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Search:
    """What was searched, and where a secret was found (none is the proof)."""

    files: int
    size: int
    kinds: Mapping[str, int]
    found: tuple[str, ...]


def forms(secret: str) -> set[bytes]:
    """The ways in which a value may lie in a file: plain, Base64, hexadecimal, escaped."""
    data = secret.encode()
    texts = {secret, json.dumps(secret)[1:-1], urllib.parse.quote(secret), data.hex()}
    coded = {base64.b64encode(data).rstrip(b"="), base64.urlsafe_b64encode(data).rstrip(b"=")}
    # Inside of a longer Base64 text a value begins at one of three offsets.
    for lead in (1, 2):
        coded.add(base64.b64encode(b"\0" * lead + data)[4:-4])
    return {text.encode() for text in texts} | coded


def search(folder: Path, secrets: Iterable[str], *, leave_out: Iterable[Path] = ()) -> Search:
    """Looks into all files below `folder`, except those below `leave_out`."""
    wanted = {form for secret in secrets for form in forms(secret)}
    left = tuple(leave_out)
    found: list[str] = []
    kinds: dict[str, int] = {}
    files = size = 0
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_symlink() or any(path.is_relative_to(one) for one in left):
            continue
        files += 1
        kind = kind_of(path)
        kinds[kind] = kinds.get(kind, 0) + 1
        for part, data in contents(path):
            size += len(data)
            if any(form in data for form in wanted):
                found.append(f"{path.relative_to(folder)}{part}")
    return Search(files, size, kinds, tuple(found))


def contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """The file's bytes; and unpacked, when it is packed or a database."""
    data = path.read_bytes()
    yield "", data
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield f"!{name}", archive.read(name)
    elif data.startswith(b"\x1f\x8b"):
        yield "!gzip", gzip.decompress(data)
    elif data.startswith(b"SQLite format 3\0"):
        # A long value is spread over pages; rows hold it in one piece.
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            yield "!rows", "\n".join(database.iterdump()).encode(errors="surrogatepass")


def kind_of(path: Path) -> str:
    """What sort of file it is, for the summary."""
    name = path.name
    for kind, ends in (
        ("state", (".tfstate", ".tfstate.backup")),
        ("plan", (".tfplan",)),
        ("log", (".log",)),
        ("database", (".db", ".db-wal", ".db-shm", ".duckdb", ".duckdb.wal")),
    ):
        if name.endswith(ends):
            return kind
    return "other"
