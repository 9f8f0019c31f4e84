"""From dev to prod: only proven content, said plainly, all or nothing."""

from __future__ import annotations

import json

import pytest

CALLER = """\
id: {id}
namespace: shop
tasks:
  - id: call
    type: core.flow.Subflow
    namespace: {callee[0]}
    flowId: {callee[1]}
    say: {say}
"""
SECRET = "id: s\nnamespace: shop\ntasks:\n  - {id: t, m: \"{{ secret('TOKEN') }}\"}\n"


def caller(project, name: str, callee: str, say: str = "x") -> str:
    text = CALLER.format(id=name, callee=callee.split("/"), say=say)
    return project.flow(f"shop/{name}", text=text)


def findings(value: dict) -> dict[str, list[str]]:
    return {
        f"{item['namespace']}/{item['id']}": [one["gate"] for one in item["findings"]]
        for item in value["items"]
    }


def actions(value: dict) -> dict[str, str]:
    return {f"{item['namespace']}/{item['id']}": item["action"] for item in value["items"]}


def test_unproven_content_is_blocked_and_nothing_is_written(pair, server, answer):
    proven = pair.flow("shop/good")
    pair.flow("shop/bad")
    server.ran(proven)
    pair.commit()
    code, value = answer("promote", "plan")
    assert code == 3
    assert findings(value) == {"shop/bad": ["min_successes"], "shop/good": []}
    code, value = answer("promote", "apply")
    assert code == 3
    assert value["written"] == []
    assert not (pair.root / "environments/prod/locks").exists()


def test_proven_content_goes_and_the_lock_says_what_where_and_why(pair, server, answer, run):
    sha = pair.flow("shop/good")
    server.ran(sha, success=12, failed=1, days=3, firstAt="2026-11-01T00:00:00Z", executions=["e1"])
    commit = pair.commit()
    assert answer("promote", "plan")[0] == 2
    code, value = answer("promote", "apply")
    assert code == 0
    assert value["written"] == ["environments/prod/locks/shop.lock.json"]
    entry = pair.lock("shop")["flows"]["good"]
    assert entry == {
        "sha256": sha,
        "blob": pair.git("rev-parse", "HEAD:cdktf-app/flows/shop/good.yaml"),
        "commit": commit,
        "path": "cdktf-app/flows/shop/good.yaml",
        "closure": {},
        "evidence": {
            "success": 12,
            "failed": 1,
            "days": 3,
            "first_at": "2026-11-01T00:00:00Z",
            "last_at": None,
            "engine": "0.1.0",
            "executions": ["e1"],
        },
        "override": None,
    }
    assert answer("promote", "plan")[0] == 0
    assert run("env", "synth", "prod")[0] == 0
    assert sha in json.dumps(pair.stack("prod")["resource"]["penstock_flows"])


def test_evidence_is_for_exactly_this_content(pair, server, answer):
    server.ran(pair.flow("shop/good", say="one"))
    pair.flow("shop/good", say="two")
    pair.commit()
    assert findings(answer("promote", "plan")[1]) == {"shop/good": ["min_successes"]}


def test_what_is_blocked_holds_back_the_rest_unless_a_part_is_chosen(pair, server, answer):
    server.ran(pair.flow("shop/good"))
    server.ran(pair.flow("other/fine"))
    pair.flow("shop/bad")
    pair.commit()
    assert answer("promote", "apply", "--select", "shop")[0] == 3
    code, value = answer("promote", "apply", "--select", "oth*")
    assert (code, actions(value)) == (0, {"other/fine": "create"})
    code, value = answer("promote", "apply", "--ready")
    assert code == 3
    assert set(pair.lock("shop")["flows"]) == {"good"}


def test_a_failure_rate_over_the_limit_blocks(pair, server, answer):
    pair.write(
        "environments/prod/promotion.yaml",
        "promotes_from: dev\ngates: {min_successes: 1, max_failure_rate: 0.1}\n",
    )
    server.ran(pair.flow("shop/shaky"), success=5, failed=5)
    pair.commit()
    code, value = answer("promote", "plan")
    assert code == 3
    assert value["items"][0]["findings"][0]["message"] == (
        "5 of 10 executions failed (50%), at most 10% may"
    )


def test_an_override_lets_through_and_is_recorded(pair, answer, run):
    pair.flow("shop/hot")
    pair.commit()
    code, value = answer("promote", "apply", "--override-gates", "INC-42")
    assert code == 0
    assert value["items"][0]["overridden"]
    override = pair.lock("shop")["flows"]["hot"]["override"]
    assert override["reason"] == "INC-42"
    assert override["person"] == "Ada <ada@example.com>"
    assert override["gates"] == ["min_successes"]
    code, out, _ = run("promote", "verify", "--offline")
    assert code == 0
    assert "override  shop/hot: min_successes overridden by Ada" in out


def test_an_override_needs_a_reason_and_an_allowed_person(pair, run):
    pair.flow("shop/hot")
    pair.commit()
    code, _, err = run("promote", "apply", "--override-gates", " ")
    assert code == 1
    assert "needs a reason" in err
    pair.write(
        "environments/prod/promotion.yaml",
        "promotes_from: dev\nmay_override: [grace@example.com]\n",
    )
    code, _, err = run("promote", "apply", "--override-gates", "INC-42")
    assert code == 1
    assert "Ada <ada@example.com> may not override" in err


def test_the_glass_can_be_broken_while_dev_is_down(pair, server, answer):
    pair.flow("shop/hot")
    pair.commit()
    server.status = 503
    assert answer("promote", "plan")[0] == 1
    assert answer("promote", "apply", "--override-gates", "dev burns")[0] == 0
    assert pair.lock("shop")["flows"]["hot"]["evidence"] is None


def test_uncommitted_content_is_refused_even_with_an_override(pair, server, answer):
    with (pair.root / "environments/dev/environment.yaml").open("a") as file:
        file.write("flows: {from: worktree}\n")
    kept = pair.flow("shop/kept")
    pair.flow("shop/edited")
    pair.commit()
    changed = pair.flow("shop/edited", say="changed")
    new = pair.flow("shop/new")
    for sha in (kept, changed, new):
        server.ran(sha)
    code, value = answer("promote", "plan", "--override-gates", "INC-42")
    assert code == 3
    assert findings(value) == {
        "shop/edited": ["committed"],
        "shop/kept": [],
        "shop/new": ["committed"],
    }
    assert "is not committed" in value["items"][0]["findings"][0]["message"]
    pair.commit()
    assert answer("promote", "apply")[0] == 0
    assert pair.lock("shop")["flows"]["new"]["sha256"] == new


def test_secrets_must_exist_in_the_target(pair, server, answer):
    server.ran(pair.flow("shop/s", text=SECRET))
    pair.commit()
    code, value = answer("promote", "plan")
    assert (code, findings(value)) == (3, {"shop/s": ["references"]})
    assert (
        "secret `TOKEN` is neither in environments/prod/environment.yaml nor on"
        in (value["items"][0]["findings"][0]["message"])
    )
    server.secrets.add("shop/TOKEN")
    assert answer("promote", "plan")[0] == 2
    server.secrets.clear()
    with (pair.root / "environments/prod/environment.yaml").open("a") as file:
        file.write(
            "secrets: [{namespace: shop, key: TOKEN, "
            "manager: {project: p, secret: s, version: '1'}}]\n"
        )
    assert answer("promote", "plan")[0] == 2


def test_subflows_must_exist(pair, server, answer):
    server.ran(caller(pair, "a", "far/away"))
    pair.commit()
    code, value = answer("promote", "plan")
    assert (code, findings(value)) == (3, {"shop/a": ["references"]})
    server.flows["far/away"] = "0" * 64
    assert answer("promote", "plan")[0] == 2


def test_subflows_travel_along_or_are_there_as_tested(pair, server, answer):
    for sha in (
        caller(pair, "a", "shop/b"),
        caller(pair, "b", "shop/c"),
        pair.flow("shop/c"),
    ):
        server.ran(sha)
    pair.commit()
    code, value = answer("promote", "plan", "--select", "shop/a")
    assert (code, findings(value)) == (3, {"shop/a": ["closure", "closure"]})
    assert "promote it too (--select 'shop/b')" in value["items"][0]["findings"][0]["message"]
    code, value = answer("promote", "apply", "--select", "shop/a", "--with-closure")
    assert code == 0
    closure = pair.lock("shop")["flows"]["a"]["closure"]
    assert set(closure) == {"shop/b", "shop/c"}
    server.ran(caller(pair, "a", "shop/b", say="again"))
    pair.commit()
    assert answer("promote", "apply", "--select", "shop/a")[0] == 0


def test_a_blocked_subflow_blocks_its_callers(pair, server, answer):
    server.ran(caller(pair, "a", "shop/b"))
    server.ran(caller(pair, "b", "shop/c"))
    pair.flow("shop/c")
    pair.commit()
    assert findings(answer("promote", "plan")[1]) == {
        "shop/a": ["closure", "closure"],
        "shop/b": ["closure"],
        "shop/c": ["min_successes"],
    }


def test_a_text_that_is_no_yaml_blocks_itself_and_nothing_else(pair, server, answer):
    server.ran(pair.flow("shop/bad", text="id: bad\nnamespace: shop\nx: ```\n"))
    server.ran(pair.flow("shop/good"))
    pair.commit()
    code, value = answer("promote", "plan", "--override-gates", "INC-42")
    assert (code, findings(value)) == (3, {"shop/bad": ["valid"], "shop/good": []})
    assert "shop/bad.yaml:3:4: This is not YAML" in value["items"][0]["findings"][0]["message"]


def test_a_recursive_flow_is_no_obstacle(pair, server, answer):
    server.ran(caller(pair, "a", "shop/b"))
    server.ran(caller(pair, "b", "shop/a"))
    pair.commit()
    assert answer("promote", "apply")[0] == 0


def test_a_new_subflow_renews_the_closures_of_its_callers(pair, server, answer):
    server.ran(caller(pair, "a", "shop/c"))
    server.ran(pair.flow("shop/c", say="one"))
    pair.commit()
    assert answer("promote", "apply")[0] == 0
    changed = pair.flow("shop/c", say="two")
    server.ran(changed)
    pair.commit()
    code, value = answer("promote", "apply", "--select", "shop/c")
    assert code == 0
    assert value["items"][0]["callers"] == ["shop/a"]
    assert pair.lock("shop")["flows"]["a"]["closure"] == {"shop/c": changed}
    assert answer("promote", "verify", "--offline")[0] == 0


def test_a_change_shows_its_diff_in_every_form(pair, server, answer, run):
    server.ran(pair.flow("shop/x", say="one"))
    pair.commit()
    assert answer("promote", "apply")[0] == 0
    server.ran(pair.flow("shop/x", say="two ```"))
    pair.commit()
    code, value = answer("promote", "plan")
    assert code == 2
    assert "-    message: one\n+    message: two ```" in value["items"][0]["diff"]
    assert "+    message: two ```" in run("promote", "plan")[1]
    markdown = run("promote", "plan", "--markdown")[1]
    assert markdown.startswith("## Promotion from dev to prod")
    assert "````diff" in markdown
    assert "| `shop/x` | update |" in markdown


def test_removal_is_never_implicit(pair, server, answer):
    for ref in ("shop/x", "shop/y"):
        server.ran(pair.flow(ref))
    pair.commit()
    assert answer("promote", "apply")[0] == 0
    (pair.root / "cdktf-app/flows/shop/x.yaml").unlink()
    pair.commit()
    code, value = answer("promote", "apply")
    assert (code, actions(value)) == (0, {"shop/x": "kept", "shop/y": "same"})
    assert "x" in pair.lock("shop")["flows"]
    code, value = answer("promote", "apply", "--allow-remove")
    assert (code, actions(value)["shop/x"]) == (0, "remove")
    assert set(pair.lock("shop")["flows"]) == {"y"}
    (pair.root / "cdktf-app/flows/shop/y.yaml").unlink()
    pair.commit()
    assert answer("promote", "apply", "--allow-remove")[0] == 0
    assert not (pair.root / "environments/prod/locks/shop.lock.json").exists()


def test_what_is_in_use_cannot_be_removed(pair, server, answer):
    server.ran(caller(pair, "a", "shop/c"))
    server.ran(pair.flow("shop/c"))
    server.ran(pair.flow("shop/d"))
    pair.commit()
    assert answer("promote", "apply")[0] == 0
    with (pair.root / "environments/prod/environment.yaml").open("a") as file:
        file.write("schedules: [{namespace: shop, id: s, flow: d, cron: '* * * * *'}]\n")
    for name in ("c", "d"):
        (pair.root / f"cdktf-app/flows/shop/{name}.yaml").unlink()
    pair.commit()
    code, value = answer("promote", "plan", "--allow-remove", "--override-gates", "no")
    assert code == 3
    messages = [one["message"] for item in value["items"] for one in item["findings"]]
    assert messages == ["used by flow shop/a", "used by schedule shop/s"]


def test_status_is_a_matrix(pair, server, answer, run):
    server.ran(pair.flow("shop/same"))
    ahead = pair.flow("shop/ahead", say="one")
    server.ran(ahead)
    pair.commit()
    assert answer("promote", "apply")[0] == 0
    server.ran(pair.flow("shop/ahead", say="two"))
    pair.flow("shop/never")
    pair.commit()
    server.flows = {"shop/ahead": ahead}
    code, value = answer("promote", "status")
    assert code == 2
    assert {row["id"]: row["state"] for row in value["flows"]} == {
        "ahead": "ahead",
        "never": "never",
        "same": "same",
    }
    server.flows["shop/same"] = "f" * 64
    code, out, _ = run("promote", "status")
    assert code == 4
    assert "shop/same   drift" in out


def test_verify_finds_every_disagreement(pair, server, answer, run):
    sha = pair.flow("shop/x")
    server.ran(sha)
    pair.commit()
    assert answer("promote", "apply")[0] == 0
    code, value = answer("promote", "verify")
    assert (code, [one["kind"] for one in value["found"]]) == (4, ["server"])
    server.flows = {"shop/x": sha}
    assert answer("promote", "verify")[0] == 0
    server.flows |= {"shop/extra": "e" * 64, "elsewhere/y": "e" * 64}
    code, out, _ = run("promote", "verify")
    assert code == 4
    assert "server    shop/extra: the server has it at eeeeeeeeeeee, no lock does" in out
    assert "elsewhere" not in out
    path = pair.root / "environments/prod/locks/shop.lock.json"
    text = path.read_text()
    entry = pair.lock("shop")["flows"]["x"]
    path.write_text(text.replace(entry["commit"], "0" * 40))
    assert answer("promote", "verify", "--offline")[1]["found"][0]["kind"] == "commit"
    path.write_text(text.replace(entry["blob"], "0" * 40))
    code, value = answer("promote", "verify", "--offline")
    assert {one["kind"] for one in value["found"]} == {"blob", "commit"}
    path.write_text(text.replace('"closure": {}', f'"closure": {{"shop/z": "{sha}"}}'))
    assert answer("promote", "verify", "--offline")[1]["found"][0]["kind"] == "closure"
    path.write_text(text)
    server.status = 500
    code, value = answer("promote", "verify")
    assert code == 0
    assert "answered 500: broken on purpose" in value["notes"][0]


def test_rollback_restores_one_flow_or_all_to_a_commit(pair, server, answer, run):
    first = {name: pair.flow(f"shop/{name}", say="one") for name in ("x", "y")}
    for sha in first.values():
        server.ran(sha)
    pair.commit()
    assert answer("promote", "apply", "--commit")[0] == 0
    then = pair.git("rev-parse", "HEAD")
    locked = (pair.root / "environments/prod/locks/shop.lock.json").read_bytes()
    for name in ("x", "y"):
        server.ran(pair.flow(f"shop/{name}", say="two"))
    pair.commit()
    assert answer("promote", "apply", "--commit")[0] == 0
    code, value = answer("promote", "rollback", "shop/x", "--commit")
    assert (code, len(value["written"])) == (0, 1)
    assert pair.lock("shop")["flows"]["x"]["sha256"] == first["x"]
    assert pair.lock("shop")["flows"]["y"]["sha256"] != first["y"]
    assert pair.git("status", "--porcelain") == ""
    assert pair.git("log", "-1", "--format=%s") == "Roll back shop/x"
    assert answer("promote", "rollback", "--to", then)[0] == 0
    assert (pair.root / "environments/prod/locks/shop.lock.json").read_bytes() == locked
    assert run("env", "synth", "prod")[0] == 0


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["rollback", "shop/zz"], "`prod` has no flow shop/zz locked."),
        (["rollback", "shop/x"], "Git knows no older content of shop/x"),
        (["rollback"], "Say what to roll back"),
        (["rollback", "--to", "nope"], "There is no commit `nope`"),
        (["rollback", "--to", "HEAD", "--select", "none"], "has no locks of `prod` that are meant"),
        (["plan", "--to", "dev"], "`dev` takes no promotions"),
        (["plan", "--from", "prod"], "takes promotions from `dev`"),
        (["plan", "--to", "prdo"], "There is no environment `prdo`. Did you mean `prod`?"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(pair, server, run, argv, expected):
    server.ran(pair.flow("shop/x"))
    pair.commit()
    assert run("promote", "apply", "--commit")[0] == 0
    code, _, err = run("promote", *argv)
    assert code == 1
    assert expected in err


def test_a_target_of_promotions_must_follow_locks(pair, run):
    pair.write(
        "environments/prod/environment.yaml",
        'server: {endpoint: "http://h"}\nbackend: {local: {path: p}}\n',
    )
    code, _, err = run("promote", "plan")
    assert code == 1
    assert "Write `flows: {from: lock}`." in err


def test_each_environment_has_its_token_and_a_wrong_one_is_not_shown(
    pair, server, run, monkeypatch
):
    server.ran(pair.flow("shop/x"))
    pair.commit()
    monkeypatch.setenv("PENSTOCK_TOKEN", "canary-wrong")
    code, out, err = run("promote", "plan")
    assert code == 1
    assert "refused the token (401). Set PENSTOCK_DEV_TOKEN" in err
    assert "canary" not in out + err
    monkeypatch.setenv("PENSTOCK_DEV_TOKEN", server.token)
    assert run("promote", "plan")[0] == 2


def test_many_flows_are_asked_about_in_few_requests(pair, server, answer):
    for n in range(40):
        server.ran(pair.flow(f"shop/f{n}", say=str(n)))
    pair.commit()
    assert answer("promote", "apply")[0] == 0
    assert len(server.requests) == 1


def test_an_unreachable_server_is_a_sentence(pair, server, run):
    pair.flow("shop/x")
    pair.commit()
    pair.write(
        "environments/dev/environment.yaml",
        'server: {endpoint: "http://127.0.0.1:1"}\nbackend: {local: {path: d}}\n',
    )
    code, _, err = run("promote", "plan")
    assert code == 1
    assert "The server of `dev` (http://127.0.0.1:1) could not be asked" in err
