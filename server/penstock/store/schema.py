"""Creates the tables of a new database and migrates those of an older one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlmodel import SQLModel

from penstock.errors import Unavailable
from penstock.store import (
    audit,
    event,
    execution,
    flow,
    flow_test,
    job,
    kv,
    log,
    metric,
    namespace,
    namespace_file,
    schedule,
    schedule_override,
    secret,
    task_run,
    tenant,
    terraform_lock,
    terraform_state,
    timer,
    timetable,
    token,
    trigger,
)
from penstock.store.session import Database

if TYPE_CHECKING:
    from alembic.config import Config

MODULES = (
    audit,
    event,
    execution,
    flow,
    flow_test,
    job,
    kv,
    log,
    metric,
    namespace,
    namespace_file,
    schedule,
    schedule_override,
    secret,
    task_run,
    tenant,
    terraform_lock,
    terraform_state,
    timer,
    timetable,
    token,
    trigger,
)
"""Every module with tables; importing them fills `SQLModel.metadata`."""

MIGRATIONS = Path(__file__).parent / "migrations"


def head() -> str:
    """The newest migration, by its number in the file name."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def prepare(database: Database) -> None:
    """Brings the database to the present schema; does nothing when it is there already."""
    with database.read() as tx:
        found = _revision(tx)
    if found == head():
        return
    if found is None:
        _create(database)
    else:
        _migrate(database, found)


def _revision(tx: Connection) -> str | None:
    if not inspect(tx).has_table("alembic_version"):
        return None
    return tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _create(database: Database) -> None:
    # The tables of the newest release, stamped: a test keeps them equal to the migrations'.
    with database.transaction() as tx:
        SQLModel.metadata.create_all(tx)
        tx.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
        tx.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": head()})


def _migrate(database: Database, found: str) -> None:
    if found > head():
        raise Unavailable(
            f"The database has schema {found}, but this version of penstock knows only up to "
            f"{head()}: it was used by a newer version.",
            hint="Start that version again, or restore a backup from before the upgrade.",
        )
    # Alembic costs 0.2 s of start-up, so only an upgrade imports it.
    from alembic import command  # noqa: PLC0415

    with database.transaction() as tx:
        command.upgrade(configuration(tx), "head")


def configuration(tx: Connection) -> Config:
    """Alembic's configuration on an open transaction."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = tx
    return config
