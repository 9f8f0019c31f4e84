"""Tokens: made once, kept as digests, expiring, revoked, cached for a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from penstock.errors import Forbidden, NotFound, PenstockError, RateLimited, Unauthenticated
from penstock.security.token import PREFIX, Tokens, bootstrap, issue
from penstock.store import schema
from penstock.store import tenant as tenants
from penstock.store import token as rows
from penstock.store.session import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Time:
    def __init__(self):
        self.now, self.ticks = NOW, 0.0


@pytest.fixture
def database(tmp_path):
    found = Database(f"sqlite:///{tmp_path}/t.db")
    schema.prepare(found)
    yield found
    found.close()


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def tokens(database, time):
    return Tokens(database, lambda: time.now, lambda: time.ticks)


def made(database, name="ci", **more):
    with database.transaction() as tx:
        text, _ = issue(tx, "main", name, now=NOW, actor="me", **more)
    return text


def test_the_first_start_makes_one_admin_token_that_only_the_owner_reads(
    database, tmp_path, tokens
):
    path = bootstrap(database, tmp_path / "data", now=NOW)
    text = path.read_text().strip()
    assert text.startswith(PREFIX)
    assert len(text) >= len(PREFIX) + 43, "256 bits"
    assert path.stat().st_mode & 0o777 == 0o600
    caller = tokens.verify(f"Bearer {text}", "main")
    assert (caller.actor, caller.access, caller.scope) == ("token:admin", "write", "server")
    assert bootstrap(database, tmp_path / "data", now=NOW) == path
    assert path.read_text().strip() == text


def test_only_the_digest_is_stored(database, tmp_path):
    text = made(database)
    database.close()
    for file in tmp_path.iterdir():
        assert text.encode() not in file.read_bytes()


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer pst_no", "x"]
)
def test_what_is_no_token_is_refused(tokens, header):
    with pytest.raises(Unauthenticated):
        tokens.verify(header, "main")
    assert tokens.known(header, "main") is None


def test_the_scheme_is_read_in_any_case(database, tokens):
    text = made(database)
    assert tokens.verify(f"bearer {text}", "main").actor == "token:ci"


def test_another_tenant_is_not_there(database, tokens):
    text = made(database)
    with pytest.raises(NotFound):
        tokens.verify(f"Bearer {text}", "other")
    tokens.verify(f"Bearer {text}", "main")
    with pytest.raises(NotFound):
        tokens.known(f"Bearer {text}", "other")


def test_a_write_to_another_tenant_is_refused_whether_or_not_there_is_one(database, tokens):
    text = made(database)
    with database.transaction() as tx:
        tenants.create(tx, "there", now=NOW)
    for tenant in ("there", "nowhere"):
        for intent in ("ask", "write"):
            with pytest.raises(Forbidden, match=f"of the tenant main.* in {tenant}"):
                tokens.verify(f"Bearer {text}", tenant, intent)
            with pytest.raises(Forbidden):
                tokens.known(f"Bearer {text}", tenant, intent)
        with pytest.raises(NotFound):
            tokens.verify(f"Bearer {text}", tenant)


def test_a_token_that_may_only_read_may_also_ask(database, tokens):
    header = f"Bearer {made(database, access='read')}"
    for check in (tokens.verify, tokens.known):
        for intent in ("read", "ask"):
            assert check(header, "main", intent).access == "read"
        with pytest.raises(Forbidden, match="may only read"):
            check(header, "main", "write")


def test_the_scope_of_the_server_reaches_tenants_that_there_are(database, tokens, time):
    header = f"Bearer {made(database, scope='server')}"
    with pytest.raises(NotFound):
        tokens.verify(header, "there", "write")
    with database.transaction() as tx:
        tenants.create(tx, "there", now=NOW)
    assert tokens.known(header, "there", "write") is None, "it has not been looked up yet"
    caller = tokens.verify(header, "there", "write")
    assert (caller.actor, caller.tenant) == ("token:main/ci", "there")
    assert tokens.known(header, "there", "write") == caller
    assert tokens.known(header, "main") is not None
    assert tokens.verify_server(header, "write").scope == "server"
    with pytest.raises(Forbidden, match="scope `tenant`"):
        tokens.verify_server(f"Bearer {made(database, 'other')}", "read")
    with pytest.raises(Unauthenticated):
        tokens.verify_server(None, "read")


def test_an_expired_token_is_refused_from_that_moment_also_when_it_is_remembered(
    database, tokens, time
):
    header = f"Bearer {made(database, expires_at=NOW + timedelta(hours=1))}"
    tokens.verify(header, "main")
    assert tokens.known(header, "main") is not None
    time.now += timedelta(hours=1)
    for check in (tokens.verify, tokens.known):
        with pytest.raises(Unauthenticated, match="expired"):
            check(header, "main")


def test_a_revocation_counts_at_once_here_and_in_ten_seconds_elsewhere(database, time):
    here = Tokens(database, lambda: time.now, lambda: time.ticks)
    there = Tokens(database, lambda: time.now, lambda: time.ticks)
    header = f"Bearer {made(database)}"
    here.verify(header, "main")
    there.verify(header, "main")
    with database.transaction() as tx:
        assert rows.delete(tx, "main", "ci")
    here.forget()
    assert here.known(header, "main") is None
    with pytest.raises(Unauthenticated):
        here.verify(header, "main")
    assert there.known(header, "main") is not None
    time.ticks = 10.1
    assert there.known(header, "main") is None


def fails(tokens, client, header="Bearer pst_no"):
    with pytest.raises(PenstockError) as caught:
        tokens.verify(header, "main", client=client)
    return caught.value


def test_who_fails_too_often_is_told_to_wait_and_a_valid_token_never_is(database, time, tokens):
    text = made(database)
    errors = [fails(tokens, "192.0.2.1") for _ in range(101)]
    assert [type(each) for each in errors] == [Unauthenticated] * 100 + [RateLimited]
    assert errors[-1].retry_after == 1
    assert "192.0.2.1" in errors[-1].message
    assert type(fails(tokens, "192.0.2.1", header=None)) is RateLimited, "no token is a failure too"
    assert tokens.verify(f"Bearer {text}", "main", client="192.0.2.1").actor == "token:ci"
    assert type(fails(tokens, "192.0.2.2")) is Unauthenticated, "others are not held back"
    time.ticks += 0.5
    assert type(fails(tokens, "192.0.2.1")) is RateLimited
    time.ticks += 0.5
    assert type(fails(tokens, "192.0.2.1")) is Unauthenticated
    assert type(fails(tokens, "192.0.2.1")) is RateLimited
    time.ticks += 1_000
    assert [type(fails(tokens, "192.0.2.1")) for _ in range(101)].count(RateLimited) == 1


def test_an_ipv6_client_cannot_hide_in_its_network(tokens):
    errors = [type(fails(tokens, f"2001:db8::{number:x}")) for number in range(101)]
    assert errors[-1] is RateLimited
    assert type(fails(tokens, "2001:db8:0:1::1")) is Unauthenticated


def test_clients_beyond_count_are_forgotten_oldest_first(tokens):
    for _ in range(100):
        fails(tokens, "a")
    for number in range(9_999):
        fails(tokens, f"b{number}")
    assert type(fails(tokens, "a")) is RateLimited
    for number in range(10_000):
        fails(tokens, f"c{number}")
    assert type(fails(tokens, "a")) is Unauthenticated


def test_a_token_that_is_revoked_while_it_is_verified_is_not_remembered(
    database, tokens, monkeypatch
):
    with database.transaction() as tx:
        text, _ = issue(tx, "main", "mine", now=NOW, actor="test")
    real = rows.by_digest

    def read_then_revoked(tx, digest):
        row = real(tx, digest)
        tokens.forget()
        return row

    monkeypatch.setattr(rows, "by_digest", read_then_revoked)
    assert tokens.verify(f"Bearer {text}", "main").actor == "token:mine"
    assert tokens.known(f"Bearer {text}", "main") is None
