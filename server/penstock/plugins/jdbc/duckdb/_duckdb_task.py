"""What both DuckDB tasks share."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.plugins.jdbc.duckdb._session import FetchType
from penstock.sdk.task import RunnableTask


class DuckdbTask(RunnableTask):
    """SQL run by DuckDB in the worker's process."""

    uses_folder: ClassVar[bool] = True

    url: Annotated[
        Dynamic[str],
        Field(description="jdbc:duckdb:/path/to/file.duckdb, or jdbc:duckdb: for memory only."),
    ] = "jdbc:duckdb:"
    sql: Annotated[Dynamic[str], Field(description="The SQL to run.")]
    parameters: Annotated[
        Dynamic[dict[str, Json] | None],
        Field(description="Values that the SQL names as $name; safer than expressions in SQL."),
    ] = None
    input_files: Annotated[
        Dynamic[dict[str, Json] | str | None],
        Field(
            description="Files that the SQL finds by their names: name → content, or the "
            "penstock:// URI of a stored file."
        ),
    ] = None
    fetch_type: Annotated[
        Dynamic[FetchType],
        Field(
            description="STORE keeps the rows in a JSON Lines file (uri), FETCH gives rows, "
            "FETCH_ONE the first row, NONE nothing."
        ),
    ] = FetchType.NONE
    fetch: Annotated[
        Dynamic[bool],
        Field(
            description="Old spelling of fetchType: FETCH.", json_schema_extra={"deprecated": True}
        ),
    ] = False
    fetch_one: Annotated[
        Dynamic[bool],
        Field(
            description="Old spelling of fetchType: FETCH_ONE.",
            json_schema_extra={"deprecated": True},
        ),
    ] = False
    store: Annotated[
        Dynamic[bool],
        Field(
            description="Old spelling of fetchType: STORE.", json_schema_extra={"deprecated": True}
        ),
    ] = False

    def wanted(self) -> FetchType:
        """What becomes of the rows, from either spelling."""
        if self.fetch_type is not FetchType.NONE:
            return self.fetch_type
        old = (
            (self.store, FetchType.STORE),
            (self.fetch, FetchType.FETCH),
            (self.fetch_one, FetchType.FETCH_ONE),
        )
        return next((fetch for given, fetch in old if given), FetchType.NONE)
