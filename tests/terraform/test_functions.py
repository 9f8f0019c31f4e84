"""The provider's functions in a configuration, with the real Terraform."""

from __future__ import annotations

import hashlib
import json

from .life import flow, quoted

CALLS = """
locals {{
  text = {text}
  next = provider::penstock::cron_next("30 6 * * *", "Europe/Paris", 2, "2031-06-30T12:00:00Z")
}}
output "all" {{
  value = {{
    hash      = provider::penstock::flow_hash(local.text)
    id        = provider::penstock::flow_id(local.text)
    namespace = provider::penstock::flow_namespace(local.text)
    next      = local.next
    soon      = provider::penstock::cron_next("@hourly", "UTC", 1, plantimestamp())
  }}
}}
"""


def test_functions(either, namespace):
    text = flow(namespace)
    either.write(CALLS.format(text=quoted(text)))
    either.apply()
    found = json.loads(either.run("output", "-json", "all"))
    assert found.pop("soon")
    assert found == {
        "hash": hashlib.sha256(text.encode()).hexdigest(),
        "id": "hello",
        "namespace": namespace,
        "next": ["2031-07-01T06:30:00+02:00", "2031-07-02T06:30:00+02:00"],
    }


def test_an_error_is_about_its_argument(either):
    either.write('output "id" { value = provider::penstock::flow_id("tasks: []") }\n')
    assert 'Invalid value for "yaml" parameter: The text has no `id`' in either.plan(1)
    either.write('output "n" { value = provider::penstock::cron_next("@daily", "UTC", 0) }\n')
    assert 'Invalid value for "n" parameter' in either.plan(1)


def test_validate_flow_tells_what_the_server_finds(either, server, namespace, monkeypatch):
    text = flow(namespace).replace("message:", "mesage:")
    either.write(f'output "all" {{ value = provider::penstock::validate_flow({quoted(text)}) }}\n')
    assert "set PENSTOCK_TOKEN" in either.plan(1)
    # The provider is in this process.
    monkeypatch.setenv("PENSTOCK_ENDPOINT", server.url)
    monkeypatch.setenv("PENSTOCK_TOKEN", server.token)
    either.apply()
    found = json.loads(either.run("output", "-json", "all"))
    assert any(
        each["severity"] == "error" and each["line"] == 7 and "mesage" in each["message"]
        for each in found
    )
