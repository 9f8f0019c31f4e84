"""``penstock fmt``: rewrites flow files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli import file

if TYPE_CHECKING:
    from penstock.cli.root import Session
    from penstock.language.form import Rewritten
    from penstock.model.frozen import Json


@click.command("fmt")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--upgrade", is_flag=True, help="Writes present names for deprecated ones.")
@click.option("--check", is_flag=True, help="Writes nothing; ends with 1 when something would be.")
@click.pass_obj
def command(session: Session, paths: tuple[Path, ...], *, upgrade: bool, check: bool) -> int:
    """Cleans up flow files, and all below folders; comments and layout stay.

    White space at the ends of lines goes, a file ends with one line break, and lines end as on
    Unix. With --upgrade deprecated names of properties, types, functions and filters are replaced
    by the present ones. Nothing that a flow means changes.

    Example: penstock fmt --upgrade --check flows
    """
    changed: list[Path] = []
    told: list[Json] = []
    lines: list[str] = []
    for path in file.find(paths):
        data = path.read_bytes()
        before = file.text_of(path)
        after = _rewritten(before, upgrade=upgrade)
        if after.text == before:
            continue
        changed.append(path)
        lines += [str(path)] + [f"  {line}: {old} → {new}" for old, new, line in after.renamed]
        renamed: list[Json] = [
            {"line": line, "before": old, "after": new} for old, new, line in after.renamed
        ]
        told.append({"file": str(path), "renamed": renamed})
        if not check:
            mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
            path.write_bytes(mark + after.text.removeprefix("\ufeff").encode())
    said = "would change" if check else "changed"
    noun = "file" if len(changed) == 1 else "files"
    session.output.value(told, "\n".join([*lines, f"{len(changed)} {noun} {said}"]))
    return 1 if check and changed else 0


def _rewritten(text: str, *, upgrade: bool) -> Rewritten:
    from penstock import registry  # noqa: PLC0415 - `--help` needs no language
    from penstock.language.form import Rewritten, tidied, upgraded  # noqa: PLC0415 - as above

    tidy = tidied(text)
    if not upgrade:
        return Rewritten(tidy)
    return upgraded(tidy, registry)  # pyrefly: ignore[bad-argument-type] - cached functions
