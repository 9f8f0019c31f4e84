"""Functions with effects, in flows that really run, against a server that counts its callers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from penstock import registry
from penstock.language.parse import parse
from penstock.runtime.local import LocalRunner, Patience


class Service:
    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, str], str]] = []
        calls = self.calls

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
                calls.append((self.command, self.path, dict(self.headers.items()), body))
                status = 404 if self.path.startswith("/missing") else 200
                text = b"plain" if self.path == "/text" else json.dumps({"rows": [1, 2]}).encode()
                self.send_response(status)
                self.send_header(
                    "Content-Type", "text/plain" if self.path == "/text" else "application/json"
                )
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST  # noqa: N815 - names that http.server wants

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.http.shutdown()
    made.http.server_close()


@pytest.fixture(scope="module")
def runner() -> Iterator[LocalRunner]:
    with LocalRunner(secrets={"KEY": "key-987654"}) as made:
        yield made


def run(runner: LocalRunner, tasks: str, inputs: dict[str, object] | None = None):
    source = (
        "id: called\nnamespace: company.team\n"
        "inputs: [{id: body, type: JSON, required: false}]\n"
        f"tasks:\n{tasks}"
    )
    parsed = parse(source, registry)
    assert parsed.flow is not None, [problem.sentence() for problem in parsed.problems]
    runner.store.add([(parsed.flow, source)])
    execution, version = runner.prepare("company.team", "called", inputs or {})
    return runner.run(execution, version, patience=Patience(60)).execution


def value(execution):
    [made] = execution.task_runs.values()
    return made.outputs["value"]


def returned(runner: LocalRunner, expression: str):
    return run(
        runner, f"  - {{id: a, type: core.debug.Return, format: {json.dumps(expression)}}}\n"
    )


def test_http_gives_the_value_of_json_and_the_text_of_anything_else(runner, service):
    assert value(returned(runner, f"{{{{ http('{service.uri}/json').rows }}}}")) == "[1,2]"
    assert value(returned(runner, f"{{{{ http('{service.uri}/text') }}}}")) == "plain"


def test_http_sends_method_query_headers_and_body(runner, service):
    text = (
        f"{{{{ http('{service.uri}/p?a=1', method='post', query={{'b': 'x y'}}, body={{'n': 1}}, "
        "headers={'X-Key': 'k'}, accept='application/json').rows | length }}"
    )
    assert value(returned(runner, text)) == "2"
    [(method, path, headers, body)] = service.calls
    assert (method, path, body) == ("POST", "/p?a=1&b=x+y", '{"n":1}')
    assert headers["X-Key"] == "k"
    assert headers["content-type"] == "application/json"
    assert headers["accept"] == "application/json"


def test_http_says_what_went_wrong_without_the_query(runner, service):
    failed = returned(
        runner, f"{{{{ http('{service.uri}/missing', query={{'token': 'hid' ~ 'den'}}) }}}}"
    )
    assert failed.state == "FAILED"
    assert f"got status 404 from {service.uri}/missing." in failed.failure.message
    assert "hidden" not in failed.failure.message
    for call, words in [
        ("http('ftp://x/')", "begins with http:// or https://"),
        ("http()", "The 'http' function expects an argument 'uri'."),
        (f"http('{service.uri}', options={{'retries': 3}})", "knows only the option 'timeout'"),
    ]:
        assert words in returned(runner, f"{{{{ {call} }}}}").failure.message


def test_http_in_a_condition_calls_nobody(runner, service):
    task = f"{{id: a, type: core.log.Log, message: x, when: \"{{{{ http('{service.uri}') is defined }}}}\"}}"
    failed = run(runner, f"  - {task}\n")
    assert failed.state == "FAILED"
    assert "only in a property of a task that runs in a worker" in failed.failure.message
    assert service.calls == []


def test_A28_a_typed_property_is_resolved_at_run_time_and_an_absent_key_calls_nobody(
    runner, service
):
    task = (
        f"  - id: a\n    type: core.http.Request\n"
        f'    uri: "{service.uri}/{{{{ inputs.body.connection }}}}"\n'
        '    options: {followRedirects: "{{ inputs.body.follow }}"}\n'
    )
    sent = run(runner, task, {"body": {"connection": "c-1", "follow": True}})
    assert sent.state == "SUCCESS"
    assert [path for _, path, _, _ in service.calls] == ["/c-1"]
    for body in ({"follow": True}, {"connection": "c-1"}):
        failed = run(runner, task, {"body": body})
        assert failed.state == "FAILED"
        assert "Unable to find `" in failed.failure.message
    assert len(service.calls) == 1


def test_what_was_encrypted_is_read_again_and_its_key_is_masked(runner):
    sealed = value(returned(runner, "{{ encrypt(secret('KEY'), 'the plan') }}"))
    again = value(returned(runner, "{{ encrypt(secret('KEY'), 'the plan') }}"))
    assert sealed != again
    opened = returned(runner, f"{{{{ decrypt(secret('KEY'), '{sealed}') | length }}}}")
    assert value(opened) == "8"
    broken = returned(runner, f"{{{{ decrypt(secret('KEY'), '{sealed[:-8]}AAAAAAA=') }}}}")
    assert "cannot read this text with this key" in broken.failure.message


def test_ids_differ_and_ksuids_sort_by_their_second(runner):
    found = value(
        returned(runner, "{{ [uuid(), uuid(), id(), ksuid(), ksuid(), nanoId(), nanoId(3, 'a')] }}")
    )
    ids = json.loads(found)
    assert len(set(ids)) == len(ids)
    assert [len(each) for each in ids] == [36, 36, 22, 27, 27, 21, 3]
    assert ids[3][:4] == ids[4][:4]


def test_a_secret_that_is_a_number_leaves_the_context_whole(runner):
    execution = run(
        runner,
        "  - {id: a, type: core.debug.Return, "
        "format: \"{{ decrypt('k', encrypt('k', '4711')) | length }} {{ fetchContext().inputs.body.n }}\"}\n",
        {"body": {"n": 4711}},
    )
    assert value(execution) == "4 ******"


def test_the_context_is_shown_without_secrets(runner):
    shown = value(returned(runner, "{{ secret('KEY') | length }} {{ printContext() }}"))
    assert '"namespace":"company.team"' in shown
    assert "key-987654" not in shown
