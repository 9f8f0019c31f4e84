"""`penstock tenant` and tokens within tenants."""

from __future__ import annotations


def test_tenants_are_made_described_and_removed(penstock, server):
    made = penstock("tenant", "put", "dev", "--description", "To try", "--label", "team=data")
    assert "tenant/dev: created (revision 1)" in made.out
    assert (
        "written (revision 1)"
        in penstock("tenant", "put", "dev", "--description", "To try", "--label", "team=data").out
    )
    assert penstock("--output", "json", "tenant", "get", "dev").json["labels"] == {"team": "data"}
    assert "To try" in penstock("tenant", "list").out
    token = penstock("--tenant", "dev", "token", "put", "ci").out.strip()
    assert penstock("--tenant", "dev", "--token", token, "namespace", "put", "a.b").code == 0
    for arguments in (("tenant", "list"), ("namespace", "put", "a.b"), ("tenant", "delete", "dev")):
        refused = penstock("--token", token, *arguments)
        assert refused.code == 1, "the tenant is main"
        assert "dev" in refused.err or "scope `tenant`" in refused.err
    refused = penstock("tenant", "delete", "dev")
    assert refused.code == 1
    assert "1 namespace, 1 token" in refused.err
    assert penstock("--tenant", "dev", "namespace", "delete", "a.b").code == 0
    assert penstock("--tenant", "dev", "token", "delete", "ci").code == 0
    assert "dev: deleted" in penstock("tenant", "delete", "dev").out
    assert "There is no tenant dev" in penstock("tenant", "get", "dev").err


def test_a_token_with_a_text_of_ones_own(penstock, server, monkeypatch):
    monkeypatch.setenv("MINE", "a-text-of-my-own-that-is-long-enough")
    asked = ("token", "put", "own", "--from-env", "MINE", "--access", "read", "--description", "d")
    made = penstock(*asked, "--owner", "ops")
    assert made.out == "token/own: created (revision 1)\n"
    assert "written (revision 1)" in penstock(*asked, "--owner", "ops").out
    assert penstock("--output", "json", "token", "get", "own").json["access"] == "read"
    assert penstock("--token", "a-text-of-my-own-that-is-long-enough", "flow", "list").code == 0
    assert "declared by ops" in penstock("token", "delete", "own").err
    assert "revoked" in penstock("token", "delete", "own", "--force-owner").out
    monkeypatch.setenv("MINE", "short")
    assert "32 to 512" in penstock(*asked).err
    assert "no environment variable" in penstock("token", "put", "own", "--from-env", "NONE").err
    assert "--expires-at" in penstock(*asked, "--for", "PT1H").err


def test_a_token_for_a_while(penstock, server):
    assert penstock("token", "put", "trial", "--for", "PT1H").out.startswith("pst_")
    assert server.api.get("/tokens/trial").json()["ephemeral"] is True
    endless = server.api.post("/tokens", json={"name": "endless", "ephemeral": True})
    assert "needs `ttl` or `expiresAt`" in endless.json()["detail"]
    assert "`ttl`" in penstock("token", "put", "wrong", "--for", "soon").err
