"""Builds the provider as one file that is the same, byte for byte, on every POSIX platform.

Terraform's lock file then needs one checksum, whoever writes it and wherever it is read. So nothing
of this machine may be in the file: no path, no date, no compiled code, and no compression, because
not every zlib writes the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from penstock_provider import __version__, recorded
from penstock_provider import package_main as first

PACKED: Sequence[str] = ("cronsim",)
"""Libraries that the provider imports beside the standard library, in their pure-Python form. Other
versions of them would be other bytes, so pyproject.toml names one."""
PROGRAM = f"terraform-provider-penstock_v{__version__}"
_PYTHONS = "python3 python3.14 python3.13 python3.12 python3.11"
_HEADER = f"""\
#!/bin/sh
# The Penstock provider {__version__} for Terraform: a Python program in one file.
python=$PENSTOCK_PYTHON
for each in {_PYTHONS}; do
  [ -n "$python" ] || ! command -v "$each" >/dev/null 2>&1 || python=$each
done
if command -v "$python" >/dev/null 2>&1; then exec "$python" -I -S "$0" "$@"; fi
echo "The Penstock provider needs Python {".".join(map(str, first.OLDEST))} or newer, and there is \
no ${{PENSTOCK_PYTHON:-python3}} on PATH. Install one, or name it in PENSTOCK_PYTHON." >&2
exit 1
"""
_START = (1980, 1, 1, 0, 0, 0)
_FILE, _PROGRAM = 0o100644, 0o100755
_UNIX = 3


class CannotPackError(Exception):
    """A library that belongs into the file is not here; the text says which."""


def build() -> bytes:
    """The program: a header for the shell, then an archive for Python."""
    content = {**dict(_content()), f"penstock_provider/{recorded.NAME}": recorded.worked_out()}
    digest = hashlib.sha256()
    for name, data in sorted(content.items()):
        digest.update(f"{name}\0{len(data)}\0".encode() + data)
    source = Path(str(first.__file__)).read_text("utf-8")
    names = ", ".join(f'"{name}"' for name in sorted(content))
    main = re.sub(r'^DIGEST = ""$', f'DIGEST = "{digest.hexdigest()}"', source, flags=re.MULTILINE)
    main = re.sub(r"^NAMES = \(\)$", f"NAMES = ({names},)", main, flags=re.MULTILINE)
    packed = archive({**content, "__main__.py": main.encode()}, mode=_FILE)
    return _HEADER.encode() + packed


def archive(files: dict[str, bytes], *, mode: int = _PROGRAM) -> bytes:
    """A zip of files, the same for the same files."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as made:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _START)
            entry.create_system, entry.external_attr = _UNIX, mode << 16
            made.writestr(entry, data)
    return written.getvalue()


def checksum(program: bytes) -> str:
    """The ``h1:`` with which Terraform's lock file knows a provider of this one file."""
    line = f"{hashlib.sha256(program).hexdigest()}  {PROGRAM}\n"
    return "h1:" + base64.b64encode(hashlib.sha256(line.encode()).digest()).decode()


def _content() -> Iterator[tuple[str, bytes]]:
    for name in ("penstock_provider", *PACKED):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise CannotPackError(f"The Python package {name} is not installed here.")
        if not spec.submodule_search_locations:
            yield f"{name}.py", Path(spec.origin).read_bytes()
            continue
        root = Path(spec.origin).parent
        for path in root.rglob("*.py"):
            yield f"{name}/{path.relative_to(root).as_posix()}", path.read_bytes()
