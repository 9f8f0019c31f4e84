"""Key-value pairs over HTTP."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("value", [None, True, 5, 0.5, "text", [], {"a": [1, {"b": None}]}])
def test_any_json_is_a_value(server, ns, value):
    created = server.api.put(f"/kv/{ns}/k", json={"value": value})
    assert created.status_code == 201
    assert created.json()["value"] == value
    assert server.api.get(f"/kv/{ns}/k").json()["value"] == value


@pytest.mark.parametrize("ttl", ["1 hour", "PT0S", "-PT1H", "P999Y", "", "01:00:00"])
def test_a_wrong_time_to_live_is_a_sentence(server, ns, ttl):
    answer = server.api.put(f"/kv/{ns}/k", json={"value": 1, "ttl": ttl})
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert (problem["path"], problem["code"]) == ("ttl", "invalid-duration")
    assert "PT30M" in problem["hint"]


def test_a_value_must_be_given_and_a_key_must_be_one(server, ns):
    (problem,) = server.api.put(f"/kv/{ns}/k", json={}).json()["problems"]
    assert (problem["path"], problem["code"]) == ("value", "missing-property")
    (problem,) = server.api.put(f"/kv/{ns}/_k", json={"value": 1}).json()["problems"]
    assert (problem["path"], problem["code"]) == ("key", "invalid-name")


def test_a_pair_that_expired_is_gone_and_is_created_anew(server, ns, monkeypatch):
    services = server.application.services
    path, body = f"/kv/{ns}/k", {"value": 1, "ttl": "PT1H"}
    first = server.api.put(path, json=body).json()
    assert first["expiresAt"] is not None
    later = "UPDATE kv SET expires_at = '2020-01-01T00:00:00+00:00' WHERE namespace = ?"
    with services.database.transaction() as tx:
        tx.exec_driver_sql(later, (ns,))
    assert server.api.get(path).status_code == 404
    assert server.api.delete(path).status_code == 404
    assert server.api.get("/kv", params={"namespace": ns}).json()["items"] == []
    again = server.api.put(path, json=body)
    assert again.status_code == 201
    assert again.json()["revision"] == 1


def test_a_namespace_with_pairs_is_in_use(server, ns):
    server.api.put(f"/namespaces/{ns}", json={})
    server.api.put(f"/kv/{ns}/k", json={"value": 1})
    refused = server.api.delete(f"/namespaces/{ns}")
    assert refused.status_code == 409
    assert f"kv/{ns}/k" in refused.text
    assert server.api.delete(f"/kv/{ns}/k").status_code == 204
    assert server.api.delete(f"/namespaces/{ns}").status_code == 204


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        (b'{"a": 1}', {"a": 1}, "JSON"),
        (b"5", 5, "NUMBER"),
        (b"true", True, "BOOLEAN"),
        (b"hello", "hello", "STRING"),
        (b'"5"', "5", "STRING"),
        (b"", "", "STRING"),
    ],
)
def test_a_bare_text_is_the_value(server, ns, text, value, kind):
    headers = {"Content-Type": "text/plain", "ttl": "PT1H", "description": "for all"}
    written = server.api.put(f"/kv/{ns}/k", content=text, headers=headers).json()
    assert (written["value"], written["type"]) == (value, kind)
    assert (written["ttl"], written["description"]) == ("PT1H", "for all")
    assert written["expiresAt"] is not None


def test_a_bare_text_that_is_none_is_a_sentence(server, ns):
    answer = server.api.put(f"/kv/{ns}/k", content=b"\xff", headers={"Content-Type": "text/plain"})
    assert answer.json()["problems"][0]["code"] == "invalid-encoding"


def test_a_type_is_shown_and_held_against_the_value(server, ns):
    path = f"/kv/{ns}/k"
    assert server.api.put(path, json={"value": "P1D"}).json()["type"] == "STRING"
    typed = server.api.put(path, json={"value": "P1D", "type": "DURATION"}).json()
    assert (typed["type"], typed["revision"]) == ("DURATION", 2)
    again = {"value": typed["value"], "type": typed["type"]}
    assert server.api.put(path, json=again).json()["revision"] == 2, "as it was read"
    (problem,) = server.api.put(path, json={"value": "x", "type": "DATE"}).json()["problems"]
    assert (problem["path"], problem["message"]) == ("value", "The value is no DATE.")


def test_the_versions_of_a_pair(server, ns):
    for value in (1, "two"):
        server.api.put(f"/kv/{ns}/k", json={"value": value, "description": f"as {value}"})
    items = server.api.get(f"/kv/{ns}/k/versions").json()["items"]
    assert [(each["revision"], each["value"], each["type"]) for each in items] == [
        (2, "two", "STRING"),
        (1, 1, "NUMBER"),
    ]
    assert items[1]["description"] == "as 1"
    server.api.delete(f"/kv/{ns}/k")
    assert server.api.get(f"/kv/{ns}/k/versions").status_code == 404
