"""`penstock_files`: text files of a namespace as one map, applied in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from penstock_provider.api import Json
from penstock_provider.declared import as_text
from penstock_provider.declared_set import DeclaredSet, set_schema
from penstock_provider.file_content import decoded
from penstock_provider.framework.diagnostics import Failure
from penstock_provider.framework.schema import Schema
from penstock_provider.framework.values import State, text, texts
from penstock_provider.reference import Reference


class Files(DeclaredSet):
    """A set of text files."""

    kind = "file"
    members = "files"
    schema: ClassVar[Schema] = set_schema(
        "Text files of one namespace as a map from path to text: queries, scripts, small tables. "
        "One transaction applies all of them: when one is refused, none is changed. For bytes "
        "that are no text, and for large files, there is `penstock_file`.",
        "files",
        kind="file",
        key="Path",
        told="Path, such as `sql/orders.sql`, to text. A file that leaves the map is deleted.",
    )

    def spec(self, source: str) -> Json:
        """The PUT body of one file."""
        return {"content": source}

    async def texts_of(
        self, state: State, forms: Mapping[str, Json], known: Mapping[str, str]
    ) -> dict[str, str]:
        """The files' texts; those that the state has are not fetched again."""
        hashes, namespace = texts(state.get("content_hashes")), text(state["namespace"])
        found = {
            key: known[key]
            for key, form in forms.items()
            if key in known and as_text(form.get("contentHash")) == hashes.get(key)
        }
        wanted = [key for key in forms if key not in found]
        contents = await self.provider.objects.contents(
            [Reference("file", namespace, key) for key in wanted]
        )
        for key, data in zip(wanted, contents, strict=True):
            if data is None:
                continue
            content = decoded(data)
            if content is None and state.get("files") is None:
                raise Failure(
                    f"File {namespace}/{key} is no text",
                    "A set holds texts only: import this one into a `penstock_file`, and the "
                    "others one by one, or write the set without importing it.",
                )
            found[key] = content if content is not None else f"({len(data)} bytes, no text)"
        return {key: found[key] for key in forms if key in found}
