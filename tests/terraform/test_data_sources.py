"""Data sources: what is not there is said, and what a run has just written is seen."""

import pytest

from .life import block, flow, quoted

NAMES = {
    "flow": "flow_id",
    "namespace": None,
    "secret": "key",
    "schedule": "schedule_id",
    "kv": "key",
    "file": "path",
    "test": "test_id",
}


def data(kind, **attributes):
    return block(kind, **attributes).replace("resource", "data", 1)


@pytest.mark.parametrize("kind", NAMES)
def test_what_is_not_there_is_said_at_its_attribute(terraform, namespace, kind):
    name = NAMES[kind]
    named = {} if name is None else {name: '"gone"'}
    terraform.write(data(f"penstock_{kind}", namespace=quoted(namespace), **named))
    out = terraform.plan(1)
    whole = namespace if name is None else f"{namespace}/gone"
    assert f"There is no {kind} {whole}" in out
    assert f"{name or 'namespace'} =" in out


def test_there_is_no_such_execution(terraform):
    terraform.write(data("penstock_execution", id='"a/../b?"'))
    assert "There is no execution a/../b?" in terraform.plan(1)


def test_nothing_of_a_namespace_is_an_empty_list(terraform, namespace):
    plural = ["flows", "schedules", "tests", "files", "kvs", "executions", "namespaces"]
    blocks = [data(f"penstock_{name}", namespace=quoted(namespace)) for name in plural]
    blocks.append(data("penstock_secret_keys", namespace=quoted(namespace)))
    blocks.append(data("penstock_state", namespaces=f"[{quoted(namespace)}]"))
    terraform.write("".join(blocks))
    terraform.apply()
    state = terraform.state()
    assert state["data.penstock_flows.it"]["flows"] == {}
    assert state["data.penstock_kvs.it"]["values"] == {}
    assert state["data.penstock_executions.it"]["executions"] == []
    assert state["data.penstock_state.it"]["objects"] == []


@pytest.mark.parametrize(
    ("kind", "attributes", "said"),
    [
        ("state", {"kinds": '["flows"]'}, "`flows` is no kind of object."),
        ("executions", {"states": '["DONE"]'}, "states = ["),
        ("executions", {"limit": "5000"}, "`limit` is a whole number from 1 to 1000"),
    ],
)
def test_mistakes_are_said(terraform, kind, attributes, said):
    terraform.write(data(f"penstock_{kind}", **attributes))
    assert said in terraform.plan(1)


def test_children_labels_and_pages(terraform, server, namespace):
    def put(place, name, label):
        source = flow(place, name=name) + f"labels: {{tier: {label}}}\n"
        server.put(f"/flows/{place}/{name}", {"source": source})

    put(namespace, "one", "gold")
    put(f"{namespace}.below", "two", "gold")
    put(f"{namespace}.below", "three", "iron")
    where = {"namespace": quoted(namespace)}
    terraform.write(
        data("penstock_flows", **where)
        + data(
            "penstock_flows", **where, include_children="true", labels='{ tier = "gold" }'
        ).replace('"it"', '"gold"')
    )
    terraform.apply()
    state = terraform.state()
    assert [*state["data.penstock_flows.it"]["flows"]] == [f"{namespace}/one"]
    gold = state["data.penstock_flows.gold"]["flows"]
    assert sorted(gold) == [f"{namespace}.below/two", f"{namespace}/one"]


def test_secrets_come_from_the_nearest_namespace(terraform, server, namespace):
    below = f"{namespace}.below"
    server.put(f"/secrets/{namespace}/A", {"value": "one"})
    server.put(f"/secrets/{namespace}/B", {"value": "two"})
    server.put(f"/secrets/{below}/B", {"value": "three"})
    terraform.write(
        data("penstock_secret_keys", namespace=quoted(below))
        + data("penstock_secret_keys", namespace=quoted(below), inherited="false").replace(
            '"it"', '"own"'
        )
    )
    terraform.apply()
    state = terraform.state()
    found = state["data.penstock_secret_keys.it"]
    assert found["keys"] == ["A", "B"]
    assert found["namespaces"] == {"A": namespace, "B": below}
    assert state["data.penstock_secret_keys.own"]["keys"] == ["B"]


def test_bytes_that_are_no_text(terraform, server, namespace):
    server.put(f"/files/{namespace}/a.bin", {"base64": "AP8="})
    terraform.write(data("penstock_file", namespace=quoted(namespace), path='"a.bin"'))
    terraform.apply()
    found = terraform.state()["data.penstock_file.it"]
    assert (found["content"], found["content_base64"], found["size"]) == (None, "AP8=", 2)


def test_what_the_same_run_has_written_is_seen(terraform, server, namespace):
    """So many that reads go by listing, which must not answer for what was written since."""
    for number in range(30):
        name = f"n{number}"
        server.put(f"/flows/{namespace}/{name}", {"source": flow(namespace, name=name)})

    def write(word):
        rows = "".join(
            f"    n{number} = {quoted(flow(namespace, word, f'n{number}'))}\n"
            for number in range(30)
        )
        terraform.write(
            f'resource "penstock_flows" "it" {{\n  namespace = "{namespace}"\n  sources = {{\n{rows}  }}\n}}\n'
            'data "penstock_flow" "it" {\n  for_each = penstock_flows.it.revisions\n'
            f'  namespace = "{namespace}"\n  flow_id = each.key\n  depends_on = [penstock_flows.it]\n}}\n'
        )

    write("one")
    terraform.apply()
    write("two")
    terraform.apply()
    terraform.plan(0)
    state = terraform.state()
    for number in range(30):
        assert "two" in state[f'data.penstock_flow.it["n{number}"]']["source"]
