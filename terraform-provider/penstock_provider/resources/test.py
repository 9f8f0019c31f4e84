"""`penstock_test`: the tests of a flow, their text kept byte for byte."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from penstock_provider import kestra
from penstock_provider.declared import ID, REVISION
from penstock_provider.declared_text import CONTENT_HASH_AT_PLAN, DeclaredText, name_in_text
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import STRING


class Test(DeclaredText):
    """A suite of tests."""

    kind = "test"
    id_attribute = "test_id"
    origins = (
        kestra.origin("kestra_test", namespace="namespace", test_id="test_id", source="content"),
    )
    names: ClassVar[Mapping[str, str]] = {"id": "test_id"}
    schema: ClassVar[Schema] = Schema(
        "Tests of a flow, kept beside it on the server, which runs them on demand and remembers "
        "what content they prove. A flow that has tests is not deleted before them: let the text "
        "take `flowId` from the flow's resource, or use `depends_on`.",
        {
            "source": Attribute(
                STRING,
                "The tests' YAML text, with `id`, `namespace`, `flowId` and `cases`; stored byte "
                "for byte.",
                required=True,
            ),
            "namespace": name_in_text("Namespace", "test"),
            "test_id": name_in_text("Id", "test"),
            "id": ID,
            "revision": REVISION,
            "content_hash": CONTENT_HASH_AT_PLAN,
        },
    )
