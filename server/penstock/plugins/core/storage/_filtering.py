"""Copies some records of a file to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from penstock.model.frozen import Json
from penstock.sdk.context import RunContext
from penstock.sdk.records import Record, records
from penstock.sdk.task import Outputs


def filtered(context: RunContext, uri: str, keep: Callable[[Record], bool]) -> Outputs:
    """Keeps the records for which `keep` is true; tells how many there were and went."""
    path = context.working_directory / "records.jsonl"
    total = dropped = 0
    with context.files.open(uri) as source, path.open("wb") as target:
        for record in records(source):
            total += 1
            if keep(record):
                target.write(record.line + b"\n")
            else:
                dropped += 1
    context.metric("records", total)
    return {
        "uri": context.store_file(path, path.name),
        "processedItemsTotal": total,
        "droppedItemsTotal": dropped,
    }


def fields_of(value: Json) -> Mapping[str, Json]:
    """What an expression about a record sees: its fields by name, or the whole as `value`."""
    return value if isinstance(value, dict) else {"value": value}
