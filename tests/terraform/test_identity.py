"""Identities and generated configuration with the newest Terraform; and that 1.11 takes no harm."""

from __future__ import annotations

import json
import re

from penstock_provider.framework.loop import Loop
from penstock_provider.provider import Penstock

from .life import block, flow, quoted


def identity_of(terraform, address: str) -> dict:
    state = json.loads(terraform.run("state", "pull"))
    (found,) = [r for r in state["resources"] if f"{r['type']}.{r['name']}" == address]
    return found["instances"][0]["identity"]


def written(identity: dict) -> str:
    return (
        "{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in identity.items()) + " }"
    )


def test_every_resource_has_an_identity():
    loop = Loop()
    for name, kind in Penstock(loop).resources().items():
        assert kind.identified_by, f"{name} does not say what identifies its objects"
    loop.close()


def test_import_by_identity(life, newest):
    newest.write(life.block)
    newest.apply()
    newest.plan(0)
    identity = identity_of(newest, life.address)
    assert set(identity.values()) <= set(re.split(r"/", life.identity)) | {life.identity} | {
        life.identity.partition("/")[2]
    }
    newest.run("state", "rm", life.address)
    imports = f"import {{\n  to = {life.address}\n  identity = {written(identity)}\n}}\n"
    newest.write(life.block + imports)
    assert "1 to import, 0 to add, 0 to change, 0 to destroy" in newest.plan(2)
    newest.apply()
    newest.plan(0)


def test_the_identity_outlives_updates_and_follows_a_replacement(newest, server, namespace):
    newest.write(block("penstock_flow", source=quoted(flow(namespace))))
    newest.apply()
    newest.write(block("penstock_flow", source=quoted(flow(namespace, "ho"))))
    newest.apply()
    assert identity_of(newest, "penstock_flow.it") == {"namespace": namespace, "flow_id": "hello"}
    newest.write(block("penstock_flow", source=quoted(flow(namespace, name="other"))))
    assert "must be replaced" in newest.plan(2)
    newest.apply()
    assert identity_of(newest, "penstock_flow.it") == {"namespace": namespace, "flow_id": "other"}
    newest.plan(0)


def test_a_state_of_terraform_1_11_gets_its_identity(terraform, server, namespace, request):
    terraform.write(block("penstock_flow", source=quoted(flow(namespace))))
    terraform.apply()
    newest = request.getfixturevalue("newest")
    newest.plan(0)
    newest.apply()
    assert identity_of(newest, "penstock_flow.it") == {"namespace": namespace, "flow_id": "hello"}


def test_an_import_writes_its_configuration(life, either):
    either.write(life.block)
    either.apply()
    either.run("state", "rm", life.address)
    either.write(f'import {{\n  to = {life.address}\n  id = "{life.identity}"\n}}\n')
    either.run("plan", "-generate-config-out=made.tf")
    made = either.directory / "made.tf"
    if life.address == "penstock_secret.it":
        # What nobody may read is left to the user.
        value = re.compile(r"value_wo += null.*")
        made.write_text(value.sub('value_wo = "one"', made.read_text()))
    assert "1 to import, 0 to add, 0 to change" in either.plan(2)
    either.apply()
    either.plan(0)


def test_generated_configuration_says_nothing_twice(newest, server, namespace):
    server.put(f"/flows/{namespace}/hello", {"source": flow(namespace)})
    newest.write(f'import {{\n  to = penstock_flow.it\n  id = "{namespace}/hello"\n}}\n')
    newest.run("plan", "-generate-config-out=made.tf")
    text = (newest.directory / "made.tf").read_text()
    assert "source" in text
    for name in ("flow_id ", "content_hash", "revision", "namespace "):
        assert not re.search(rf"^  {name} *= [^n]", text, re.MULTILINE), text
