"""A team's state moves from Kestra's provider to ours by `moved` blocks."""

from __future__ import annotations

import json
import threading
from typing import ClassVar

import pytest

from penstock_provider.framework.plugin import Reattach
from penstock_provider.framework.resource import Provider, Resource
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import STRING

from .life import block, flow, quoted
from .lives.test import TEST

SECRET = "kanarienvogel-of-the-old-state"
ADDRESS = "registry.terraform.io/kestra-io/kestra"
NAMES = {
    "kestra_flow": "id namespace flow_id content revision",
    "kestra_kv": "id namespace key value type",
    "kestra_namespace": "id namespace_id variables tenant_id",
    "kestra_namespace_file": "id namespace filename content",
    "kestra_namespace_secret": "id namespace secret_key secret_value",
    "kestra_role": "id name",
    "kestra_test": "id namespace test_id content",
}


class Kestra(Provider):
    """What Terraform wants of the old provider: to be there, with its schemas."""

    schema: ClassVar[Schema] = Schema("Kestra.", {})

    def resources(self):
        return {
            kind: type(
                kind,
                (Resource,),
                {
                    "schema": Schema(
                        kind,
                        {name: Attribute(STRING, name, optional=True) for name in names.split()},
                    )
                },
            )
            for kind, names in NAMES.items()
        }

    def data_sources(self):
        return {}

    def ephemeral_resources(self):
        return {}

    async def configure(self, *_, **__):
        return

    def stop(self):
        return

    def close(self):
        return


@pytest.fixture
def both(either):
    """A Terraform that has the old provider, too."""
    old = Reattach(Kestra, addresses=[ADDRESS])
    thread = threading.Thread(target=old.run)
    thread.start()
    known = [
        json.loads(each["TF_REATTACH_PROVIDERS"]) for each in (either.environment, old.environment)
    ]
    either.environment["TF_REATTACH_PROVIDERS"] = json.dumps(known[0] | known[1])
    yield either
    old.stop()
    thread.join()


def state(**instances: dict) -> str:
    """A state file with one resource `it` of each type."""
    return json.dumps(
        {
            "version": 4,
            "terraform_version": "1.11.4",
            "serial": 7,
            "lineage": "5c0b9e2e-9d2c-4b40-9a59-6cbfd8b3c0f1",
            "outputs": {},
            "resources": [
                {
                    "mode": "managed",
                    "type": kind,
                    "name": "it",
                    "provider": f'provider["{ADDRESS}"]',
                    "instances": [{"schema_version": 0, "attributes": attributes}],
                }
                for kind, attributes in instances.items()
            ],
        }
    )


def moved(old: str, new: str) -> str:
    return f"moved {{\n  from = {old}.it\n  to   = {new}.it\n}}\n"


@pytest.fixture
def there(server, namespace):
    """What the server has already: the team has brought it with `penstock apply`."""
    server.put(f"/namespaces/{namespace}", {"description": "Ours", "variables": {"a": 1}})
    server.put(f"/flows/{namespace}/hello", {"source": flow(namespace)})
    server.put(f"/kv/{namespace}/limit", {"value": 7})
    server.put(f"/files/{namespace}/sql/orders.sql", {"content": "SELECT 1;\n"})
    server.put(f"/secrets/{namespace}/API_KEY", {"value": "one"})
    source = TEST.replace("NAMESPACE", namespace)
    return {
        ("kestra_namespace", "penstock_namespace"): (
            {"id": namespace, "namespace_id": namespace, "variables": "a: 1\n", "tenant_id": None},
            block(
                "penstock_namespace",
                namespace=quoted(namespace),
                description='"Ours"',
                variables="{ a = 1 }",
            ),
        ),
        ("kestra_flow", "penstock_flow"): (
            {
                "id": f"{namespace}/hello",
                "namespace": namespace,
                "flow_id": "hello",
                "content": "tasks: []\n",
                "revision": 3,
            },
            block("penstock_flow", source=quoted(flow(namespace))),
        ),
        ("kestra_kv", "penstock_kv"): (
            {"namespace": namespace, "key": "limit", "value": "7", "type": "NUMBER"},
            block("penstock_kv", namespace=quoted(namespace), key='"limit"', value="7"),
        ),
        ("kestra_namespace_file", "penstock_file"): (
            {"namespace": namespace, "filename": "/sql/orders.sql", "content": "SELECT 1;\n"},
            block(
                "penstock_file",
                namespace=quoted(namespace),
                path='"sql/orders.sql"',
                content='"SELECT 1;\\n"',
            ),
        ),
        ("kestra_namespace_secret", "penstock_secret"): (
            {"namespace": namespace, "secret_key": "API_KEY", "secret_value": SECRET},
            block(
                "penstock_secret", namespace=quoted(namespace), key='"API_KEY"', value_wo='"one"'
            ),
        ),
        ("kestra_test", "penstock_test"): (
            {"namespace": namespace, "test_id": "hello_test", "content": source},
            block("penstock_test", source=quoted(source)),
        ),
    }


def test_states_of_kestras_provider_become_ours(both, there):
    old = {pair[0]: attributes for pair, (attributes, _) in there.items()}
    file = both.directory / "terraform.tfstate"
    file.write_text(state(**old))
    blocks = "".join(text for _, text in there.values())
    both.write(blocks + "".join(moved(*pair) for pair in there))
    said = both.plan(2)
    # The test is new to the server; everything else is there as it is written.
    assert "1 to add, 0 to change, 0 to destroy" in said, said
    both.apply()
    both.plan(0)
    assert {address.partition(".")[0] for address in both.state()} == {new for _, new in there}
    assert SECRET not in file.read_text()


def test_other_types_do_not_become_ours(both, there, namespace):
    file = both.directory / "terraform.tfstate"
    file.write_text(state(kestra_role={"id": "x", "name": "x"}))
    both.write(
        block("penstock_flow", source=quoted(flow(namespace)))
        + moved("kestra_role", "penstock_flow")
    )
    said = both.plan(1)
    assert "kestra_role of registry.terraform.io/kestra-io/kestra cannot become" in said
    assert "kestra_flow" in said


def test_a_state_moves_between_the_addresses_of_our_registries(either, server, namespace):
    either.write(block("penstock_flow", source=quoted(flow(namespace))))
    either.apply()
    file = either.directory / "terraform.tfstate"
    here, there = "registry.terraform.io/penstock", "registry.opentofu.org/penstock"
    assert here in file.read_text()
    file.write_text(file.read_text().replace(here, there))
    text = block("penstock_flow", source=quoted(flow(namespace))).replace('"it"', '"new"')
    either.write(text + "moved {\n  from = penstock_flow.it\n  to = penstock_flow.new\n}\n")
    assert "0 to add, 0 to change, 0 to destroy" in either.plan(2)
    either.apply()
    either.plan(0)
    assert there not in file.read_text()
