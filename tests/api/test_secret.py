"""Secrets go in and never come out: not of the API, logs, outputs, errors, events, database."""

from __future__ import annotations

import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

CANARY = "cAnArY-7f3e91-zwitschert"


class Receiver(ThreadingHTTPServer):
    """Keeps what it is sent, and answers with it: servers that echo secrets exist."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, dict[str, str], str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        self.server.seen.append((self.path, dict(self.headers.items()), body))
        answer = f'{{"echo": "{self.path} {self.headers["x-key"]}"}}'.encode()
        self.send_response(500 if "fail" in self.path else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.send_header("x-echo", self.headers["x-key"] or "")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Generator[Receiver]:
    with Receiver() as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def request_task(name: str, url: str) -> str:
    return (
        f"  - id: {name}\n    type: core.http.Request\n    method: POST\n"
        f"    uri: \"{url}/{{{{ secret('KEY') }}}}?k={{{{ secret('KEY') }}}}\"\n"
        "    headers:\n      X-Key: \"{{ secret('KEY') }}\"\n"
        "    contentType: application/json\n"
        '    body: |\n      {"deep": [["{{ secret(\'KEY\') }}"]]}\n'
    )


def test_B06_a_secret_in_any_property_reaches_its_target_and_nothing_else(
    server, ns, receiver, capfd
):
    assert server.api.put(f"/secrets/{ns}/KEY", json={"value": CANARY}).status_code == 201
    flow = (
        f"id: f\nnamespace: {ns}\ntasks:\n{request_task('call', receiver.url)}"
        "  - id: say\n    type: core.log.Log\n"
        "    message: [\"a {{ secret('KEY') }}\", \"{{ secret('KEY') | upper }}\"]\n"
        "  - id: give\n    type: core.debug.Return\n    format: \"<{{ secret('KEY') }}>\"\n"
        "  - id: nested\n    type: core.output.OutputValues\n    values:\n"
        "      deep:\n        list: [[\"{{ secret('KEY') }}\"]]\n"
        "  - id: again\n    type: core.log.Log\n"
        '    message: "{{ outputs.call.body }} {{ outputs.give.value }}"\n'
        f"{request_task('fails', receiver.url + '/fail')}"
    )
    assert server.put_flow(flow).json()["warnings"] == []
    ended = server.run(ns, "f")
    assert ended["state"] == "FAILED"
    assert ended["taskRuns"][-1]["taskId"] == "fails", ended

    path, headers, body = receiver.seen[0]
    assert path == f"/{CANARY}?k={CANARY}"
    assert headers["X-Key"] == CANARY
    assert CANARY in body

    shown = [
        server.api.get(f"/executions/{ended['id']}{part}").text for part in ("", "/logs", "/events")
    ]
    with server.api.stream("GET", f"/executions/{ended['id']}/follow") as stream:
        shown.append(stream.read().decode())
    shown += [server.api.get(path).text for path in ("/secrets", "/state", "/audit-events")]
    shown.append(server.api.get(f"{server.url}/metrics").text)
    shown.append(server.api.get(f"/flows/{ns}/f").text)
    shown.append("".join(capfd.readouterr()))
    for text in shown:
        assert CANARY not in text
        assert CANARY.upper() not in text
    assert "******" in shown[1]
    for file in server.data.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert CANARY.encode() not in content, file
            assert CANARY.upper().encode() not in content, file


def test_a_secret_in_a_mistake_is_not_quoted(server, ns, capfd):
    for body in (
        {"value": [CANARY]},
        {"value": CANARY, "oops": CANARY},
        {"value": {"a": CANARY}, "description": 1},
    ):
        answer = server.api.put(f"/secrets/{ns}/KEY", json=body)
        assert answer.status_code == 422
        assert CANARY not in answer.text
    member = {"kind": "secret", "namespace": ns, "id": "bad id", "spec": {"value": CANARY}}
    for action in ("/plan", "/apply"):
        assert CANARY not in server.api.post(action, json={"objects": [member]}).text
    broken = f'{{"value": "{CANARY}"'.encode()
    assert CANARY not in server.api.put(f"/secrets/{ns}/KEY", content=broken).text
    assert CANARY not in "".join(capfd.readouterr())


def test_a_plan_of_a_secret_shows_fingerprints_only(server, ns):
    server.api.put(f"/secrets/{ns}/KEY", json={"value": "old"})
    member = {"kind": "secret", "namespace": ns, "id": "KEY", "spec": {"value": CANARY}}
    plan = server.api.post("/plan", json={"objects": [member]})
    assert CANARY not in plan.text
    assert plan.json()["objects"][0]["action"] == "update"
    assert '-  "fingerprint"' in plan.json()["objects"][0]["diff"]


def test_comparing_tells_drift_and_is_audited(server, ns):
    server.api.put(f"/secrets/{ns}/KEY", json={"value": CANARY})
    items = [
        {"namespace": ns, "key": "KEY", "value": CANARY},
        {"namespace": ns, "key": "KEY", "value": "other"},
        {"namespace": ns, "key": "GONE", "value": CANARY},
    ]
    answer = server.api.post("/secrets:compare", json={"items": items})
    found = [(each["equal"], each["exists"]) for each in answer.json()["items"]]
    assert found == [(True, True), (False, True), (False, False)]
    stored = server.api.get(f"/secrets/{ns}/KEY").json()["fingerprint"]
    assert answer.json()["items"][0]["fingerprint"] == stored
    assert answer.json()["items"][2]["fingerprint"] != stored, "of another place"
    events = server.api.get("/audit-events", params={"object": "secret", "limit": 1000}).json()
    assert events["items"][-1]["detail"] == {
        "secrets": [f"secret/{ns}/KEY", f"secret/{ns}/KEY", f"secret/{ns}/GONE"]
    }
    wrong = server.api.post(
        "/secrets:compare", json={"items": [{"namespace": ns, "value": CANARY}]}
    )
    assert wrong.json()["problems"][0]["path"] == "items[0]"
    assert CANARY not in wrong.text


def test_secrets_are_inherited_and_the_nearest_wins(server, ns):
    above = f"{ns}.top"
    for name, value in ((above, "upper-value"), (f"{above}.mid", "lower-value")):
        server.api.put(f"/secrets/{name}/SHARED", json={"value": value})
    for name, length in ((above, 11), (f"{above}.mid.leaf", 11), (f"{above}.side", 11)):
        server.put_flow(
            f"id: f\nnamespace: {name}\ntasks:\n  - id: a\n    type: core.debug.Return\n"
            "    format: \"{{ secret('SHARED') == 'lower-value' }} {{ secret('SHARED') | length }}\"\n"
        )
        ended = server.run(name, "f")
        nearest = "true" if name.endswith("leaf") else "false"
        assert ended["taskRuns"][0]["outputs"]["value"] == f"{nearest} {length}"


def test_a_missing_secret_fails_the_task_with_its_name(server, ns):
    server.put_flow(
        f"id: f\nnamespace: {ns}\ntasks:\n  - id: a\n    type: core.debug.Return\n"
        "    format: \"{{ secret('NOPE') }}\"\n"
    )
    ended = server.run(ns, "f")
    assert ended["state"] == "FAILED"
    assert "NOPE" in ended["taskRuns"][0]["error"]["message"]


def test_a_default_that_is_a_secret_is_not_quoted_when_it_does_not_fit(server, ns):
    server.api.put(f"/secrets/{ns}/KEY", json={"value": CANARY})
    server.put_flow(
        f"id: f\nnamespace: {ns}\ninputs:\n  - id: count\n    type: INT\n"
        "    defaults: \"{{ secret('KEY') }}\"\ntasks:\n  - id: a\n    type: core.log.Log\n"
        "    message: a\n"
    )
    answer = server.api.post("/executions", json={"namespace": ns, "flowId": "f"})
    assert answer.status_code == 422
    assert CANARY not in answer.text
    assert "******" in answer.text
