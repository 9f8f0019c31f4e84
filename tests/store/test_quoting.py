"""Errors of the database never quote what was written."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError


def test_an_error_does_not_quote_the_values_of_its_statement(database):
    with database.transaction() as tx:
        tx.exec_driver_sql("CREATE TABLE once (value TEXT PRIMARY KEY)")
        tx.execute(text("INSERT INTO once VALUES (:value)"), {"value": "hunter2!"})
    with pytest.raises(IntegrityError) as caught, database.transaction() as tx:
        tx.execute(text("INSERT INTO once VALUES (:value)"), {"value": "hunter2!"})
    assert "hunter2!" not in str(caught.value)
