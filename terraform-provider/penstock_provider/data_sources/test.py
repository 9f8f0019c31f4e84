"""Data source `penstock_test`: tests of a flow that somebody else declares."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.values import STRING
from penstock_provider.lookup import Fields, LookUp, Name, one


class Test(LookUp):
    """Looks tests up."""

    kind = "test"
    name = Name("test_id", "Id of the tests.")
    fields: ClassVar[Fields] = {
        "source": (STRING, "The YAML text, byte for byte."),
        "flow_id": (STRING, "Id of the flow that they test."),
        "description": (STRING, "What they are for."),
    }
    schema = one("Tests of a flow as the server has them.", fields, name)
