"""The tasks to which `core.flow.ForEachItem` expands."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Self, cast

import orjson
from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Frozen
from penstock.model.output import FlowOutput
from penstock.model.state import State
from penstock.model.task import Task
from penstock.plugins.text import Text
from penstock.sdk.context import RunContext
from penstock.sdk.flowable import Branch, Children, Looping, Render
from penstock.sdk.loop import LoopingTask
from penstock.sdk.records import Splitting, records, size_of, split
from penstock.sdk.task import Result, RunnableTask

_TYPE = "core.flow.ForEachItem"


class Batch(Frozen):
    """How a file becomes batches; a row is never torn apart."""

    rows: Annotated[
        Dynamic[int | None], Field(description="Rows in each batch; 1 when nothing is said.")
    ] = None
    partitions: Annotated[
        Dynamic[int | None], Field(description="Number of batches; they get the rows in turn.")
    ] = None
    bytes: Annotated[
        Dynamic[Text | None],
        Field(description="The most that a batch may hold, such as 10MB."),
    ] = None
    separator: Annotated[Dynamic[str], Field(description="What ends a row.")] = "\n"
    regex_pattern: Annotated[
        Dynamic[str | None],
        Field(
            description="Regular expression with a group: rows in which it matches the same text "
            "go to the same batch."
        ),
    ] = None


class Parts(RunnableTask):
    """Makes the batches; the task around gets the outputs, too."""

    from_: Dynamic[str] = ""
    batch: Batch = Batch()

    @classmethod
    def of(cls, name: str, batch: Batch) -> Self:
        """The task with this id."""
        about = {"id": name, "type": f"{_TYPE}.Split", "from_": "{{ parent.outputs.items }}"}
        made = cls.model_validate(about)
        return made.model_copy(update={"batch": batch})

    def run(self, context: RunContext) -> Result:
        """Reads row by row."""
        how = self.batch
        others = (how.partitions, how.bytes, how.regex_pattern)
        rows = 1 if how.rows is None and all(each is None for each in others) else how.rows
        splitting = Splitting(
            size=None if how.bytes is None else size_of(how.bytes),
            partitions=how.partitions,
            rows=rows,
            pattern=how.regex_pattern,
            separator=how.separator,
        )
        ending = PurePosixPath(self.from_).suffix
        folder = context.working_directory / "batches"
        folder.mkdir()
        with context.files.open(self.from_) as source:
            parts = split(source, folder, splitting)
        uris = [context.store_file(part, f"{part.name}{ending}") for part in parts]
        listing = context.working_directory / "splits.txt"
        listing.write_text("".join(f"{uri}\n" for uri in uris))
        uri = context.store_file(listing)
        return Result({"splits": uri}, shared={"splits": uri, "numberOfBatches": len(uris)})


class Calls(LoopingTask):
    """Executes the flow for each batch."""

    tasks: Children = ()

    @classmethod
    def of(cls, name: str, call: Task) -> Self:
        """The task with this id."""
        value = f"{{{{ outputs['{call.id}'].outputs ?? null }}}}"
        outputs = (FlowOutput(id="outputs", value=value, required=False),)
        made = cls.model_validate({"id": name, "type": f"{_TYPE}.Items"})
        return made.model_copy(update={"tasks": (call,), "outputs": outputs})

    def begin(self, render: Render) -> Branch:
        """One iteration for each batch."""
        items = tuple(str(render("{{ read(parent.outputs.splits) }}")).splitlines())
        return Branch(
            values=tuple(str(number) for number in range(len(items))),
            limit=0,
            loop=Looping(stores=True, items=items),
        )

    def settle(self, children: State) -> State:
        """What an execution transmits is transmitted."""
        return children


class Merge(RunnableTask):
    """Brings together what the executions gave; the task around gets the outputs, too."""

    from_: Dynamic[str] = ""

    @classmethod
    def of(cls, name: str) -> Self:
        """The task with this id."""
        about = {"id": name, "type": f"{_TYPE}.Merge", "from_": "{{ parent.outputs.calls }}"}
        return cls.model_validate(about)

    def run(self, context: RunContext) -> Result:
        """Reads line by line."""
        target = context.working_directory / "outputs.jsonl"
        lines: dict[int, bytes] = {}
        with context.files.open(self.from_) as source:
            for record in records(source):
                about = cast("dict[str, dict[str, object]]", record.value)
                given = about["outputs"].get("outputs")
                if given:
                    lines[cast("int", about["item"]["iteration"])] = orjson.dumps(given) + b"\n"
        target.write_bytes(b"".join(lines[number] for number in sorted(lines)))
        uri = context.store_file(target)
        return Result({"subflowOutputs": uri}, shared={"uri": uri} if lines else None)
