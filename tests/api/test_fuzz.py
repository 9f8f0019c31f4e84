"""Whatever is sent, the server does not break, and every refusal is a problem."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SEGMENT = st.one_of(
    st.sampled_from(["main", "a.b", "f", "x", "..", "%00", "%2F", "a%20b", "-", "ä", "f" * 300]),
    st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=8),
)
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False),
        st.text(max_size=20),
        st.sampled_from(["flow", "secret", "schedule", "namespace", "a.b", "f", "@daily", "\0"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                [
                    "objects",
                    "deletes",
                    "kind",
                    "namespace",
                    "id",
                    "spec",
                    "source",
                    "value",
                    "cron",
                    "flowId",
                    "inputs",
                    "labels",
                    "items",
                    "flows",
                    "key",
                    "name",
                    "$unknown",
                    "variables",
                    "complete",
                    "planToken",
                    "ifMatch",
                    "expiresAt",
                    "contentHash",
                ]
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=12,
)
CURSOR = st.one_of(
    st.text(max_size=10),
    JSON.map(
        lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    ),
    st.text(max_size=12).map(lambda text: base64.urlsafe_b64encode(f"{text}|x".encode()).decode()),
)


@pytest.fixture(scope="module")
def operations(server) -> list[tuple[str, str, list[str]]]:
    document = server.api.get(f"{server.url}/openapi.json").json()
    return [
        (
            method.upper(),
            path,
            [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"],
        )
        for path, each in document["paths"].items()
        for method, operation in each.items()
    ]


@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_nothing_that_is_sent_breaks_the_server(server, operations, data):
    method, template, names = data.draw(st.sampled_from(operations))
    path = template.replace("{tenant}", "main")
    while "{" in path:
        before, _, rest = path.partition("{")
        path = before + quote(data.draw(SEGMENT), safe="%") + rest.partition("}")[2]
    query: dict[str, Any] = {
        name: data.draw(
            CURSOR if name == "cursor" else st.text(max_size=12) | st.integers().map(str)
        )
        for name in names
        if data.draw(st.booleans())
    }
    body = None
    if method in ("PUT", "POST"):
        body = data.draw(
            st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode())
        )
    kind = data.draw(st.sampled_from(["application/json", "application/yaml", "text/plain"]))
    headers = {"content-type": kind} | data.draw(
        st.dictionaries(
            st.sampled_from(["if-match", "if-none-match", "last-event-id", "penstock-force-owner"]),
            st.text(st.characters(codec="ascii", categories=("L", "N", "P")), max_size=12),
            max_size=2,
        )
    )
    answer = server.api.request(
        method, server.url + path, params=query, content=body, headers=headers
    )
    said = f"{method} {path} {query} {body!r} {headers}: {answer.status_code} {answer.text[:300]}"
    assert answer.status_code < 500, said
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", said
        problem = answer.json()
        assert problem["detail"], said
        assert problem["status"] == answer.status_code
