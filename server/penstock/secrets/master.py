"""The master key: from the environment, or from a file that the first start makes."""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

from penstock.errors import PenstockError
from penstock.secrets.envelope import KEY_BYTES, Key, new_key

FILE_NAME = "master.key"


class BadMasterKey(PenstockError):
    """The master key is not 32 bytes in base64."""

    code = "bad-master-key"
    title = "Bad master key"


def load(text: str | None, directory: Path) -> Key:
    """The key in `text` (base64 of 32 bytes), else of the data directory's key file."""
    if text:
        return _decode(text, "PENSTOCK_MASTER_KEY")
    path = directory / FILE_NAME
    try:
        return _decode(path.read_text("ascii"), str(path))
    except FileNotFoundError:
        return _create(path)


def _create(path: Path) -> Key:
    key = new_key()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was first
        return _decode(path.read_text("ascii"), str(path))
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.b64encode(key.material).decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def _decode(text: str, where: str) -> Key:
    try:
        material = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        material = b""
    if len(material) != KEY_BYTES:
        raise BadMasterKey(
            f"{where} does not hold {KEY_BYTES} bytes in base64",
            hint="Make one with: openssl rand -base64 32",
        )
    return Key(material)
