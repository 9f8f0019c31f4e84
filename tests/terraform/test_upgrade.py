"""States that earlier releases wrote: each is recorded, and each is still read.

`PENSTOCK_GOLDEN=write` records the present version of a resource's state; recordings of older
versions stay as they are.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from penstock_provider.framework import protocol
from penstock_provider.framework.core import Core
from penstock_provider.framework.loop import Loop
from penstock_provider.framework.message import state_of
from penstock_provider.provider import Penstock

from .life import resources

STATES = Path(__file__).parent / "states"


def kind_of(noun: str):
    loop = Loop()
    loop.close()
    return Penstock(loop).resources()[f"penstock_{noun}"]


def upgraded(noun: str, version: int, raw: dict):
    """What the provider makes of a stored state."""
    loop = Loop()
    handlers = Core(Penstock(loop)).handlers()
    request = protocol.types["UpgradeResourceStateRequest"](
        type_name=f"penstock_{noun}", version=version
    )
    request.raw_state.json = json.dumps(raw).encode()
    handle = handlers["/tfplugin6.Provider/UpgradeResourceState"]
    future = loop.spawn(handle(request.SerializeToString()))
    loop.run(until=future)
    loop.close()
    told = protocol.types["UpgradeResourceStateResponse"].FromString(future.result())
    assert not told.diagnostics, told.diagnostics[0].detail
    return state_of(told.upgraded_state, kind_of(noun).schema)


def test_every_version_of_every_state_is_recorded():
    wanted = {
        f"{noun}.{version}.json"
        for noun in resources()
        for version in range(kind_of(noun).schema.version + 1)
    }
    assert {path.name for path in STATES.glob("*.json")} == wanted


def test_todays_state_has_what_is_recorded(life, terraform, namespace):
    """One that loses an attribute needs a new version of the schema, and a step to it."""
    terraform.write(life.block)
    terraform.apply()
    state = json.loads(terraform.run("state", "pull"))
    noun = life.address.removeprefix("penstock_").removesuffix(".it")
    (found,) = [each for each in state["resources"] if each["type"] == f"penstock_{noun}"]
    attributes = found["instances"][0]["attributes"]
    path = STATES / f"{noun}.{found['instances'][0]['schema_version']}.json"
    if os.environ.get("PENSTOCK_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        text = json.dumps(attributes, indent=2, sort_keys=True)
        for separator in ".-":
            text = text.replace(namespace.replace(".", separator), f"company{separator}team")
        path.write_text(text + "\n")
    assert json.loads(path.read_text()).keys() <= attributes.keys()


@pytest.mark.parametrize("path", sorted(STATES.glob("*.json")), ids=lambda path: path.stem)
def test_recorded_states_are_read(path):
    noun, version = path.stem.split(".")
    raw = json.loads(path.read_text())
    state = upgraded(noun, int(version), raw)
    # What is not known any more was dropped by a step that says so.
    assert state is not None
    assert {name for name, value in state.items() if value is not None} >= {
        name
        for name, value in raw.items()
        if value is not None and name in kind_of(noun).schema.attributes
    }
    assert upgraded(noun, int(version), {**raw, "never_heard_of": 1}) == state
