"""Finds what `penstock_file` could manage."""

from __future__ import annotations

from penstock_provider.api import Json
from penstock_provider.declared import Declared
from penstock_provider.declared_list import DeclaredList, list_schema
from penstock_provider.framework.resource import Reading
from penstock_provider.framework.values import State
from penstock_provider.reference import Reference
from penstock_provider.resources.file import File


class FileList(DeclaredList):
    """Lists files."""

    resource = File
    route = "/files"
    schema = list_schema("files")

    async def states(
        self,
        resource: Declared,
        forms: list[Json],  # noqa: ARG002 (they are without content)
        names: list[Reference],
    ) -> list[State]:
        """The files together with the contents of small ones."""
        loop = self.provider.loop
        named = [resource.schema.complete(self.named(name)) for name in names]
        reads = [loop.spawn(resource.read(Reading(state))) for state in named]
        return [await read or state for read, state in zip(reads, named, strict=True)]
