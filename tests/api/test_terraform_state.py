"""States of Terraform over HTTP: locks, versions, what is refused, and what is on the disk."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from penstock.main import Application, serve
from penstock.settings import Settings

CANARY = "cAnArY-state-41c7"
ADA = {
    "ID": "11111111-aaaa",
    "Operation": "OperationTypeApply",
    "Info": "",
    "Who": "ada@laptop",
    "Version": "1.11.4",
    "Created": "2026-01-31T06:30:00Z",
    "Path": "",
}
BOB = {**ADA, "ID": "22222222-bbbb", "Who": "bob@ci"}


class Backend:
    """A server with states on; it can be stopped and started on the same data."""

    def __init__(self, data: Path, **more: Any) -> None:
        self.data = data
        self.more = {"terraform_state": "on", **more}
        self.start()

    def start(self) -> None:
        settings = Settings(data=self.data, port=0, shutdown_seconds=0.5, workers=1, **self.more)
        ready, self._stop = threading.Event(), threading.Event()
        found: list[tuple[Application, str]] = []

        def on_ready(application: Application, url: str) -> None:
            found.append((application, url))
            ready.set()

        self._thread = threading.Thread(target=serve, args=(settings, on_ready, self._stop))
        self._thread.start()
        assert ready.wait(30)
        application, self.url = found[0]
        self.token = application.admin_token.read_text().strip()
        self.api = httpx.Client(
            base_url=f"{self.url}/api/v1/tenants/main",
            auth=("anybody", self.token),
            trust_env=False,
            timeout=30,
        )

    def stop(self) -> None:
        self.api.close()
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def call(self, method: str, path: str, body: object = None, **query: Any) -> httpx.Response:
        content = None if body is None else json.dumps(body).encode()
        return self.api.request(method, f"/terraform-state{path}", content=content, params=query)

    def audited(self) -> list[str]:
        found = self.api.get(
            "/audit-events", headers={"authorization": f"Bearer {self.token}"}, auth=Open()
        )
        return [each["action"] for each in found.json()["items"]]


class Open(httpx.Auth):
    """Leaves a request as it is."""


@pytest.fixture(scope="module")
def backend(tmp_path_factory) -> Generator[Backend]:
    made = Backend(tmp_path_factory.mktemp("states"), terraform_state_versions=3)
    yield made
    made.stop()


def state(serial: int, *, lineage: str = "one", value: str = CANARY) -> dict:
    return {"version": 4, "serial": serial, "lineage": lineage, "outputs": {"a": {"value": value}}}


def told(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert CANARY not in answer.text
    return answer.json()["detail"]


def test_a_state_is_kept_byte_for_byte(backend):
    assert "no state" in told(backend.call("GET", "/bytes"), 404)
    text = b'{ "serial":1,\n\t"lineage": "x", "value": "\xc3\xa4 1e2 1.10" }\n'
    assert backend.api.post("/terraform-state/bytes", content=text).status_code == 200
    for encoding in ("gzip", "identity"):
        answer = backend.api.get(
            "/terraform-state/bytes", headers={"accept-encoding": encoding, "if-none-match": '"x"'}
        )
        assert answer.content == text
        assert answer.headers.get("content-encoding") == (encoding if encoding == "gzip" else None)
    etag = answer.headers["etag"]
    assert etag == f'"{hashlib.sha256(text).hexdigest()}"'
    again = backend.api.get("/terraform-state/bytes", headers={"if-none-match": etag})
    assert again.status_code == 304


def test_the_same_content_makes_no_version_and_older_ones_go(backend):
    for serial in (1, 1, 2, 3, 4, 4):
        assert backend.call("POST", "/versions", state(serial)).status_code == 200
    found = backend.call("GET", "/versions/versions").json()["items"]
    assert [(each["version"], each["serial"]) for each in found] == [(4, 4), (3, 3), (2, 2)]
    assert found[0]["by"] == "token:admin"
    assert backend.call("GET", "/versions/versions/3").json() == state(3)
    assert "no version 1" in told(backend.call("GET", "/versions/versions/1"), 404)


def test_a_state_that_does_not_follow_is_refused(backend):
    backend.call("POST", "/follows", state(7))
    assert "its serial is 6, the newest one's 7" in told(
        backend.call("POST", "/follows", state(6)), 409
    )
    assert "made beside it" in told(backend.call("POST", "/follows", state(7, value="other")), 409)
    assert "its lineage is two, not one" in told(
        backend.call("POST", "/follows", state(8, lineage="two")), 409
    )
    assert backend.call("GET", "/follows").json() == state(7)
    assert backend.call("DELETE", "/follows").status_code == 200
    assert backend.call("GET", "/follows").status_code == 404
    assert backend.call("DELETE", "/follows").status_code == 404
    assert backend.call("POST", "/follows", state(1, lineage="two")).status_code == 200


def test_restore_goes_on_from_the_highest_serial(backend):
    for serial in (1, 2, 3):
        backend.call("POST", "/back", state(serial, value=str(serial)))
    made = backend.call("POST", "/back/versions/2:restore").json()
    assert (made["version"], made["serial"]) == (4, 4)
    assert backend.call("GET", "/back").json() == state(4, value="2")
    assert backend.call("POST", "/back/versions/4:restore").json() == made
    assert "made beside it" in told(backend.call("POST", "/back", state(4, value="3+1")), 409)
    assert backend.call("DELETE", "/back").status_code == 200
    assert backend.call("POST", "/back/versions/4:restore").json()["version"] == 6
    assert backend.call("GET", "/back").json() == state(5, value="2")
    assert backend.call("DELETE", "/back", purge="true").status_code == 200
    assert backend.call("GET", "/back/versions").status_code == 404


@pytest.mark.parametrize(
    ("take", "give"), [(("LOCK", ""), ("UNLOCK", "")), (("POST", "/lock"), ("DELETE", "/lock"))]
)
def test_one_run_at_a_time(backend, take, give):
    name = f"/locks{len(take[1])}"
    (lock, at), (unlock, off) = take, give
    assert backend.call(lock, name + at, ADA).status_code == 200
    assert backend.call(lock, name + at, ADA).status_code == 200, "its answer may have been lost"
    refused = backend.call(lock, name + at, BOB)
    assert "ada@laptop (token:admin) holds it for apply since" in told(refused, 423)
    holder = refused.json()
    assert holder["ID"].startswith(f"{ADA['ID']} (ada@laptop")
    assert {key: holder[key] for key in ADA} | {"ID": ""} == {**ADA, "ID": ""}

    assert backend.call("POST", name, state(1), ID=ADA["ID"]).status_code == 200
    assert "is locked" in told(backend.call("POST", name, state(2), ID=BOB["ID"]), 423)
    assert "is locked" in told(backend.call("POST", name, state(2)), 423)
    assert "is locked" in told(backend.call("DELETE", name), 423)
    assert "is locked" in told(backend.call("POST", f"{name}/versions/1:restore"), 423)
    assert backend.call("GET", name).json() == state(1), "who reads does not wait"

    assert f"is not {BOB['ID']}" in told(backend.call(unlock, name + off, BOB), 409)
    assert backend.call(unlock, name + off, ADA).status_code == 200
    assert backend.call(unlock, name + off, ADA).status_code == 200, "nothing is left to do"
    assert backend.audited()[-3:] == [
        "terraform-state.lock",
        "terraform-state.write",
        "terraform-state.unlock",
    ]
    late = backend.call("POST", name, state(2), ID=ADA["ID"])
    assert "taken away from this run" in told(late, 409)


def test_a_lock_is_listed_and_outlasts_the_server(backend):
    backend.call("LOCK", "/first", ADA)
    backend.stop()
    backend.start()
    found = {each["workspace"]: each for each in backend.call("GET", "").json()["items"]}
    assert found["first"]["serial"] is None
    lock = found["first"]["lock"]
    assert (lock["id"], lock["who"]) == (ADA["ID"], "ada@laptop")
    assert lock["operation"] == "OperationTypeApply"
    assert backend.call("LOCK", "/first", BOB).status_code == 423
    assert backend.call("DELETE", "/first/lock", ID=BOB["ID"]).status_code == 409
    assert backend.call("DELETE", "/first/lock", ID=ADA["ID"]).status_code == 200
    assert backend.audited()[-1] == "terraform-state.force-unlock"
    assert backend.call("LOCK", "/first", BOB).status_code == 200
    assert backend.api.request("UNLOCK", "/terraform-state/first").status_code == 200
    page = backend.call("GET", "", limit=1).json()
    more = backend.call("GET", "", limit=1, cursor=page["nextCursor"]).json()
    assert page["items"][0]["workspace"] < more["items"][0]["workspace"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "is no JSON"),
        (b'{"serial": 1, "lineage": "x"', "is no JSON"),
        (b"[]", "is no state of Terraform"),
        (b'{"serial": true, "lineage": "x"}', "is no state of Terraform"),
        (b'{"serial": -1, "lineage": "x"}', "is no state of Terraform"),
        (b'{"serial": 9223372036854775808, "lineage": "x"}', "is no state of Terraform"),
        (b'{"serial": 1, "lineage": null}', "is no state of Terraform"),
    ],
)
def test_what_is_no_state_is_refused(backend, body, sentence):
    assert sentence in told(backend.api.post("/terraform-state/bad", content=body), 422)
    assert backend.call("GET", "/bad").status_code == 404


def test_a_damaged_body_is_refused(backend):
    text = json.dumps(state(1)).encode()
    good = base64.b64encode(hashlib.md5(text).digest()).decode()
    for digest, status in ((good, 200), ("AAAA", 422)):
        answer = backend.api.post(
            "/terraform-state/md5", content=text, headers={"content-md5": digest}
        )
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize("body", [None, [], {}, {"ID": ""}, {"ID": 1}, {"ID": "x" * 1_001}])
def test_what_is_no_lock_is_refused(backend, body):
    assert backend.call("LOCK", "/bad-lock", body).status_code == 422


def test_names_of_workspaces_are_plain(backend):
    for name in ("-a", "a%20b", "ä", "a" * 101):
        assert backend.call("POST", f"/{name}", state(1)).status_code == 422, name


def test_who_may_not_read_never_hears_that_there_is_no_state(backend):
    # Terraform takes 404 for an empty state and would make everything anew.
    for auth in (None, ("x", "wrong"), ("x", "")):
        answer = httpx.get(f"{backend.api.base_url}terraform-state/prod", auth=auth)
        assert answer.status_code == 401, auth
    elsewhere = f"{backend.url}/api/v1/tenants/other/terraform-state/prod"
    answer = httpx.get(elsewhere, auth=("x", backend.token))
    assert "There is no tenant other for this token" in told(answer, 403)
    malformed = httpx.get(
        f"{backend.api.base_url}terraform-state/prod", headers={"authorization": "Basic %%%"}
    )
    assert malformed.status_code == 401
    assert httpx.get(f"{backend.api.base_url}flows", auth=("x", backend.token)).status_code == 401


def test_a_server_keeps_no_states_unless_it_is_told_to(server):
    for method, path in (("GET", "/prod"), ("LOCK", "/prod"), ("POST", "/prod"), ("GET", "")):
        answer = server.api.request(method, f"/terraform-state{path}", content=b"{}")
        assert "PENSTOCK_TERRAFORM_STATE=on" in told(answer, 405)
        assert answer.headers["allow"] == "", "nothing that it takes: switched off"


def test_large_states_are_taken_up_to_the_limit_of_sets(tmp_path):
    made = Backend(tmp_path, max_body=1_024, max_set_body=2_000_000)
    try:
        large = state(1, value="x" * 1_900_000)
        assert made.call("POST", "/large", large).status_code == 200
        assert made.call("GET", "/large").json() == large
        answer = made.call("POST", "/large", state(2, value="x" * 2_000_000))
        assert "larger than the limit" in told(answer, 413)
        assert made.call("LOCK", "/large", {**ADA, "Info": "x" * 2_000}).status_code in (413, 422)
    finally:
        made.stop()


def test_nothing_of_a_state_is_readable_on_the_disk(backend):
    for serial in (1, 2):
        backend.call("POST", "/secret", state(serial))
    backend.call("POST", "/secret/versions/1:restore")
    on_disk = [path.read_bytes() for path in backend.data.rglob("*") if path.is_file()]
    assert any(b"terraform-state/secret" in each for each in on_disk), "the audit is readable"
    for word in (CANARY.encode(), b'"outputs"'):
        assert not any(word in each for each in on_disk), word


def test_a_state_cannot_be_moved_in_the_database(backend):
    backend.call("POST", "/moved", state(1))
    backend.call("POST", "/moved", state(2))
    database = backend.data / "penstock.db"
    import sqlite3

    with sqlite3.connect(database, timeout=30) as connection:
        connection.execute(
            "UPDATE terraform_state SET box = (SELECT box FROM terraform_state "
            "WHERE workspace = 'moved' AND version = 1) WHERE workspace = 'moved' AND version = 2"
        )
    connection.close()
    answer = backend.call("GET", "/moved")
    assert answer.status_code == 500
    assert "was changed in the database" in answer.json()["detail"]
