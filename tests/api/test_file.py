"""Files of namespaces over HTTP."""

from __future__ import annotations

import base64

import pytest

from penstock.service.file import MOST_BYTES

PLAIN = {"content-type": "application/octet-stream"}


def content(server, ns, path, **query):
    return server.api.get("/files:content", params={"namespace": ns, "path": path, **query})


def test_a_file_is_kept_byte_for_byte_and_versioned(server, ns):
    path = f"/files/{ns}/sql/a.sql"
    first = server.api.put(path, content=b"SELECT 1", headers=PLAIN)
    assert first.status_code == 201
    assert first.json() | {"path": "sql/a.sql", "size": 8, "revision": 1} == first.json()
    again = server.api.put(path, content=b"SELECT 1", headers=PLAIN)
    assert (again.status_code, again.json()["revision"]) == (200, 1)
    second = server.api.put(path, json={"base64": base64.b64encode(b"\xff\x00").decode()})
    assert second.json()["revision"] == 2
    assert content(server, ns, "sql/a.sql").content == b"\xff\x00"
    assert content(server, ns, "sql/a.sql", revision=1).content == b"SELECT 1"
    assert server.api.get(path, params={"revision": 1}).json()["size"] == 8
    assert (
        server.api.get(path, headers={"if-none-match": second.headers["etag"]}).status_code == 304
    )
    (listed,) = server.api.get("/files", params={"namespace": ns}).json()["items"]
    assert listed["path"] == "sql/a.sql"


def test_the_text_of_a_file_is_given_as_content(server, ns):
    assert server.api.put(f"/files/{ns}/a.txt", json={"content": "ä"}).json()["size"] == 2
    assert content(server, ns, "a.txt").text == "ä"


def test_races_are_lost_with_412(server, ns):
    path = f"/files/{ns}/a"
    etag = server.api.put(path, content=b"1", headers=PLAIN).headers["etag"]
    server.api.put(path, content=b"2", headers=PLAIN)
    lost = server.api.put(path, content=b"3", headers={**PLAIN, "if-match": etag})
    assert lost.status_code == 412
    new = server.api.put(path, content=b"3", headers={**PLAIN, "if-none-match": "*"})
    assert new.status_code == 412
    assert server.api.delete(path, headers={"if-match": etag}).status_code == 412


def test_a_foreign_owner_is_refused(server, ns):
    path = f"/files/{ns}/a"
    server.api.put(path, content=b"1", headers={**PLAIN, "penstock-owner": "terraform:prod"})
    refused = server.api.put(path, content=b"2", headers=PLAIN)
    assert refused.status_code == 409
    assert "declared by terraform:prod" in refused.text


def test_a_deleted_file_keeps_its_history(server, ns):
    path = f"/files/{ns}/a"
    server.api.put(path, content=b"1", headers=PLAIN)
    assert server.api.delete(path).status_code == 204
    assert server.api.get(path).status_code == 404
    assert content(server, ns, "a").status_code == 404
    assert server.api.put(path, content=b"2", headers=PLAIN).json()["revision"] == 3
    items = server.api.get("/files:revisions", params={"namespace": ns, "path": "a"}).json()[
        "items"
    ]
    assert [(each["revision"], each["deleted"]) for each in items] == [
        (3, False),
        (2, True),
        (1, False),
    ]
    assert content(server, ns, "a", revision=1).content == b"1"
    nothing = {"namespace": ns, "path": "never"}
    assert server.api.get("/files:revisions", params=nothing).status_code == 404


def test_a_file_moves_with_its_content(server, ns):
    server.api.put(f"/files/{ns}/old", content=b"1", headers=PLAIN)
    server.api.put(f"/files/{ns}/there", content=b"2", headers=PLAIN)
    sent = {"namespace": ns, "from": "old", "to": "new/name"}
    moved = server.api.post("/files:move", json=sent)
    assert (moved.status_code, moved.json()["path"]) == (200, "new/name")
    assert server.api.get(f"/files/{ns}/old").status_code == 404
    assert content(server, ns, "new/name").content == b"1"
    taken = server.api.post("/files:move", json={**sent, "from": "new/name", "to": "there"})
    assert taken.status_code == 412
    assert server.api.post("/files:move", json=sent).status_code == 404
    assert "`to` must be a text" in server.api.post("/files:move", json={**sent, "to": 1}).text


@pytest.mark.parametrize(
    "path", ["../a", "a/../b", "a//b", "./a", "a\\b", "a\n", "a/", "x" * 201, "x/" * 300 + "a"]
)
def test_paths_lead_nowhere_else(server, ns, path):
    member = {"kind": "file", "namespace": ns, "id": path, "spec": {"content": "x"}}
    answer = server.api.post("/apply", json={"objects": [member]})
    assert answer.status_code == 422
    assert "is no path of a file" in answer.text


def test_a_file_is_no_folder_and_a_folder_no_file(server, ns):
    server.api.put(f"/files/{ns}/a/b", content=b"1", headers=PLAIN)
    above = server.api.put(f"/files/{ns}/a", content=b"1", headers=PLAIN)
    below = server.api.put(f"/files/{ns}/a/b/c", content=b"1", headers=PLAIN)
    assert "`a` is a folder, because of `a/b`" in above.text
    assert "`a/b` is a file, not a folder" in below.text
    both = [
        {"kind": "file", "namespace": ns, "id": path, "spec": {"content": "x"}}
        for path in ("new", "new/one")
    ]
    answer = server.api.post("/apply", json={"objects": both})
    assert answer.status_code == 422
    assert "`new` is a file, not a folder" in answer.text


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "either `content` or `base64`"),
        ({"content": "a", "base64": "YQ=="}, "either `content` or `base64`"),
        ({"base64": "?"}, "`base64` is no base64"),
        ({"content": 5}, "`content` must be a text"),
        ({"text": "a"}, "There is no property `text` here"),
    ],
)
def test_a_wrong_spec_is_a_sentence(server, ns, spec, words):
    answer = server.api.put(f"/files/{ns}/a", json=spec)
    assert answer.status_code == 422
    assert words in answer.text


def test_a_file_has_a_limit(server, ns, monkeypatch):
    # The server of the tests takes bodies of 1.3 MB.
    large = server.api.put(f"/files/{ns}/a", content=b"x" * 1_200_000, headers=PLAIN)
    assert large.status_code == 201
    assert server.api.put(f"/files/{ns}/a", content=b"x" * 1_400_000).status_code == 413
    monkeypatch.setattr("penstock.service.file.MOST_BYTES", 10)
    answer = server.api.put(f"/files/{ns}/a", content=b"x" * 11, headers=PLAIN)
    assert "has 11 bytes; a file of a namespace has at most 10" in answer.text
    assert MOST_BYTES > 2**20


def test_files_are_members_of_sets(server, ns):
    member = {"kind": "file", "namespace": ns, "id": "a/b.txt", "spec": {"content": "one\n"}}
    planned = server.api.post("/plan", json={"objects": [member]}).json()
    (found,) = planned["objects"]
    assert (found["ref"], found["action"]) == (f"file/{ns}/a/b.txt", "create")
    assert server.api.get(f"/files/{ns}/a/b.txt").status_code == 404, "a plan writes nothing"
    body = {"objects": [member], "planToken": planned["planToken"]}
    assert server.api.post("/apply", json=body).status_code == 200
    changed = {**member, "spec": {"content": "two\n"}}
    (found,) = server.api.post("/plan", json={"objects": [changed]}).json()["objects"]
    assert "-one\n+two\n" in found["diff"]
    stored = server.api.get("/state", params={"kinds": "file", "namespaces": ns}).json()
    assert [each["path"] for each in stored["objects"]] == ["a/b.txt"]
    gone = {"deletes": [{"kind": "file", "namespace": ns, "id": "a/b.txt"}]}
    assert server.api.post("/apply", json=gone).status_code == 200
    events = server.api.get("/audit-events", params={"limit": 1000}).json()["items"]
    told = [each["action"] for each in events if each["object"] == f"file/{ns}/a/b.txt"]
    assert sorted(told) == ["file.create", "file.delete"]


def test_a_namespace_with_files_is_in_use(server, ns):
    server.api.put(f"/namespaces/{ns}", json={})
    server.api.put(f"/files/{ns}/a", content=b"1", headers=PLAIN)
    refused = server.api.delete(f"/namespaces/{ns}")
    assert refused.status_code == 409
    assert f"file/{ns}/a" in refused.text


def test_flows_read_the_file_of_the_moment_or_a_revision(server, ns):
    path = f"/files/{ns}/sql/a.sql"
    for text in (b"SELECT 1", b"SELECT 2"):
        server.api.put(path, content=text, headers=PLAIN)
    server.put_flow(f"""id: reads
namespace: {ns}
tasks:
  - id: read
    type: core.output.OutputValues
    values:
      now: "{{{{ read('sql/a.sql') }}}}"
      first: "{{{{ read('sql/a.sql', revision=1) }}}}"
      older: "{{{{ read('nsfile:///sql/a.sql', version=1) }}}}"
      by_uri: "{{{{ read(fileURI('sql/a.sql')) }}}}"
      there: "{{{{ fileExists('sql/a.sql') }}}} {{{{ fileExists('b.sql', '{ns}') }}}}"
      size: "{{{{ fileSize('sql/a.sql') }}}} {{{{ isFileEmpty('sql/a.sql') }}}}"
""")
    ended = server.run(ns, "reads")
    assert ended["taskRuns"][0]["outputs"]["values"] == {
        "now": "SELECT 2",
        "first": "SELECT 1",
        "older": "SELECT 1",
        "by_uri": "SELECT 2",
        "there": "true false",
        "size": "8 false",
    }


WRITES = """
id: writes
namespace: {ns}
tasks:
  - {{id: make, type: core.storage.Write, content: hello}}
  - id: upload
    type: core.namespace.UploadFiles
    namespace: "{{{{ flow.namespace }}}}"
    filesMap: {{made.txt: "{{{{ outputs.make.uri }}}}"}}
"""


def test_others_commit_while_a_content_is_stored(server, ns, monkeypatch):
    storage = type(server.application.services.storage)
    put, seen = storage.put, []

    def slow(self, tenant, uri, content):
        if "made" in uri:
            server.application.executor.write(lambda _: None).result(30)
            seen.append(uri)
        return put(self, tenant, uri, content)

    monkeypatch.setattr(storage, "put", slow)
    assert server.api.put(f"/files/{ns}/made", content=b"1", headers=PLAIN).status_code == 201
    assert server.api.put(f"/files/{ns}/made", content=b"1", headers=PLAIN).status_code == 200
    assert len(seen) == 1
    assert content(server, ns, "made").content == b"1"
    assert server.put_flow(WRITES.format(ns=ns)).is_success
    assert server.run(ns, "writes")["state"] == "SUCCESS"
    assert len(seen) > 1
    assert content(server, ns, "made.txt").content == b"hello"


def test_a_file_becomes_a_folder_in_one_set(server, ns):
    server.api.put(f"/files/{ns}/a", json={"content": "one"})
    member = {"kind": "file", "namespace": ns, "id": "a/b", "spec": {"content": "two"}}
    assert server.api.post("/apply", json={"objects": [member]}).status_code == 422
    gone = {"kind": "file", "namespace": ns, "id": "a"}
    answer = server.api.post("/apply", json={"objects": [member], "deletes": [gone]})
    assert answer.status_code == 200, answer.text
    moved = {"namespace": ns, "from": "a/b", "to": "a"}
    assert server.api.post("/files:move", json=moved).status_code == 200
    assert server.api.get(f"/files/{ns}/a").json()["size"] == 3
