"""Commands against a server."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("server")

UNTIL = "2999-11-26T18:00:00Z"


def write(name: str, ns: str, flow_id: str = "f", tasks: str | None = None, more: str = "") -> Path:
    tasks = tasks or "  - id: a\n    type: core.log.Log\n    message: hello\n"
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"id: {flow_id}\nnamespace: {ns}\n{more}tasks:\n{tasks}")
    return path


def test_plan_and_apply_of_a_folder(penstock, ns):
    write("flows/one.yaml", ns, "one")
    write("flows/deep/two.yml", ns, "two")
    schedule = {
        "kind": "schedule",
        "namespace": ns,
        "id": "s",
        "spec": {"flowId": "one", "cron": "@daily"},
    }
    Path("flows/s.yaml").write_text(json.dumps(schedule))
    planned = penstock("plan", "flows", "--complete")
    assert planned.code == 2
    assert f"+ create flow/{ns}/one" in planned.out
    assert "3 to change, 0 unchanged." in planned.out
    assert penstock("flow", "list", "--namespace", ns, "--output", "json").json == []
    applied = penstock("apply", "flows", "--complete")
    assert applied.code == 0
    assert f"schedule/{ns}/s: created (revision 1)" in applied.out
    assert penstock("plan", "flows").code == 0
    write("flows/one.yaml", ns, "one", more="description: new\n")
    changed = penstock("plan", "flows")
    assert changed.code == 2
    assert "+description: new" in changed.out
    Path("flows/deep/two.yml").unlink()
    as_json = penstock("--output", "json", "apply", "flows", "--delete", f"flow/{ns}/two").json
    assert {each["ref"]: each["action"] for each in as_json["objects"]} == {
        f"flow/{ns}/two": "delete",
        f"flow/{ns}/one": "update",
        f"schedule/{ns}/s": "none",
    }


def test_deleting_and_writing_the_same_object_is_refused(penstock, ns):
    write("f.yaml", ns)
    refused = penstock("apply", "f.yaml", "--delete", f"flow/{ns}/f")
    assert refused.code == 1
    assert "twice" in refused.err


def test_a_mistake_is_shown_at_its_place_with_a_caret(penstock, ns):
    path = write("bad.yaml", ns, tasks="  - id: a\n    type: core.log.Lgo\n")
    for command in (("apply", path), ("flow", "put", path)):
        ran = penstock(*command)
        assert ran.code == 1
        assert "bad.yaml:5:11: error [unknown-type]" in ran.err
        assert "  5 |     type: core.log.Lgo\n    |           ^" in ran.err
        assert "Did you mean `core.log.Log`?" in ran.err
    planned = penstock("plan", path)
    assert planned.code == 1
    assert "bad.yaml:5:11" in planned.err
    as_json = penstock("--output", "json", "apply", path)
    assert as_json.out == ""
    (problem,) = json.loads(as_json.err)["error"]["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == ("bad.yaml", 5, 11)


def test_what_dangles_is_shown_where_it_is_written(penstock, ns):
    path = write(
        "f.yaml",
        ns,
        tasks="  - id: a\n    type: core.debug.Return\n    format: \"{{ secret('NO') }}\"\n",
    )
    ran = penstock("apply", path)
    assert ran.code == 0
    assert "f.yaml:6:13: warning [missing-secret]" in ran.err
    assert penstock("apply", path, "--complete").code == 1


def test_flows_are_listed_read_and_deleted(penstock, ns):
    path = write("f.yaml", ns)
    put = penstock("flow", "put", path)
    assert (put.code, put.out) == (0, f"flow/{ns}/f: created (revision 1)\n")
    assert penstock("flow", "get", f"{ns}/f").out.rstrip("\n") == path.read_text().rstrip("\n")
    listed = penstock("flow", "list", "--namespace", ns).out.splitlines()
    assert listed[0].split()[:3] == ["NAMESPACE", "ID", "REVISION"]
    assert listed[1].split()[:3] == [ns, "f", "1"]
    assert penstock("flow", "revisions", f"{ns}/f").out.splitlines()[1].startswith("1 ")
    assert penstock("flow", "delete", f"{ns}/f").code == 0
    gone = penstock("flow", "get", f"{ns}/f")
    assert (gone.code, gone.err) == (1, f"Error: There is no flow/{ns}/f.\n")
    assert "NAMESPACE/ID" in penstock("flow", "get", "nothing").err


def test_an_owner_conflict_names_the_owner(penstock, ns):
    path = write("f.yaml", ns)
    assert penstock("flow", "put", path, "--owner", "terraform:prod").code == 0
    refused = penstock("flow", "delete", f"{ns}/f")
    assert refused.code == 1
    assert "terraform:prod" in refused.err
    assert penstock("flow", "delete", f"{ns}/f", "--owner", "terraform:prod").code == 0


def test_namespaces_secrets_and_schedules(penstock, ns, monkeypatch):
    assert penstock("namespace", "put", ns, "--variable", "n=5", "--variable", "s=text").code == 0
    assert penstock("--output", "json", "namespace", "get", ns).json["variables"] == {
        "n": 5,
        "s": "text",
    }
    assert penstock("secret", "put", f"{ns}/K", stdin="s3cret-value\n").code == 0
    first = penstock("--output", "json", "secret", "get", f"{ns}/K")
    assert "s3cret" not in first.out
    monkeypatch.setenv("VALUE", "s3cret-value")
    penstock("secret", "put", f"{ns}/K", "--from-env", "VALUE")
    Path("value.txt").write_text("s3cret-value\n")
    penstock("secret", "put", f"{ns}/K", "--from-file", "value.txt")
    again = penstock("--output", "json", "secret", "get", f"{ns}/K").json
    assert again["fingerprint"] == first.json["fingerprint"], "the same value, without the newline"
    assert again["version"] == 1
    assert "no environment variable" in penstock("secret", "put", f"{ns}/K", "--from-env", "NO").err
    penstock("flow", "put", write("f.yaml", ns))
    put = penstock("schedule", "put", f"{ns}/s", "--flow", "f", "--cron", "0 6 * * *")
    assert put.code == 0, put.err
    assert ns in penstock("schedule", "list", "--namespace", ns).out
    off = penstock("schedule", "disable", f"{ns}/s", "--reason", "a trial", "--until", UNTIL)
    assert "a trial" in off.out
    assert "a trial" in penstock("schedule", "enable", f"{ns}/s", "--reason", "a trial").out
    assert penstock("schedule", "follow", f"{ns}/s").code == 0
    assert "does what is declared already" in penstock("schedule", "follow", f"{ns}/s").err
    bad = penstock("schedule", "put", f"{ns}/s", "--flow", "f", "--cron", "nope")
    assert bad.code == 1
    assert "cron" in bad.err


def test_an_execution_is_run_followed_listed_and_read(penstock, ns):
    more = "inputs:\n  - id: who\n    type: STRING\n  - id: n\n    type: INT\n    defaults: 1\n"
    tasks = (
        '  - id: a\n    type: core.log.Log\n    message: "hello {{ inputs.who }} {{ inputs.n }}"\n'
    )
    penstock("flow", "put", write("f.yaml", ns, tasks=tasks, more=more))
    Path("inputs.yaml").write_text("who: file\nn: 3\n")
    ran = penstock(
        "execution", "run", f"{ns}/f", "--inputs", "inputs.yaml", "--input", "who=me", "-f"
    )
    assert ran.code == 0, ran.err
    assert "hello me 3" in ran.out
    assert "SUCCESS" in ran.out
    found = penstock("--output", "json", "execution", "list", "--namespace", ns).json
    assert found[0]["state"] == "SUCCESS"
    assert "a SUCCESS" in penstock("execution", "get", found[0]["id"]).out
    assert "hello me 3" in penstock("execution", "logs", found[0]["id"]).out
    assert "hello me 3" in penstock("execution", "logs", "-f", found[0]["id"]).out
    missing = penstock("execution", "run", f"{ns}/f")
    assert missing.code == 1
    assert "inputs.who" in missing.err
    whole = penstock(
        "--output", "json", "execution", "run", f"{ns}/f", "--input", "who=x", "--follow"
    )
    assert whole.json["state"] == "SUCCESS"


def test_executions_are_listed_by_all_that_the_api_knows(penstock, ns):
    penstock("flow", "put", write("f.yaml", ns))
    call = f"  - {{id: c, type: core.flow.Subflow, namespace: {ns}, flowId: f}}\n"
    penstock("flow", "put", write("g.yaml", ns, "g", call))
    run = ("--output", "json", "execution", "run", f"{ns}/f", "--follow", "--label")
    red, blue = (penstock(*run, f"color={color}").json["id"] for color in ("red", "blue"))

    def listed(*options):
        found = penstock("--output", "json", "execution", "list", "--namespace", ns, *options)
        assert found.code == 0, found.err
        return [each["id"] for each in found.json]

    assert listed() == [blue, red]
    assert listed("--label", "color=red") == [red]
    assert listed("--label", "color=red", "--label", "a=b") == []
    assert listed("--state", "failed", "--state", "success", "--limit", "1") == [blue]
    assert listed("--state", "FAILED") == []
    assert listed("--created-after", "2999-01-01T00:00:00Z") == []
    assert listed("--created-before", "2999-01-01T00:00:00Z") == [blue, red]
    assert listed("--top-level", "--trigger", "api") == [blue, red]
    assert listed("--children") == []
    caller = penstock("--output", "json", "execution", "run", f"{ns}/g", "--follow").json["id"]
    (called,) = listed("--children")
    assert listed("--parent", caller) == [called]
    again = penstock("--output", "json", "execution", "replay", red).json["id"]
    assert listed("--original", red) == [again]
    wrong = penstock("execution", "list", "--state", "gone")
    assert wrong.code == 1
    assert "state" in wrong.err


def test_an_execution_takes_files_and_is_tried_before(penstock, ns):
    more = "inputs:\n  - {id: report, type: FILE}\n  - {id: n, type: INT, defaults: 2}\n"
    tasks = '  - id: a\n    type: core.log.Log\n    message: "{{ read(inputs.report) }} {{ inputs.n }}"\n'
    penstock("flow", "put", write("f.yaml", ns, tasks=tasks, more=more))
    Path("report.csv").write_text("a,b")
    tried = penstock("execution", "validate", f"{ns}/f", "--input", "report=@report.csv")
    assert tried.code == 0, tried.err
    assert f"{ns}/f revision 1 would start" in tried.out
    assert "n INT: 2 (default)" in tried.out
    wrong = penstock("execution", "validate", f"{ns}/f", "--input", "n=few", "--input", "m=1")
    assert wrong.code == 1
    assert "report FILE: Missing required input:report" in wrong.out
    assert "n INT: Invalid value for input `n`" in wrong.out
    assert "warning: The flow declares no input `m`; it is ignored." in wrong.out
    ran = penstock(
        "execution", "run", f"{ns}/f", "--input", "report=@report.csv", "--input", "n=3", "-f"
    )
    assert ran.code == 0, ran.err
    assert "a,b 3" in ran.out


def test_a_failed_execution_ends_with_2(penstock, ns):
    tasks = "  - id: a\n    type: core.execution.Fail\n    errorMessage: because\n"
    penstock("flow", "put", write("f.yaml", ns, tasks=tasks))
    ran = penstock("execution", "run", f"{ns}/f", "--follow")
    assert ran.code == 2
    assert "because" in ran.out


def test_a_running_execution_is_killed(penstock, ns):
    tasks = "  - id: a\n    type: core.flow.Sleep\n    duration: PT1H\n"
    penstock("flow", "put", write("f.yaml", ns, tasks=tasks))
    execution_id = penstock("execution", "run", f"{ns}/f").out.strip()
    assert penstock("execution", "kill", execution_id).code == 0
    assert penstock("execution", "logs", "-f", execution_id).code == 2


def test_tokens_are_made_used_and_revoked(penstock, server, ns):
    made = penstock("token", "put", "ci")
    assert made.code == 0
    text = made.out.strip()
    assert text.startswith("pst_")
    assert penstock("--token", text, "namespace", "put", ns).code == 0
    assert "ci" in penstock("token", "list").out
    assert text not in penstock("token", "list").out
    assert "already" in penstock("token", "put", "ci").err
    assert (
        "Name" in penstock("token", "put", "NO").err
        or "`name`" in penstock("token", "put", "NO").err
    )
    assert penstock("token", "delete", "ci").code == 0
    refused = penstock("--token", text, "flow", "list")
    assert refused.code == 1
    assert "not known here" in refused.err
    assert text not in refused.err
    by = penstock("--output", "json", "audit", "list", "--object", f"namespace/{ns}").json
    assert by[0]["actor"] == "token:ci"


def test_a_wrong_tenant_is_said(penstock):
    ran = penstock("--tenant", "other", "flow", "list")
    assert (ran.code, ran.err) == (1, "Error: There is no tenant other.\n")


def test_a_profile_names_a_server(penstock, server, monkeypatch):
    monkeypatch.delenv("PENSTOCK_TOKEN")
    path = Path("config/penstock/profiles.json")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"dev": {"url": server.url, "token": server.token}}))
    assert penstock("--profile", "dev", "token", "list").code == 0
    wrong = penstock("--profile", "prod", "token", "list")
    assert wrong.code == 1
    assert "There are: dev." in wrong.err


def test_key_value_pairs(penstock, ns):
    assert f"kv/{ns}/k: created (revision 1)" in penstock("kv", "put", f"{ns}/k", '{"a": 1}').out
    found = penstock("--output", "json", "kv", "get", f"{ns}/k").json
    assert (found["value"], found["ttl"], found["expiresAt"]) == ({"a": 1}, None, None)
    put = penstock("kv", "put", f"{ns}/k", "5", "--text", "--ttl", "P1D", "--description", "five")
    assert "written (revision 2)" in put.out
    (found,) = penstock("--output", "json", "kv", "list", "--namespace", ns).json
    assert (found["value"], found["ttl"], found["description"]) == ("5", "P1D", "five")
    Path("value.txt").write_text("a line\n")
    penstock("kv", "put", f"{ns}/k", "--from-file", "value.txt")
    assert penstock("--output", "json", "kv", "get", f"{ns}/k").json["value"] == "a line"
    for given in ((), ("1", "--from-file", "value.txt")):
        wrong = penstock("kv", "put", f"{ns}/k", *given)
        assert (wrong.code, "either a value or --from-file" in wrong.err) == (1, True)
    penstock("kv", "put", f"{ns}/k", "2026-01-31", "--type", "DATE", "--description", "day")
    versions = penstock("--output", "json", "kv", "versions", f"{ns}/k").json
    assert [each["type"] for each in versions] == ["DATE", "STRING", "STRING", "JSON"]
    listed = penstock("kv", "list", "--namespace", ns).out
    assert all(word in listed for word in ("TYPE", "DATE", "REVISION", "EXPIRES", "day"))
    assert "is no DATE" in penstock("kv", "put", f"{ns}/k", "soon", "--type", "DATE").err
    assert "P1D" in penstock("kv", "put", f"{ns}/k", "1", "--ttl", "soon").err
    pair = {"kind": "kv", "namespace": ns, "id": "k", "spec": {"value": [1]}}
    Path("k.yaml").write_text(json.dumps(pair))
    assert f"kv/{ns}/k: changed" in penstock("apply", "k.yaml").out
    assert penstock("plan", "k.yaml").code == 0
    assert penstock("kv", "delete", f"{ns}/k").code == 0
    assert "There is no kv/" in penstock("kv", "get", f"{ns}/k").err


def test_files_of_namespaces(penstock, ns, tmp_path):
    folder = tmp_path / "sql"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.sql").write_text("SELECT 1")
    (folder / "deep" / "b.sql").write_text("SELECT 2")
    put = penstock("file", "put", f"{ns}/queries", "sql")
    assert f"file/{ns}/queries/a.sql: created (revision 1)" in put.out
    assert f"file/{ns}/queries/deep/b.sql: created" in put.out
    (folder / "a.sql").write_text("SELECT 3")
    assert "revision 2" in penstock("file", "put", f"{ns}/queries/a.sql", "sql/a.sql").out
    listed = penstock("--output", "json", "file", "list", "--namespace", ns).json
    assert [each["path"] for each in listed] == ["queries/a.sql", "queries/deep/b.sql"]
    found = penstock("--output", "json", "file", "get", f"{ns}/queries/a.sql").json
    assert found["size"] == 8
    history = penstock("--output", "json", "file", "revisions", f"{ns}/queries/a.sql").json
    assert [each["revision"] for each in history] == [2, 1]
    moved = penstock("file", "move", f"{ns}/queries/a.sql", "c.sql").out
    assert f"file/{ns}/c.sql: moved from queries/a.sql" in moved
    assert penstock("file", "delete", f"{ns}/c.sql").code == 0
    assert "There is no file/" in penstock("file", "get", f"{ns}/c.sql").err
    (tmp_path / "none").mkdir()
    assert "There is no file in none" in penstock("file", "put", ns, "none").err
    assert "NAMESPACE/ID" in penstock("file", "read", ns).err
    member = {"kind": "file", "namespace": ns, "id": "x.txt", "spec": {"content": "x"}}
    (tmp_path / "x.yaml").write_text(json.dumps(member))
    assert f"file/{ns}/x.txt: created" in penstock("apply", "x.yaml").out


def test_B24_a_plan_ends_as_terraforms_detailed_one_and_names_the_place(penstock, ns):
    path = write("ci.yaml", ns)
    assert penstock("plan", path).code == 2
    assert penstock("apply", path).code == 0
    assert penstock("plan", path).code == 0
    write("ci.yaml", ns, tasks="  - id: a\n    type: core.log.Log\n    mesage: hi\n")
    broken = penstock("plan", path)
    assert broken.code == 1
    assert re.search(r"ci\.yaml:6:5: error \[unknown-property\]", broken.err)
    dangling = "message: \"{{ secret('GONE') }}\"\n"
    write("ci.yaml", ns, tasks=f"  - id: a\n    type: core.log.Log\n    {dangling}")
    assert penstock("plan", path).code == 2  # alone it may come later
    missing = penstock("plan", path, "--complete")
    assert missing.code == 1
    assert re.search(r"ci\.yaml:6:\d+: error \[missing-secret\]", missing.err)
