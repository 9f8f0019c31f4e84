"""`jdbc.duckdb.Query`: runs one SQL query."""

from __future__ import annotations

from penstock.plugins.jdbc.duckdb._duckdb_task import DuckdbTask
from penstock.plugins.jdbc.duckdb._session import Session
from penstock.plugins.scripts.files import write_inputs
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs


class Query(DuckdbTask):
    """Runs SQL with DuckDB and gives back the rows of the last query in it.

    Needs the extra `duckdb`. Outputs, by `fetchType`: `rows`, `row` or `uri`, and `size`.

    Example:
        id: sales
        namespace: company.team
        tasks:
          - id: total
            type: jdbc.duckdb.Query
            inputFiles:
              sales.csv: |
                city,amount
                Rome,3
                Oslo,4
            sql: SELECT sum(amount) AS amount FROM read_csv('sales.csv')
            fetchType: FETCH_ONE
          - id: show
            type: core.log.Log
            message: "Sold: {{ outputs.total.row.amount }}"
    """

    def run(self, context: RunContext) -> Outputs:
        """Runs the SQL; raises `TaskFailed` with DuckDB's own sentence."""
        write_inputs(context, self.input_files)
        with Session(context, self.url) as session:
            results = session.run(self.sql, self.parameters or {}, self.wanted(), self.id)
        return results[-1] if results else {}
