"""`jdbc.duckdb.Queries`: runs several SQL statements in one transaction."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.plugins.jdbc.duckdb._duckdb_task import DuckdbTask
from penstock.plugins.jdbc.duckdb._session import Session
from penstock.plugins.scripts.files import write_inputs
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs


class Queries(DuckdbTask):
    """Runs several SQL statements with DuckDB: all of them hold, or none.

    Needs the extra `duckdb`. Outputs: `outputs`, a list with the rows, row or uri and the size
    of each statement that returns rows, in order.

    Example:
        id: load
        namespace: company.team
        tasks:
          - id: load
            type: jdbc.duckdb.Queries
            url: jdbc:duckdb:/tmp/shop.duckdb
            fetchType: FETCH_ONE
            sql: |
              CREATE OR REPLACE TABLE orders AS SELECT * FROM range(10) AS t(id);
              SELECT count(*) AS rows FROM orders;
          - id: show
            type: core.log.Log
            message: "Loaded {{ outputs.load.outputs[0].row.rows }} rows"
    """

    transaction: Annotated[
        Dynamic[bool], Field(description="Whether the statements hold all together or not at all.")
    ] = True

    def run(self, context: RunContext) -> Outputs:
        """Runs the statements; a failure undoes them and raises `TaskFailed`."""
        write_inputs(context, self.input_files)
        with Session(context, self.url) as session:
            if self.transaction:
                session.execute("BEGIN TRANSACTION")
            # Closing without COMMIT undoes what was done.
            results = session.run(self.sql, self.parameters or {}, self.wanted(), self.id)
            if self.transaction:
                session.execute("COMMIT")
        return {"outputs": [{**result} for result in results]}
