"""``penstock docs``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from penstock.cli.root import Session


@click.group("docs")
def command() -> None:
    """The reference pages of this installation."""


@command.command("schema")
def schema() -> None:
    """Writes the JSON Schema of flow files, with every installed type, for editors.

    Example: penstock docs schema > flow.schema.json
    """
    import json  # noqa: PLC0415 - only here

    from penstock import registry  # noqa: PLC0415 - it imports every type
    from penstock.language.schema import flow_schema  # noqa: PLC0415 - as above

    # pyrefly: ignore[bad-argument-type] - cached functions are functions
    click.echo(json.dumps(flow_schema(registry, registry), indent=2, ensure_ascii=False))


@command.command("build")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.pass_context
def build(ctx: click.Context, directory: Path) -> None:
    """Writes the reference pages below DIRECTORY; generated ones that are no more are removed.

    Example: penstock docs build docs/reference
    """
    from penstock.docs import build as pages  # noqa: PLC0415 - it imports the whole product

    session: Session = ctx.obj
    root = ctx.find_root().command
    assert isinstance(root, click.Group)
    changed = pages.build(pages.pages(root), directory)
    text = "\n".join(changed) if changed else "Nothing has changed."
    session.output.value({"changed": changed}, text)
