"""`terraform query` of the newest Terraform finds what the server has, and writes how to manage it."""

from __future__ import annotations

import json
import re

import pytest

from penstock_provider.framework.loop import Loop
from penstock_provider.provider import Penstock

from .life import flow


def query(terraform, kind: str, config: str, more: str = "") -> list[dict]:
    terraform.write(
        f'list "{kind}" "all" {{\n  provider = penstock\n  {more}\n  config {{\n{config}\n  }}\n}}\n',
        "main.tfquery.hcl",
    )
    lines = terraform.run("query", "-json").splitlines()
    found = [json.loads(line) for line in lines]
    return [line["list_resource_found"] for line in found if "list_resource_found" in line]


def lists() -> set[str]:
    loop = Loop()
    provider = Penstock(loop)
    loop.close()
    return set(provider.list_resources())


SETS = {"penstock_flows", "penstock_files"}
"""Their members are listed one by one."""


def test_each_kind_of_objects_has_a_list():
    loop = Loop()
    kinds = set(Penstock(loop).resources())
    loop.close()
    assert lists() == kinds - SETS


@pytest.mark.parametrize(
    "life", sorted(x.removeprefix("penstock_") for x in lists()), indirect=True
)
def test_what_a_list_writes_is_what_there_is(life, newest, server, namespace):
    kind = life.address.partition(".")[0]
    newest.write(life.block)
    newest.apply()
    single = kind in {"penstock_tenant", "penstock_token"}
    config = "" if single else f'    namespace = "{namespace}"'
    # Tokens and tenants are those of all tests, which may be more than Terraform asks for unbidden.
    found = query(newest, kind, config, "include_resource = true\n  limit = 5000")
    (mine,) = [each for each in found if each["display_name"] == life.identity]
    assert single or found == [mine]
    assert set(mine["identity"].values()) <= set(life.identity.split("/", 1))
    (newest.directory / "terraform.tfstate").unlink()
    newest.write("")
    if not single:
        newest.run("query", "-generate-config-out=made.tf")
        made = newest.directory / "made.tf"
        made.write_text(re.sub("value_wo += null", 'value_wo = "one"', made.read_text()))
    (newest.directory / "main.tfquery.hcl").unlink()
    if not single:
        assert "1 to import, 0 to add, 0 to change, 0 to destroy" in newest.plan(2)
        newest.apply()
        newest.plan(0)


def test_pages_children_and_limits(newest, server, namespace):
    objects = [
        {
            "kind": "flow",
            "namespace": place,
            "id": f"f{number}",
            "spec": {"source": flow(place, name=f"f{number}")},
        }
        for place in (namespace, f"{namespace}.below")
        for number in range(600)
    ]
    assert server.http.post("/apply", json={"objects": objects}).status_code == 200
    newest.write("")
    own = f'    namespace = "{namespace}"'
    deep = f"{own}\n    include_children = true"
    assert len(query(newest, "penstock_flow", own, "limit = 5000")) == 600
    assert len(query(newest, "penstock_flow", deep, "limit = 5000")) == 1200
    found = query(newest, "penstock_flow", deep, "limit = 3")
    assert [each["display_name"] for each in found] == [
        f"{namespace}/{name}" for name in ("f0", "f1", "f10")
    ]
    assert "resource_object" not in found[0]


def test_mistakes_in_a_list_are_sentences(newest, server, namespace):
    newest.write("")
    text = 'list "penstock_flow" "all" {\n  provider = penstock\n  config {\n    namespace = "a b"\n  }\n}\n'
    newest.write(text, "main.tfquery.hcl")
    assert '"a b" is no namespace' in newest.run("query", "-no-color", code=1)
    newest.provider = 'tenant = "nobodys"'
    newest.write("")
    newest.write(text.replace("a b", namespace), "main.tfquery.hcl")
    said = newest.run("query", "-no-color", code=1)
    assert f"Cannot list flows of {namespace}" in said
