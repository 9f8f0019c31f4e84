"""`core.storage.FilterItems`: keeps the records that meet a condition."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from penstock.expression import is_truthy
from penstock.expression.error import ExpressionError
from penstock.model.dynamic import Dynamic
from penstock.plugins.core.storage._filtering import fields_of, filtered
from penstock.sdk.context import RunContext
from penstock.sdk.records import Record
from penstock.sdk.task import Outputs, RunnableTask, TaskFailed


class FilterType(StrEnum):
    """What happens to records that meet the condition."""

    INCLUDE = "INCLUDE"
    EXCLUDE = "EXCLUDE"


class ErrorOrNull(StrEnum):
    """What happens to records for which the condition gives nothing."""

    FAIL = "FAIL"
    INCLUDE = "INCLUDE"
    EXCLUDE = "EXCLUDE"


class FilterItems(RunnableTask):
    """Keeps, or drops, the records of a file that meet a condition.

    A record is a line of JSON. The condition sees its fields by name (`value` when the record is
    no object), besides all that other expressions see.

    Outputs: `uri` of the kept records, `processedItemsTotal`, `droppedItemsTotal`.

    Example:
        id: filter_records
        namespace: company.team
        tasks:
          - id: write
            type: core.storage.Write
            content: |
              {"name": "Ada", "year": 1815}
              {"name": "Grace", "year": 1906}
          - id: filter
            type: core.storage.FilterItems
            from: "{{ outputs.write.uri }}"
            filterCondition: "{{ year > 1900 }}"
          - id: show
            type: core.log.Log
            message: "{{ read(outputs.filter.uri) }}"
    """

    from_: Annotated[Dynamic[str], Field(alias="from", description="URI of the file.")]
    filter_condition: Annotated[
        str, Field(min_length=1, description="An expression, evaluated for each record.")
    ]
    filter_type: Annotated[
        FilterType, Field(description="Whether records that meet the condition stay or go.")
    ] = FilterType.INCLUDE
    error_or_null_behavior: Annotated[
        ErrorOrNull,
        Field(description="What to do where the condition fails or gives null."),
    ] = ErrorOrNull.FAIL

    def run(self, context: RunContext) -> Outputs:
        """Reads record by record."""
        return filtered(context, self.from_, lambda record: self._keeps(context, record))

    def _keeps(self, context: RunContext, record: Record) -> bool:
        try:
            result = context.render(self.filter_condition, fields_of(record.value))
        except ExpressionError as error:
            return self._without_result(f"cannot be evaluated: {error}")
        if result is None or result == "":
            return self._without_result("gives nothing")
        return is_truthy(result) == (self.filter_type is FilterType.INCLUDE)

    def _without_result(self, why: str) -> bool:
        if self.error_or_null_behavior is ErrorOrNull.FAIL:
            raise TaskFailed(
                f"`filterCondition` {why}. Set `errorOrNullBehavior` to INCLUDE or EXCLUDE to keep "
                "or drop such records."
            )
        return self.error_or_null_behavior is ErrorOrNull.INCLUDE
