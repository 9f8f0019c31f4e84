"""Tokens for the length of a run do not outlive runs that were killed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from penstock.errors import Conflict, NotFound
from penstock.main import build
from penstock.runtime.clock import VirtualClock
from penstock.security.caller import Caller
from penstock.service import audit, tenant, token
from penstock.service.change import Change
from penstock.settings import Settings

START = datetime(2026, 3, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADMIN = Change(Caller("token:admin", "main", scope="server"))
DEV = Change(Caller("token:main/admin", "dev", scope="server"))


@pytest.fixture
def clock():
    return VirtualClock(START)


@pytest.fixture
def application(tmp_path, clock):
    made = build(Settings(data=tmp_path, port=0), clock)
    yield made
    made.stop()


@pytest.fixture
def services(application):
    return application.services


@pytest.fixture
def sweep(application):
    """Does what the server does every few minutes."""
    duty = application.duties._turns["token sweep"].duty
    return duty.tick


def lend(services, name, change=ADMIN, **body):
    return token.create(services, change, {"name": name, "ttl": "PT1H", "ephemeral": True, **body})


def goes_to(clock, hours):
    clock.advance(START + hours * HOUR - clock.now())


def names(services, change=ADMIN):
    found, _ = token.page(services, change.caller, after=None, limit=100)
    return [each["name"] for each in found if each["name"] != "admin"]


def events(services, name, tenant="main"):
    caller = Caller("token:admin", tenant)
    found, _ = audit.page(services, caller, object=f"token/{name}", after=None, limit=10)
    return [(each["action"], each["actor"]) for each in found]


def test_a_token_that_was_left_behind_is_removed_with_its_event(services, clock, sweep):
    lend(services, "run")
    goes_to(clock, 1)
    sweep()
    assert names(services) == ["run"], "who was asleep may still prolong it"
    goes_to(clock, 2)
    sweep()
    assert names(services) == []
    assert events(services, "run") == [("token.create", "token:admin"), ("token.delete", "system")]


def test_tokens_that_somebody_declares_stay_listed(services, clock, sweep):
    end = (START + HOUR).isoformat()
    token.put(services, ADMIN, "ci", body={"value": "x" * 40, "expiresAt": end})
    token.create(services, ADMIN, {"name": "made", "ttl": "PT1H"})
    lend(services, "taken")
    token.put(services, ADMIN, "taken", body={"value": "y" * 40, "expiresAt": end})
    goes_to(clock, 100)
    sweep()
    assert names(services) == ["ci", "made", "taken"]


def test_a_token_that_is_prolonged_stays(services, clock, sweep):
    lend(services, "run")
    goes_to(clock, 1.5)
    token.put(services, ADMIN, "run", body={"expiresAt": (START + 3 * HOUR).isoformat()})
    goes_to(clock, 3.5)
    sweep()
    assert names(services) == ["run"]
    goes_to(clock, 4)
    sweep()
    assert names(services) == []


def test_the_name_of_a_token_that_is_void_is_free(services, clock):
    lend(services, "run")
    with pytest.raises(Conflict, match="There is a token run already"):
        lend(services, "run")
    goes_to(clock, 1)
    lend(services, "run")
    assert [action for action, _ in events(services, "run")] == [
        "token.create",
        "token.delete",
        "token.create",
    ]


def test_a_tenant_is_not_held_by_a_token_that_is_void(services, clock):
    tenant.put(services, ADMIN, "dev", body={})
    lend(services, "run", DEV)
    with pytest.raises(Conflict, match="still holds 1 token"):
        tenant.delete(services, ADMIN, "dev")
    goes_to(clock, 1)
    tenant.delete(services, ADMIN, "dev")
    with pytest.raises(NotFound):
        tenant.get(services, "dev")
    assert events(services, "run", "dev")[-1] == ("token.delete", "system")
