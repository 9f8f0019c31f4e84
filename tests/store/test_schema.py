import pytest
from sqlalchemy import inspect
from sqlmodel import SQLModel

from penstock.errors import Unavailable
from penstock.store import schema
from penstock.store.session import Database


def upgrade(database: Database) -> None:
    from alembic import command

    with database.transaction() as tx:
        command.upgrade(schema.configuration(tx), "head")


def test_migrations_make_the_same_tables_as_the_classes(tmp_path, database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    migrated = Database(f"sqlite:///{tmp_path}/migrated.db")
    upgrade(migrated)
    with migrated.read() as tx:
        assert compare_metadata(MigrationContext.configure(tx), SQLModel.metadata) == []
        found = inspect(tx)
        with database.read() as other:
            fresh = inspect(other)
            for table in fresh.get_table_names():
                names = {index["name"]: index["column_names"] for index in fresh.get_indexes(table)}
                assert names == {
                    index["name"]: index["column_names"] for index in found.get_indexes(table)
                }
    migrated.close()


def test_a_prepared_database_is_left_alone(database):
    schema.prepare(database)
    with database.read() as tx:
        version = tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
    assert version == schema.head()


def test_a_newer_database_is_refused_with_the_way_out(database):
    with database.transaction() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Unavailable, match="newer version"):
        schema.prepare(database)
