"""Data source `penstock_files`: which files a namespace has."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.api import Json
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import NUMBER, STRING, State, text
from penstock_provider.lookup import Fields, Listing, many


class Files(Listing):
    """Lists files."""

    collection = plural = "files"
    fields: ClassVar[Fields] = {
        "namespace": (STRING, "Namespace of the file."),
        "path": (STRING, "Path in the namespace."),
        "size": (NUMBER, "Number of bytes."),
    }
    _listing = many(
        "Files of namespaces, without their contents.", "file", plural=plural, fields=fields
    )
    schema = Schema(
        _listing.description,
        {
            "folder": Attribute(
                STRING,
                "Only files in this folder and those below it, such as `sql`.",
                optional=True,
            ),
            **_listing.attributes,
        },
    )

    async def forms(self, config: State) -> list[Json]:
        """Those of the folder."""
        folder = text(config.get("folder")).strip("/")
        found = await super().forms(config)
        return [form for form in found if not folder or _is_in(form, folder)]


def _is_in(form: Json, folder: str) -> bool:
    return str(form.get("path")).startswith(f"{folder}/")
