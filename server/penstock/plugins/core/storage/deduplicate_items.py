"""`core.storage.DeduplicateItems`: keeps the last record of each key."""

from __future__ import annotations

import hashlib
import itertools
from typing import Annotated

import orjson
from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.plugins.core.storage._filtering import fields_of, filtered
from penstock.sdk.context import RunContext
from penstock.sdk.records import Record, records
from penstock.sdk.task import Outputs, RunnableTask


class DeduplicateItems(RunnableTask):
    """Keeps of all records with the same key only the last one, where that stands.

    Outputs: `uri` of the kept records, `numKeys`, `processedItemsTotal`, `droppedItemsTotal`.

    Example:
        id: deduplicate
        namespace: company.team
        tasks:
          - id: write
            type: core.storage.Write
            content: |
              {"id": 1, "state": "new"}
              {"id": 2, "state": "new"}
              {"id": 1, "state": "sent"}
          - id: newest
            type: core.storage.DeduplicateItems
            from: "{{ outputs.write.uri }}"
            expr: "{{ id }}"
          - id: show
            type: core.log.Log
            message: "{{ read(outputs.newest.uri) }}"
    """

    from_: Annotated[Dynamic[str], Field(alias="from", description="URI of the file.")]
    expr: Annotated[
        str,
        Field(
            min_length=1,
            description="An expression, evaluated for each record, that gives the record's key.",
        ),
    ]

    def run(self, context: RunContext) -> Outputs:
        """Reads the file twice: where each key is last, then what is to be kept.

        What stays in memory is a digest and a number for each key.
        """
        last: dict[bytes, int] = {}
        with context.files.open(self.from_) as source:
            for number, record in enumerate(records(source)):
                last[self._key(context, record)] = number
        kept = set(last.values())
        numbers = itertools.count()
        outputs = filtered(context, self.from_, lambda _: next(numbers) in kept)
        return {**outputs, "numKeys": len(last)}

    def _key(self, context: RunContext, record: Record) -> bytes:
        value = context.render(self.expr, fields_of(record.value))
        return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).digest()
