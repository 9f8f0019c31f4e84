"""`penstock_flow`: one flow, its text kept byte for byte."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from penstock_provider import kestra
from penstock_provider.declared import ID, REVISION
from penstock_provider.declared_text import CONTENT_HASH_AT_PLAN, DeclaredText, name_in_text
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import STRING


class Flow(DeclaredText):
    """A flow."""

    kind = "flow"
    id_attribute = "flow_id"
    origins = (
        kestra.origin("kestra_flow", namespace="namespace", flow_id="flow_id", source="content"),
    )
    names: ClassVar[Mapping[str, str]] = {"id": "flow_id"}
    schema: ClassVar[Schema] = Schema(
        "A flow. For many flows of one namespace, `penstock_flows` is faster and applies them "
        "in one transaction.",
        {
            "source": Attribute(
                STRING,
                "The flow's YAML text, stored byte for byte.",
                required=True,
            ),
            "namespace": name_in_text("Namespace", "flow"),
            "flow_id": name_in_text("Id", "flow"),
            "id": ID,
            "revision": REVISION,
            "content_hash": CONTENT_HASH_AT_PLAN,
        },
    )
