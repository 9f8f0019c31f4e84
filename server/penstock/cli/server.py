"""``penstock server``."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from penstock.main import Application


@click.command("server")
@click.option("--host", default=None, help="Address to listen on (127.0.0.1).")
@click.option("--port", type=int, default=None, help="Port to listen on (8484); 0: a free one.")
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), default=None, help="Data folder."
)
@click.option("--database", default=None, help="Database URL; SQLite in the data folder.")
@click.option("--workers", type=int, default=None, help="How many tasks run at once.")
def command(
    host: str | None,
    port: int | None,
    data: Path | None,
    database: str | None,
    workers: int | None,
) -> None:
    """Runs the server, all roles in one process, until SIGTERM or Ctrl-C.

    Every setting has an environment variable PENSTOCK_<NAME>; options win over it.
    """
    from penstock.cli.setting import read  # noqa: PLC0415 - `--help` needs none of it
    from penstock.main import serve  # noqa: PLC0415 - as above
    from penstock.telemetry.log import configure  # noqa: PLC0415 - as above

    given = {"host": host, "port": port, "data": data, "database": database, "workers": workers}
    settings = read({name: value for name, value in given.items() if value is not None})
    configure(settings.log_level.lower())
    serve(settings, _ready)


def _ready(application: Application, url: str) -> None:
    # What is there now stays until the end: the collector need not look through it ever again,
    # which takes a fifth of the time of a large set.
    gc.freeze()
    settings = application.settings
    click.echo(
        f"penstock ready at {url} "
        f"(data: {settings.data.resolve()}, admin token: {application.admin_token})"
    )
