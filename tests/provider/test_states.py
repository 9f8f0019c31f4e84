"""How states and identities arrive: upgraded, imported, moved; and the text that is made of them."""

from __future__ import annotations

import json

import pytest

from penstock_provider.framework.values import UNKNOWN, dynamic, unpack

from .small import NIL, Calls, Thing, state, thing

ALLOWED = {"write_only_attributes_allowed": True}


@pytest.fixture
def call():
    calls = Calls()
    yield calls
    calls.loop.close()


def upgrade(call, version: int, raw: dict):
    return call(
        "UpgradeResourceState",
        type_name="x_thing",
        version=version,
        raw_state=json.dumps(raw).encode(),
    )


def test_a_present_state_goes_back_as_it_came(call):
    told = upgrade(call, 2, {"name": "a", "id": "1"})
    assert json.loads(told.upgraded_state.json) == {"name": "a", "id": "1"}


def test_attributes_that_are_no_more_are_dropped(call):
    told = upgrade(call, 2, {"name": "a", "removed": 1, "parts": [{"size": 1, "gone": 2}]})
    assert state(told.upgraded_state) == thing(name="a", parts=[{"size": 1}])


def test_old_states_are_upgraded_step_by_step(call):
    told = upgrade(call, 0, {"old_name": "b"})
    assert state(told.upgraded_state) == thing(name="b", any=dynamic("v"))
    told = upgrade(call, 1, {"title": "c"})
    assert state(told.upgraded_state) == thing(name="c", any=dynamic("v"))


def test_states_of_a_newer_provider_are_refused(call):
    told = upgrade(call, 3, {"name": "a"})
    assert told.diagnostics[0].summary == "State version 3 is not known"
    assert "newer provider" in told.diagnostics[0].detail


def move(call, address: str, kind: str, **raw: object):
    return call(
        "MoveResourceState",
        source_provider_address=address,
        source_type_name=kind,
        source_schema_version=2,
        source_state=json.dumps(raw).encode(),
        source_private=b'{"count": 1}',
        target_type_name="x_thing",
    )


def test_a_state_moves_between_our_own_addresses(call):
    told = move(call, "r.org/x/x", "x_thing", name="a", stamp=4, key_wo="k")
    assert state(told.target_state) == thing(name="a", stamp=4)
    assert told.target_private == b'{"count": 1}'
    assert unpack(told.target_identity.identity_data.msgpack, Thing.schema.type) == {"name": "a"}


def test_a_state_of_another_type_becomes_ours(call):
    told = move(call, "r.io/acme/acme", "acme_item", slug="b", other=1)
    assert state(told.target_state) == thing(name="b")
    assert told.target_private == b""


@pytest.mark.parametrize(
    ("address", "kind"), [("r.io/else/else", "acme_item"), ("r.io/acme/acme", "x_thing")]
)
def test_other_moves_are_refused_with_a_cure(call, address, kind):
    told = move(call, address, kind, name="a")
    assert told.diagnostics[0].summary == f"{kind} of {address} cannot become x_thing"
    assert "acme_item of r.io/acme/acme" in told.diagnostics[0].detail
    assert "import" in told.diagnostics[0].detail


def test_the_schema_of_an_identity(call):
    (entry,) = call("GetResourceIdentitySchemas").identity_schemas
    (name,) = entry.value.identity_attributes
    assert (entry.key, name.name, name.type) == ("x_thing", "name", b'"string"')
    assert name.required_for_import


def identity(message) -> dict | None:
    data = message.identity_data.msgpack
    return unpack(data, Thing.schema.type) if data else None


def test_each_answer_has_the_identity(call):
    config = thing(text="t")
    plan = {"type_name": "x_thing", "prior_state": NIL, "proposed_new_state": config}
    told = call("PlanResourceChange", **plan, config=config)
    assert identity(told.planned_identity) == {"name": "a"}
    unknown = thing(name=UNKNOWN)
    told = call("PlanResourceChange", **{**plan, "proposed_new_state": unknown}, config=unknown)
    assert identity(told.planned_identity) is None
    apply = {"type_name": "x_thing", "planned_state": thing(text="t", kind="p", id="1", stamp=1)}
    told = call("ApplyResourceChange", **apply, prior_state=NIL, config=config)
    assert identity(told.new_identity) == {"name": "a"}
    told = call(
        "ReadResource", type_name="x_thing", current_state=thing(), current_identity={"name": "a"}
    )
    assert identity(told.new_identity) == {"name": "a"}
    told = call("ReadResource", type_name="x_thing", current_state=thing(id="1"))
    assert identity(told.new_identity) == {"name": "a"}


def test_an_unchanged_plan_keeps_the_identity(call):
    prior = thing(kind="plain", id="1", stamp=1)
    told = call(
        "PlanResourceChange",
        type_name="x_thing",
        prior_state=prior,
        proposed_new_state=prior,
        config=thing(),
        prior_identity={"name": "a"},
    )
    assert identity(told.planned_identity) == {"name": "a"}


def test_import_by_id_and_by_identity(call):
    for asked in ({"id": "b"}, {"identity": {"name": "b"}}):
        (imported,) = call("ImportResourceState", type_name="x_thing", **asked).imported_resources
        assert state(imported.state) == thing(name="b")
        assert identity(imported.identity) == {"name": "b"}
    told = call("ImportResourceState", type_name="x_thing", identity={"name": ""})
    assert told.diagnostics[0].summary == "`name` is missing in the identity"


def test_identities_are_upgraded(call):
    asked = {"type_name": "x_thing", "raw_identity": b'{"name": "a", "gone": 1}'}
    told = call("UpgradeResourceIdentity", version=0, **asked)
    assert identity(told.upgraded_identity) == {"name": "a"}
    told = call("UpgradeResourceIdentity", version=1, **asked)
    assert told.diagnostics[0].summary == "Identity version 1 is not known"


def test_generated_configuration_has_what_a_user_would_write(call):
    known = thing(text="t", kind="plain", any=dynamic(1), id="1", stamp=1)
    told = call("GenerateResourceConfig", type_name="x_thing", state=known)
    assert state(told.config) == thing(text="t", any=dynamic(1))
    known.update(kind="special", text="as the name")
    told = call("GenerateResourceConfig", type_name="x_thing", state=known)
    assert state(told.config) == thing(kind="special", any=dynamic(1))
