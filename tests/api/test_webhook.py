"""Webhooks: an address that starts a flow, for whoever knows its key."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

KEY = "k-0123456789"


def flow(ns: str, trigger: str = "", task: str = "", rest: str = "", key: str = KEY) -> str:
    task = task or '  - {id: say, type: core.log.Log, message: "{{ trigger.body }}"}\n'
    return (
        f"id: f\nnamespace: {ns}\n{rest}tasks:\n{task}triggers:\n  - id: event\n"
        f'    type: core.trigger.Webhook\n    key: "{key}"\n{trigger}'
    )


@pytest.fixture
def call(server, ns) -> Iterator:
    """Calls an address without any token."""
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:

        def made(method: str = "POST", key: str = KEY, **given) -> httpx.Response:
            path = f"/api/v1/tenants/main/webhooks/{ns}/f/{key}"
            return client.request(method, path, **given)

        made.client = client
        yield made


def test_A02_the_right_key_starts_an_execution_and_a_wrong_one_none(server, ns, call):
    assert server.put_flow(flow(ns)).is_success
    for key in ("wrong", KEY + "x", KEY[:-1], KEY.upper()):
        answer = call(key=key)
        assert answer.status_code == 404
        assert KEY not in answer.text
    assert server.api.get("/executions", params={"namespace": ns}).json()["items"] == []
    answer = call(json={"a": [1]}, params={"x": ["1", "2"]}, headers={"X-Event": "push"})
    assert answer.status_code == 200
    ended = server.wait(answer.json()["id"])
    assert ended["state"] == "SUCCESS"
    seen = ended["trigger"]["variables"]
    assert seen["body"] == {"a": [1]}
    assert seen["parameters"] == {"x": ["1", "2"]}
    assert seen["headers"]["x-event"] == ["push"]


def test_A27_an_execution_says_which_trigger_started_it(server, ns, call):
    server.put_flow(flow(ns))
    ended = server.wait(call().json()["id"])
    assert ended["trigger"]["type"] == "core.trigger.Webhook"
    assert ended["trigger"]["id"] == "event"
    assert ended["trigger"]["actor"] == "webhook:event"
    assert ended["labels"]["system.from"] == "trigger"
    assert ended["labels"]["system.correlationId"] == ended["id"]
    (event,) = [
        each
        for each in server.api.get("/audit-events").json()["items"]
        if each["object"] == f"execution/{ended['id']}"
    ]
    assert event["actor"] == "webhook:event"
    for run in ended["taskRuns"]:
        assert run["startedAt"]
        assert run["endedAt"]
        assert all(change["at"] for change in run["stateHistory"])


class _Counted(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def counted() -> Iterator[HTTPServer]:
    made = HTTPServer(("127.0.0.1", 0), _Counted)
    made.paths = []
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_A28_a_property_comes_from_the_body_and_without_it_nothing_is_called(
    server, ns, call, counted
):
    port = counted.server_address[1]
    task = (
        "  - id: sync\n    type: core.http.Request\n"
        f'    uri: "http://127.0.0.1:{port}/{{{{ trigger.body.connectionId }}}}"\n'
        '    options: {timeout: {connectTimeout: "{{ trigger.body.patience }}"}}\n'
    )
    server.put_flow(flow(ns, task=task))
    ended = server.wait(call(json={"connectionId": "c-1", "patience": "PT5S"}).json()["id"])
    assert ended["state"] == "SUCCESS", ended["error"]
    assert counted.paths == ["/c-1"]
    for body in ({"patience": "PT5S"}, {"connectionId": "c-2"}):
        ended = server.wait(call(json=body).json()["id"])
        assert ended["state"] == "FAILED"
    ended = server.wait(call(json={"connectionId": "c-2", "patience": "soon"}).json()["id"])
    assert ended["state"] == "FAILED"
    assert counted.paths == ["/c-1"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_each_method_calls(server, ns, call, method):
    server.put_flow(flow(ns))
    assert call(method).status_code == 200
    assert call("DELETE").status_code == 405


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b"[1, 2]", [1, 2]),
        (b"plain", "plain"),
        (b"{broken", "{broken"),
        (b"42", "42"),
        (b"", None),
    ],
)
def test_a_body_is_json_or_a_text(server, ns, call, sent, seen):
    server.put_flow(flow(ns, task="  - {id: t, type: core.debug.Return, format: x}\n"))
    assert call(content=sent).json()["trigger"]["variables"]["body"] == seen


@pytest.mark.parametrize("levels", [101, 900])
def test_a_body_that_is_nested_too_deep_is_refused_after_the_key(server, ns, call, levels):
    server.put_flow(flow(ns))
    sent = b"[" * levels + b"]" * levels
    assert call(key="wrong", content=sent).status_code == 404
    refused = call(content=sent)
    assert refused.status_code == 422
    assert "nested more than 100 levels deep" in refused.text
    assert server.api.get("/executions", params={"namespace": ns}).json()["items"] == []


def test_what_is_sent_is_no_key(server, ns, call):
    server.put_flow(flow(ns, key="{{ trigger.parameters.k[0] }}"))
    assert call(key="mine", params={"k": "mine"}).status_code == 404


def test_headers_are_found_in_any_spelling(server, ns, call):
    task = "  - {id: say, type: core.log.Log, message: \"{{ trigger.headers['X-Event'][0] }}\"}\n"
    server.put_flow(flow(ns, task=task))
    ended = server.wait(call(headers={"x-event": "push"}).json()["id"])
    assert ended["state"] == "SUCCESS"


def test_credentials_of_the_caller_are_not_kept(server, ns, call):
    server.put_flow(flow(ns, task="  - {id: t, type: core.debug.Return, format: x}\n"))
    answer = call(headers={"authorization": "Bearer abc", "cookie": "a=b"})
    assert not {"authorization", "cookie"} & set(answer.json()["trigger"]["variables"]["headers"])


@pytest.mark.parametrize(
    "trigger",
    [
        "    when: \"{{ trigger.body.state == 'done' }}\"\n",
        (
            "    conditions:\n      - type: core.condition.Expression\n"
            "        expression: \"{{ trigger.body.state == 'done' }}\"\n"
        ),
    ],
)
def test_a_condition_that_does_not_hold_answers_nothing(server, ns, call, trigger):
    server.put_flow(flow(ns, trigger))
    answer = call(json={"state": "running"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert call(json={"state": "done"}).status_code == 200
    answer = call(json={})
    assert answer.status_code == 422
    assert "event" in answer.json()["detail"]


def test_a_trigger_that_fails_may_make_a_failed_execution(server, ns, call):
    server.put_flow(flow(ns, '    when: "{{ trigger.body.x }}"\n    failOnTriggerError: true\n'))
    ended = server.wait(call(json={}).json()["id"])
    assert ended["state"] == "FAILED"
    assert "cannot start the flow" in ended["error"]["message"]


def test_inputs_come_from_the_call(server, ns, call):
    rest = "inputs:\n  - {id: n, type: INT}\n"
    server.put_flow(flow(ns, '    inputs: {n: "{{ trigger.body.n }}"}\n', rest=rest))
    assert call(json={"n": 4}).json()["inputs"] == {"n": 4}
    assert call(json={}).status_code == 422
    answer = call(json={"n": "many"})
    assert answer.status_code == 422
    assert "n" in answer.json()["problems"][0]["path"]


def test_the_key_may_be_a_secret_and_is_told_nowhere(server, ns, call):
    secret = "s3cr3t-0123456789"
    server.api.put(f"/secrets/{ns}/HOOK", json={"value": secret})
    server.put_flow(flow(ns, key="{{ secret('HOOK') }}"))
    answer = call(key=secret, params={"key": secret})
    assert answer.status_code == 200
    assert secret not in server.api.get(f"/executions/{answer.json()['id']}").text
    assert call(key="{{ secret('HOOK') }}").status_code == 404


def test_a_key_that_cannot_be_computed_is_nobodys(server, ns, call):
    server.put_flow(flow(ns, key="{{ secret('MISSING') }}"))
    assert call(key="x").status_code == 404
    server.put_flow(flow(ns, key="{{ '' }}"))
    assert call(key="x").status_code == 404


def test_what_is_disabled_is_not_started(server, ns, call):
    server.put_flow(flow(ns, "    disabled: true\n"))
    assert call().status_code == 404
    server.put_flow(flow(ns, rest="disabled: true\n"))
    assert call().status_code == 409


@pytest.mark.parametrize("end", ["", "/", f"{KEY}/", f"{KEY}/more"])
def test_other_addresses_do_not_exist(server, ns, call, end):
    server.put_flow(flow(ns))
    path = f"/api/v1/tenants/main/webhooks/{ns}/f/{end}"
    assert call.client.post(path).status_code == 404
    assert call.client.post(f"/api/v1/tenants/main/webhooks/{ns}/g/{KEY}").status_code == 404
    assert call.client.post(f"/api/v1/tenants/other/webhooks/{ns}/f/{KEY}").status_code == 404


@pytest.mark.parametrize("prefix", ["/api/v1/main", "/api/v1"])
def test_addresses_of_others_work(server, ns, call, prefix):
    server.put_flow(flow(ns))
    assert call.client.post(f"{prefix}/executions/webhook/{ns}/f/{KEY}").status_code == 200


OUTPUTS = 'outputs:\n  - {id: said, type: STRING, value: "{{ trigger.body.word }}"}\n'


def test_who_waits_gets_the_end(server, ns, call):
    server.put_flow(flow(ns, "    wait: true\n", rest=OUTPUTS))
    answer = call(json={"word": "yes"})
    assert (answer.status_code, answer.json()["state"]) == (200, "SUCCESS")
    assert answer.json()["outputs"] == {"said": "yes"}
    assert answer.json()["taskRuns"]
    assert call(json={}).status_code == 500


@pytest.mark.parametrize(
    ("more", "status", "text"),
    [
        ("", 200, '{"said":"yes"}'),
        ("    responseContentType: text/plain\n", 200, "yes"),
        ("    responseCode: 201\n", 201, '{"said":"yes"}'),
        ("    responseCode: \"{{ outputs.said == 'yes' ? 202 : 404 }}\"\n", 202, '{"said":"yes"}'),
        ('    responseCode: "{{ outputs.nothing }}"\n', 200, '{"said":"yes"}'),
    ],
)
def test_who_waits_may_get_the_outputs_alone(server, ns, call, more, status, text):
    server.put_flow(flow(ns, f"    wait: true\n    returnOutputs: true\n{more}", rest=OUTPUTS))
    answer = call(json={"word": "yes"})
    assert (answer.status_code, answer.text) == (status, text)
    kind = "text/plain" if "plain" in more else "application/json"
    assert answer.headers["content-type"].startswith(kind)


def test_too_large_a_body_is_refused(server, ns, call):
    server.put_flow(flow(ns))
    assert call(content=b"x" * 1_100_000).status_code == 413


def test_the_key_is_in_no_line_of_the_log(server, ns, call, caplog, capsys):
    server.put_flow(flow(ns))
    call()
    call(key=KEY + "-wrong")
    call("DELETE")
    out = capsys.readouterr()
    assert KEY not in caplog.text + out.out + out.err


NAP = "  - {id: nap, type: core.flow.Sleep, duration: PT1H}\n"


def test_who_waits_too_long_is_told_what_there_is(server, ns, call, monkeypatch):
    monkeypatch.setattr("penstock.api.webhook._MOST_SECONDS", 0.0)
    server.put_flow(flow(ns, "    wait: true\n", task=NAP))
    answer = call()
    assert answer.status_code == 202
    assert server.api.post(f"/executions/{answer.json()['id']}/kill").is_success


def test_nobody_waits_for_a_caller_who_left(server, ns, call, monkeypatch):
    left = threading.Event()
    subscribe = server.application.executor.subscribe

    def watched(id_, wake):
        undo = subscribe(id_, wake)

        def undone():
            undo()
            left.set()

        return undone

    monkeypatch.setattr(server.application.executor, "subscribe", watched)
    server.put_flow(flow(ns, "    wait: true\n", task=NAP))
    with pytest.raises(httpx.ReadTimeout):
        call(timeout=0.5)
    assert left.wait(30)
    (found,) = server.api.get("/executions", params={"namespace": ns}).json()["items"]
    assert server.api.post(f"/executions/{found['id']}/kill").is_success


BOX = {"type": "penstock.datatype:aes_encrypted", "value": "AQID"}


def test_outputs_that_are_secret_are_told_to_nobody(server, ns, call):
    output = 'outputs:\n  - {id: said, type: SECRET, value: "{{ trigger.body.word }}"}\n'
    trigger = "    wait: true\n    returnOutputs: true\n"
    server.put_flow(flow(ns, trigger, rest=output))
    assert call(json={"word": "hush"}).json() == {"said": "******"}


def test_a_kept_secret_is_not_taken_from_a_caller(server, ns, call):
    server.put_flow(flow(ns, rest="inputs:\n  - {id: j, type: JSON, defaults: {a: 1}}\n"))
    answer = call(json={"deep": [BOX]})
    assert answer.status_code == 422
    assert "Encrypted secrets are not taken" in answer.text
    for given in ({"deep": [BOX]}, json.dumps(BOX)):
        body = {"namespace": ns, "flowId": "f", "inputs": {"j": given}}
        answer = server.api.post("/executions", json=body)
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["path"] == "inputs.j"
        assert "AQID" not in answer.text
    assert server.api.get("/executions", params={"namespace": ns}).json()["items"] == []


def test_a_refused_execution_does_not_tell_the_key(server, ns, call):
    secret = "s3cr3t-0123456789"
    server.api.put(f"/secrets/{ns}/HOOK", json={"value": secret})
    trigger = '    when: "{{ trigger.body.x }}"\n    failOnTriggerError: true\n'
    server.put_flow(flow(ns, trigger, key="{{ secret('HOOK') }}"))
    made = call(key=secret, json={}, params={"key": secret}).json()
    assert server.wait(made["id"])["state"] == "FAILED"
    assert secret not in server.api.get(f"/executions/{made['id']}").text
