"""All reference pages, and how they get into a folder."""

from __future__ import annotations

from pathlib import Path

import click

import penstock_provider
from penstock.docs import api, command, function, input_type, metric, setting, task, terraform
from penstock.docs.markdown import MADE, Pages
from penstock.errors import NotFound

EXAMPLES = Path(penstock_provider.__file__).parents[1] / "examples"
"""The provider's examples, in a clone of the repository."""


def pages(root: click.Group, examples: Path = EXAMPLES) -> Pages:
    """Every reference page by its path; `root` is the command line to describe.

    Raises:
        NotFound: an example of the provider is missing.
    """
    try:
        of_terraform = terraform.pages(examples)
    except FileNotFoundError as error:
        raise NotFound(
            f"There is no example {error.filename}.",
            hint="The provider's examples are in the repository: run this in a clone of it.",
        ) from None
    found = {
        **task.pages(),
        **input_type.pages(),
        **function.pages(),
        **setting.pages(),
        **api.pages(),
        **metric.pages(),
        **command.pages(root),
        **of_terraform,
    }
    return dict(sorted(found.items()))


def build(found: Pages, directory: Path) -> list[str]:
    """Writes pages below a folder, removes generated ones that are no more; what changed."""
    changed = []
    for name, text in found.items():
        path = directory / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    for path in sorted(directory.rglob("*.md")):
        name = path.relative_to(directory).as_posix()
        if name not in found and MADE in path.read_text("utf-8"):
            path.unlink()
            changed.append(name)
    return changed
