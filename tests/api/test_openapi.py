"""The OpenAPI document is complete and true: real answers are held against it."""

from __future__ import annotations

import re
from typing import Any

import pytest


@pytest.fixture(scope="module")
def document(server) -> dict[str, Any]:
    return server.api.get(f"{server.url}/openapi.json").json()


def wrong(
    value: Any, schema: dict[str, Any], document: dict[str, Any], path: str = ""
) -> list[str]:
    """What of a value does not fit a schema; the keywords are those that we use."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        tried = [wrong(value, each, document, path) for each in schema["anyOf"]]
        return [] if [] in tried else min(tried, key=len)
    types = schema.get("type")
    names = types if isinstance(types, list) else [types] if types else []
    if names and type_of(value) not in names:
        return [f"{path}: {type_of(value)} is none of {names}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{path}: {value!r} is none of {schema['enum']}")
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        found += [
            f"{path}: {name} is missing" for name in schema.get("required", []) if name not in value
        ]
        for name, item in value.items():
            extra = schema.get("additionalProperties", True)
            if name in properties:
                found += wrong(item, properties[name], document, f"{path}.{name}")
            elif extra is False:
                found.append(f"{path}: {name} is not declared")
            elif isinstance(extra, dict):
                found += wrong(item, extra, document, f"{path}.{name}")
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            found += wrong(item, schema["items"], document, f"{path}[{index}]")
    return found


def type_of(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return "null" if value is None else names.get(type(value), "object")


def test_the_check_itself_can_fail(document):
    assert wrong({"path": 1}, {"$ref": "#/components/schemas/Problem"}, document)


def operations(document) -> dict[tuple[str, str], dict]:
    return {
        (method.upper(), path): operation
        for path, each in document["paths"].items()
        for method, operation in each.items()
    }


def test_every_operation_is_described_with_its_answers_and_errors(document):
    for (method, path), operation in operations(document).items():
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["description"], where
        assert "404" in operation["responses"], where
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                schema = answer["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Error"}, where
            elif status not in ("204", "304"):
                assert answer["content"], f"{where} {status}"
        if method in ("PUT", "POST") and not path.endswith(("/run", ":restore")):
            optional = (
                "/executions/{id}/",
                "/schedules/{namespace}/{id}/",
                "/triggers/",
                "/webhooks/",
            )
            is_operation = any(each in path for each in optional)
            assert operation["requestBody"]["required"] is not is_operation, where
        if "/webhooks/" in path:
            assert operation["security"] == [], "the key in the address is enough"
        elif path.startswith("/api/"):
            assert operation["security"] == [{"token": []}], where


def test_every_reference_leads_somewhere(document):
    names = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert names <= set(document["components"]["schemas"])


def test_the_contracts_paths_are_there(document):
    base = "/api/v1/tenants/{tenant}"
    expected = {
        *(f"GET {base}/{noun}" for noun in ("namespaces", "flows", "secrets", "schedules")),
        *(f"{verb} {base}/flows/{{namespace}}/{{id}}" for verb in ("GET", "PUT", "DELETE")),
        *(f"{verb} {base}/secrets/{{namespace}}/{{key}}" for verb in ("GET", "PUT", "DELETE")),
        *(f"POST {base}/{verb}" for verb in ("plan", "apply", "state:read", "secrets:compare")),
        *(f"POST {base}/{noun}" for noun in ("executions", "tokens", "evidence:read")),
        *(f"GET {base}/executions/{{id}}{part}" for part in ("", "/logs", "/events", "/follow")),
        *(f"GET {base}/{noun}" for noun in ("state", "audit-events", "tokens", "whoami")),
        *(f"GET {path}" for path in ("/health/live", "/health/ready", "/metrics")),
    }
    assert expected <= {f"{method} {path}" for method, path in operations(document)}


def test_answers_are_as_declared(server, ns, document):
    flow = (
        f"id: f\nnamespace: {ns}\nlabels:\n  a: b\ninputs:\n  - id: x\n    type: JSON\n"
        "    defaults: '[1]'\ntasks:\n  - id: a\n    type: core.debug.Return\n    format: hi\n"
        "  - id: b\n    type: core.log.Log\n    message: \"{{ secret('K') }}\"\n"
        "    allowFailure: true\noutputs:\n  - id: o\n    value: '{{ outputs.a.value }}'\n"
    )
    suite = f"id: t\nnamespace: {ns}\nflowId: f\ncases:\n  - id: one\n"
    member = {"kind": "flow", "namespace": ns, "id": "f", "spec": {"source": flow}}
    calls: list[tuple[str, str, dict]] = [
        ("PUT", f"/namespaces/{ns}", {"json": {"variables": {"a": 1}}}),
        ("POST", "/plan", {"json": {"objects": [member]}}),
        ("POST", "/apply", {"json": {"objects": [member]}}),
        ("PUT", f"/flows/{ns}/f", {"json": {"source": flow}}),
        ("PUT", f"/secrets/{ns}/L", {"json": {"value": "x"}}),
        ("PUT", f"/schedules/{ns}/s", {"json": {"flowId": "f", "cron": "@daily"}}),
        ("PUT", f"/tests/{ns}/t", {"json": {"source": suite}}),
        ("GET", "/tests", {}),
        ("GET", f"/tests/{ns}/t", {}),
        ("POST", f"/tests/{ns}/t/run", {}),
        ("GET", f"/tests/{ns}/t/results", {}),
        *(("GET", f"/{noun}", {}) for noun in ("namespaces", "flows", "secrets", "schedules")),
        ("GET", f"/namespaces/{ns}", {}),
        ("GET", f"/flows/{ns}/f", {}),
        ("GET", f"/flows/{ns}/f/revisions", {}),
        ("GET", f"/secrets/{ns}/L", {}),
        ("GET", f"/schedules/{ns}/s", {}),
        ("GET", "/state", {}),
        ("POST", "/state:read", {"json": {"objects": [member | {"spec": {}}]}}),
        (
            "POST",
            "/secrets:compare",
            {"json": {"items": [{"namespace": ns, "key": "L", "value": "x"}]}},
        ),
        ("POST", "/executions", {"json": {"namespace": ns, "flowId": "f"}}),
        ("GET", "/executions", {}),
        (
            "POST",
            "/evidence:read",
            {"json": {"flows": [{"namespace": ns, "id": "f", "contentHash": "x"}]}},
        ),
        ("POST", "/tokens", {"json": {"name": "one"}}),
        ("GET", "/tokens", {}),
        ("GET", "/audit-events", {}),
        ("GET", "/whoami", {}),
        ("DELETE", f"/schedules/{ns}/s", {}),
        ("DELETE", f"/schedules/{ns}/s", {}),
        ("PUT", f"/schedules/{ns}/s", {"json": {"cron": "x"}}),
        ("DELETE", "/tokens/one", {}),
    ]
    ended = None
    known = operations(document)
    for method, path, arguments in calls:
        check(
            server.api.request(method, path, **arguments),
            method,
            path,
            known=known,
            document=document,
        )
    ended = server.run(ns, "f")
    assert ended["state"] == "WARNING", "the missing secret fails a task that may fail"
    for part in ("", "/logs", "/events"):
        path = f"/executions/{ended['id']}{part}"
        check(server.api.get(path), "GET", path, known=known, document=document)


def check(answer, method: str, path: str, *, known: dict, document: dict) -> None:
    matching = [
        operation
        for (verb, template), operation in known.items()
        if verb == method
        and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), f"/api/v1/tenants/main{path}")
    ]
    declared = matching[0]["responses"]
    assert str(answer.status_code) in declared, f"{method} {path}: {answer.text}"
    content = declared[str(answer.status_code)].get("content")
    if content is None:
        assert answer.content == b""
        return
    kind = answer.headers["content-type"].partition(";")[0]
    assert wrong(answer.json(), content[kind]["schema"], document, f"{method} {path}") == []


def test_the_headers_of_writers_are_declared(document):
    put = operations(document)["PUT", "/api/v1/tenants/{tenant}/flows/{namespace}/{id}"]
    names = {each["name"] for each in put["parameters"] if each["in"] == "header"}
    assert {"If-Match", "If-None-Match", "Penstock-Owner", "Penstock-Source-Commit"} <= names
    state = operations(document)["GET", "/api/v1/tenants/{tenant}/state"]
    assert "If-None-Match" in {each["name"] for each in state["parameters"]}
