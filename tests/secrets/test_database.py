"""Secrets in the database: a data key per tenant, inheritance, fingerprints."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from penstock.secrets.database import SecretStore
from penstock.secrets.envelope import CannotDecrypt, Key
from penstock.store import schema
from penstock.store import secret as rows
from penstock.store import tenant as tenants
from penstock.store.session import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def database(tmp_path):
    found = Database(f"sqlite:///{tmp_path}/t.db")
    schema.prepare(found)
    with found.transaction() as tx:
        for name in ("main", "other"):
            tenants.create(tx, name, now=NOW)
    yield found
    found.close()


@pytest.fixture
def store():
    return SecretStore(Key(bytes(32)))


def put(tx, store, tenant, namespace, key, value):
    secret = SecretStr(value)
    row = rows.SecretRow(
        tenant=tenant,
        namespace=namespace,
        key=key,
        owner="api",
        revision=1,
        content_hash="",
        created_at=NOW,
        updated_at=NOW,
        ciphertext=store.encrypt(tx, tenant, namespace, key, secret),
        fingerprint=store.fingerprint(tenant, namespace, key, secret),
        version=1,
    )
    rows.put(tx, row)
    return row


def test_the_nearest_value_is_read(database, store):
    with database.transaction() as tx:
        put(tx, store, "main", "a", "K", "top")
        put(tx, store, "main", "a.b", "K", "mid")
        for namespace, value in (
            ("a", "top"),
            ("a.b", "mid"),
            ("a.b.c", "mid"),
            ("a.x", "top"),
            ("ab", None),
        ):
            assert store.read(tx, "main", namespace, "K") == value


def test_tenants_do_not_share_keys_or_values(database, store):
    with database.transaction() as tx:
        put(tx, store, "main", "a", "K", "one")
        assert store.read(tx, "other", "a", "K") is None
        row = put(tx, store, "other", "a", "K", "one")
        assert tenants.wrapped_key(tx, "main") != tenants.wrapped_key(tx, "other")
        stolen = rows.SecretRow(**{**{f: getattr(row, f) for f in row.__slots__}, "tenant": "main"})
        with pytest.raises(CannotDecrypt):
            store.decrypt(tx, stolen)


def test_a_rolled_back_first_secret_leaves_no_key_behind(database, store):
    with pytest.raises(RuntimeError), database.transaction() as tx:
        put(tx, store, "main", "a", "K", "lost")
        raise RuntimeError
    with database.transaction() as tx:
        put(tx, store, "main", "a", "K", "kept")
    with database.read() as tx:
        assert SecretStore(Key(bytes(32))).read(tx, "main", "a", "K") == "kept"


def test_another_master_key_is_named_as_the_cause(database, store):
    with database.transaction() as tx:
        put(tx, store, "main", "a", "K", "v")
    with database.read() as tx, pytest.raises(CannotDecrypt, match="this server has"):
        SecretStore(Key(bytes(31) + b"x")).read(tx, "main", "a", "K")


def test_fingerprints_are_equal_for_equal_values_of_one_place_only(store):
    def of(*place_and_value):
        *place, value = place_and_value
        return store.fingerprint(*place, SecretStr(value))

    assert of("main", "a", "K", "v") == of("main", "a", "K", "v")
    others = {
        of("main", "a", "K", "w"),
        of("main", "a", "L", "v"),
        of("main", "b", "K", "v"),
        of("x", "a", "K", "v"),
    }
    assert len(others) == 4
    assert of("main", "a", "K", "v") not in others
