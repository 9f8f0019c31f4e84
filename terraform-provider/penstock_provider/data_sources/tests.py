"""Data source `penstock_tests`: the tests of a namespace's flows."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.values import STRING
from penstock_provider.lookup import Fields, Listing, many


class Tests(Listing):
    """Lists tests."""

    collection = plural = "tests"
    fields: ClassVar[Fields] = {
        "namespace": (STRING, "Namespace of the tests and their flow."),
        "id": (STRING, "Id in the namespace."),
        "flow_id": (STRING, "Id of the flow that they test."),
        "description": (STRING, "What they are for."),
    }
    schema = many(
        "Tests of flows on the server, without their texts.",
        "test",
        plural=plural,
        fields=fields,
    )
