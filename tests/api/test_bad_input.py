"""Every mistake gets a status, a code, a sentence, and a place in what was sent."""

from __future__ import annotations

import httpx
import pytest

HEAD = "id: f\nnamespace: {ns}\n"


def put(server, ns: str, rest: str) -> httpx.Response:
    return server.put_flow(HEAD.format(ns=ns) + rest)


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "words"),
    [
        ("tasks:\n  - id: a\n    type: core.log.Lgo\n", "unknown-type", 5, 11, "core.log.Log"),
        (
            "tasks:\n  - id: a\n    type: core.log.Log\n    mesage: hi\n",
            "unknown-property",
            6,
            5,
            "message",
        ),
        (
            "tasks:\n  - id: a\n    type: core.flow.Sleep\n    duration: [1]\n",
            "wrong-type",
            6,
            15,
            "duration",
        ),
        (
            (
                "tasks:\n  - id: a\n    type: core.log.Log\n    message: x\n"
                "  - id: a\n    type: core.log.Log\n    message: y\n"
            ),
            "duplicate-id",
            4,
            9,
            "`a`",
        ),
        (
            (
                "tasks:\n  - id: a\n    type: core.log.Log\n    message: x\n"
                'triggers:\n  - id: t\n    type: core.trigger.Schedule\n    cron: "99 * * * *"\n'
            ),
            None,
            10,
            11,
            "minute",
        ),
        ("tasks:\n  - id: a\n   type: x\n", None, 5, 4, ""),
        (
            'tasks:\n  - id: a\n    type: core.log.Log\n    message: "{{ inputs. }}"\n',
            None,
            6,
            None,
            "",
        ),
    ],
)
def test_a_flow_that_does_not_hold_says_where_and_why(server, ns, text, code, line, column, words):
    answer = put(server, ns, text)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["code"] == "invalid-object"
    assert body["type"] == "urn:penstock:problem:invalid-object"
    problem = next(each for each in body["problems"] if each["severity"] == "error")
    assert problem["line"] == line
    assert column is None or problem["column"] == column
    assert code is None or problem["code"] == code
    assert words in f"{problem['message']} {problem['hint']}"
    assert problem["object"] == f"flow/{ns}/f"
    assert server.api.get(f"/flows/{ns}/f").status_code == 404


def test_a_flow_under_another_address_is_refused(server, ns):
    text = (
        f"id: other\nnamespace: {ns}\ntasks:\n  - id: a\n    type: core.log.Log\n    message: x\n"
    )
    answer = server.api.put(f"/flows/{ns}/f", json={"source": text})
    (problem,) = answer.json()["problems"]
    assert (problem["code"], problem["path"], problem["line"]) == ("identity-mismatch", "id", 1)


@pytest.mark.parametrize(
    ("spec", "path", "code", "words"),
    [
        ({"cron": "* * *", "flowId": "f"}, "cron", "invalid-cron", "3 fields"),
        ({"cron": "0 6 * * *"}, "flowId", "missing-property", "flowId"),
        (
            {"cron": "0 6 * * *", "flowId": "f", "timezone": "Mars/One"},
            "timezone",
            "unknown-timezone",
            "Mars/One",
        ),
        ({"cron": "0 6 * * *", "flowID": "f"}, "flowId", "missing-property", ""),
        ({"cron": 5, "flowId": "f"}, "cron", "wrong-type", "a text"),
        ({"cron": "0 6 * * *", "flowId": "f", "inputs": []}, "inputs", "wrong-type", "an object"),
        (
            {"cron": "0 6 * * *", "flowId": "f", "disabled": "maybe"},
            "disabled",
            "wrong-type",
            "true or false",
        ),
    ],
)
def test_a_schedule_that_does_not_hold(server, ns, spec, path, code, words):
    answer = server.api.put(f"/schedules/{ns}/s", json=spec)
    assert answer.status_code == 422
    problems = {
        each["path"]: each for each in answer.json()["problems"] if each["severity"] == "error"
    }
    assert problems[path]["code"] == code
    assert words in problems[path]["message"]


def test_an_unknown_property_suggests_the_nearest(server, ns):
    answer = server.api.put(f"/namespaces/{ns}", json={"variabels": {}})
    (problem,) = answer.json()["problems"]
    assert (problem["path"], problem["hint"]) == ("variabels", "Did you mean `variables`?")


@pytest.mark.parametrize(
    "path", ["/namespaces/Upper", "/flows/UP/x", "/secrets/a.b/has%20space", "/schedules/a.b/-x"]
)
def test_names_that_are_none_are_refused(server, path):
    answer = server.api.put(path, json={"value": "x"})
    assert answer.status_code == 422
    assert "invalid-name" in {each["code"] for each in answer.json()["problems"]}


def test_json_that_does_not_parse_says_where(server, ns):
    answer = server.api.put(f"/namespaces/{ns}", content=b'{"description":\n  oops}')
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert (problem["code"], problem["line"], problem["column"]) == ("invalid-json", 2, 3)


@pytest.mark.parametrize("levels", [101, 251, 900])
def test_json_that_is_nested_too_deep_is_refused(server, ns, levels):
    deep = "[" * levels + "]" * levels
    body = f'{{"namespace": "{ns}", "flowId": "f", "inputs": {{"doc": {deep}}}}}'
    answer = server.api.post("/executions", content=body)
    assert answer.status_code == 422
    assert "nested more than 100 levels deep" in answer.text
    assert server.api.get("/executions", params={"namespace": ns}).status_code == 200


def test_text_that_is_not_utf8_says_where(server, ns):
    answer = server.api.put(
        f"/flows/{ns}/f", content=b"id: f\n\xff\n", headers={"content-type": "application/yaml"}
    )
    assert answer.status_code == 422
    assert (answer.json()["problems"][0]["code"], answer.json()["problems"][0]["line"]) == (
        "invalid-encoding",
        2,
    )


@pytest.mark.parametrize(
    ("method", "path", "size", "limit"),
    [
        ("PUT", "/namespaces/a.big", 1_100_000, "1048576"),
        ("PUT", "/flows/a.big/f", 1_100_000, "1048576"),
        ("POST", "/executions", 1_100_000, "1048576"),
        ("POST", "/apply", 1_310_000, "1300000"),
    ],
)
def test_a_body_over_the_limit_is_refused_while_it_arrives(server, method, path, size, limit):
    def chunks():
        for _ in range(size // 10_000):
            yield b" " * 10_000

    answer = server.api.request(method, path, content=chunks())
    assert answer.status_code == 413
    assert answer.json()["code"] == "body-too-large"
    assert limit in answer.json()["detail"]


def test_a_flow_is_no_larger_in_a_set_than_alone(server, ns):
    source = f"id: big\nnamespace: {ns}\ntasks: []\n#" + "x" * 2**20
    member = {"kind": "flow", "namespace": ns, "id": "big", "spec": {"source": source}}
    answer = server.api.post("apply", json={"objects": [member]})
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert problem["code"] == "body-too-large"
    assert problem["object"] == f"flow/{ns}/big"
    assert "1,048,576" in problem["message"]


def test_a_wrong_token_is_401_with_a_cure(server):
    for headers in ({}, {"authorization": "Bearer pst_wrong"}, {"authorization": "Basic eDp5"}):
        for method, path in (("GET", "flows"), ("POST", "executions"), ("PUT", "namespaces/x")):
            answer = httpx.request(
                method,
                f"{server.url}/api/v1/tenants/main/{path}",
                headers=headers,
                trust_env=False,
            )
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["code"] == "unauthenticated"
            assert "pst_wrong" not in answer.text


def test_an_unknown_tenant_is_404(server):
    for method, path in (("GET", "flows"), ("POST", "executions")):
        answer = server.api.request(method, f"{server.url}/api/v1/tenants/other/{path}", json={})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-tenant")


def test_unknown_paths_and_methods_answer_problems_too(server):
    missing = server.api.get("/nowhere")
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
    wrong = server.api.patch("/flows")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method-not-allowed")
    assert "GET" in wrong.headers["allow"]
    assert httpx.get(f"{server.url}/nothing", trust_env=False).status_code == 404


def test_a_defect_says_nothing_of_its_inside(server, ns, monkeypatch, capfd):
    def broken(*_args, **_kwargs):
        raise RuntimeError("the inside")

    monkeypatch.setattr("penstock.service.state.get", broken)
    answer = server.api.get(f"/namespaces/{ns}")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "inside" not in answer.text.replace("inside.", "")
    assert "RuntimeError" not in answer.text


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"flowId": "f"}, "namespace", "missing-property"),
        ({"namespace": "a", "flowId": 1}, "flowId", "wrong-type"),
        ({"namespace": "a", "flowId": "f", "inputs": []}, "inputs", "wrong-type"),
        ({"namespace": "a", "flowId": "f", "labels": {"a": 1}}, "labels", "wrong-type"),
        ({"namespace": "a", "flowId": "f", "revision": "1"}, "revision", "wrong-type"),
        ({"namespace": "a", "flowId": "f", "input": {}}, "input", "unknown-property"),
    ],
)
def test_a_request_for_an_execution_that_does_not_hold(server, body, path, code):
    answer = server.api.post("/executions", json=body)
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert (problem["path"], problem["code"]) == (path, code)
