"""Data source `penstock_file`: a file of a namespace, with its content."""

from __future__ import annotations

import base64
from typing import ClassVar

from penstock_provider.api import ApiError
from penstock_provider.file_content import decoded
from penstock_provider.framework.diagnostics import Diagnostics
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import NUMBER, STRING, State, text
from penstock_provider.lookup import Fields, LookUp, Name, one
from penstock_provider.reference import Reference
from penstock_provider.sentences import failure


class File(LookUp):
    """Looks a file up."""

    kind = "file"
    name = Name("path", "Path in the namespace, such as `sql/orders.sql`.")
    fields: ClassVar[Fields] = {"size": (NUMBER, "Number of bytes.")}
    _found = one("A file of a namespace with its content.", fields, name)
    schema = Schema(
        _found.description,
        {
            **_found.attributes,
            "content": Attribute(STRING, "The text; null when the bytes are none.", computed=True),
            "content_base64": Attribute(
                STRING, "The bytes in base64, when they are no text; else null.", computed=True
            ),
        },
    )

    async def read(self, config: State, diagnostics: Diagnostics) -> State:
        """The file and its bytes."""
        state = await super().read(config, diagnostics)
        reference = Reference("file", text(state["namespace"]), text(state["path"]))
        try:
            data = (await self.provider.objects.contents([reference]))[0] or b""
        except ApiError as error:
            raise failure(error, f"read file {reference.name}") from None
        content = decoded(data)
        encoded = base64.b64encode(data).decode() if content is None else None
        return {**state, "content": content, "content_base64": encoded}
