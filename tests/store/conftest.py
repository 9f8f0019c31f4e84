import pytest

from penstock.store import schema
from penstock.store.session import Database


@pytest.fixture
def database(tmp_path):
    made = Database(f"sqlite:///{tmp_path}/penstock.db")
    schema.prepare(made)
    yield made
    made.close()
