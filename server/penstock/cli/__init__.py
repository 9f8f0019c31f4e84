"""The command line. Importing it is cheap: each group is loaded when it is used."""

from __future__ import annotations


def main() -> None:
    """The entry point of ``penstock``."""
    from penstock.cli.root import run  # noqa: PLC0415 - `import penstock.cli` stays free of click

    run()
