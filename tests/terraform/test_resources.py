"""What single resources promise beyond their life, against the real server."""

import hashlib
import re

import pytest

from .life import FLOW, block, flow, quoted


def test_hash_of_the_plan_is_the_hash_of_the_server(terraform, server, namespace):
    terraform.write(block("penstock_flow", source=quoted(flow(namespace))))
    digest = hashlib.sha256(flow(namespace).encode()).hexdigest()
    assert digest in terraform.plan(2)
    terraform.apply()
    there = server.get(f"/flows/{namespace}/hello")
    assert there["contentHash"] == digest
    assert there["source"] == flow(namespace)
    assert there["owner"] == "terraform:default"


def test_data_source(terraform, server, namespace):
    server.put(f"/flows/{namespace}/hello", {"source": flow(namespace)})
    terraform.write(
        f'data "penstock_flow" "it" {{\n  namespace = "{namespace}"\n  flow_id = "hello"\n}}\n'
        'output "all" { value = data.penstock_flow.it }\n'
    )
    terraform.apply()
    assert "Greets" in terraform.run("output", "-json", "all")


MISTAKES = {
    "unknown type": ("core.log.Log", "core.log.Lgo", ["line 6", "core.log.Log"]),
    "unknown property": ("message:", "mesage:", ["mesage", "message"]),
    "no YAML": ("tasks:", "tasks: [", ["line"]),
    "expression": ("WORD", '"{{ inputs. }}"', ["line 7"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("set_", [True, False])
def test_mistakes_are_stopped_at_plan(terraform, server, namespace, mistake, set_):
    right, wrong, words = MISTAKES[mistake]
    source = quoted(FLOW.replace("NAMESPACE", namespace).replace(right, wrong))
    name = quoted(namespace)
    terraform.write(
        block("penstock_flows", namespace=name, sources=f"{{ hello = {source} }}")
        if set_
        else block("penstock_flow", source=source)
    )
    out = terraform.plan(1)
    assert f"Flow {namespace}/hello is not valid" in out
    assert "main.tf line" in out
    for word in words:
        assert word in out
    assert ("`hello`:" in out) == set_


def test_wrong_cron_is_stopped_at_plan(terraform, server, namespace):
    attributes = {"namespace": quoted(namespace), "schedule_id": '"s"', "flow_id": '"f"'}
    terraform.write(block("penstock_schedule", **attributes, cron='"99 2 * * *"'))
    out = terraform.plan(1)
    assert "cron" in out
    assert "main.tf line" in out
    terraform.write(
        block("penstock_schedule", **attributes, cron='"0 2 * * *"', timezone='"Europe/Wien"')
    )
    assert "timezone" in terraform.plan(1)


def test_order_between_resources_does_not_matter(terraform, server, namespace):
    child = f"  - id: child\n    type: core.flow.Subflow\n    namespace: {namespace}.late\n    flowId: late\n"
    secret = "  - id: key\n    type: core.log.Log\n    message: \"{{ secret('KEY') }}\"\n"
    source = flow(namespace) + child + secret
    terraform.write(
        block(
            "penstock_flows", namespace=quoted(namespace), sources=f"{{ hello = {quoted(source)} }}"
        )
        + block("penstock_flow", source=quoted(flow(f"{namespace}.late", name="late")))
        + block("penstock_secret", namespace=quoted(namespace), key='"KEY"', value_wo='"v"')
        + block(
            "penstock_schedule",
            namespace=quoted(namespace),
            schedule_id='"s"',
            flow_id='"hello"',
            cron='"0 1 * * *"',
        )
        + block(
            "penstock_namespace",
            namespace=quoted(f"{namespace}.late"),
            allowed_namespaces=f"[{quoted(namespace)}]",
        )
    )
    out = terraform.plan(2)
    assert "Error" not in out
    assert "Warning" not in out
    terraform.apply()
    terraform.plan(0)
    terraform.run("destroy", "-auto-approve")
    assert server.gone(f"/flows/{namespace}/hello")


def test_a_failed_set_leaves_nothing(terraform, server, namespace):
    good, foreign = flow(namespace, name="good"), flow(namespace, name="foreign")
    server.put(
        f"/flows/{namespace}/foreign", {"source": foreign + "# ui\n"}, **{"Penstock-Owner": "ui"}
    )
    sources = f"{{ good = {quoted(good)}\n foreign = {quoted(foreign)} }}"
    terraform.write(block("penstock_flows", namespace=quoted(namespace), sources=sources))
    out = terraform.apply(code=1)
    assert "foreign" in out
    assert server.gone(f"/flows/{namespace}/good")
    assert server.get(f"/flows/{namespace}/foreign")["owner"] == "ui"


def test_lost_race(terraform, server, namespace):
    terraform.write(block("penstock_flow", source=quoted(flow(namespace))))
    terraform.apply()
    terraform.write(block("penstock_flow", source=quoted(flow(namespace, "ciao"))))
    plan = str(terraform.directory / "saved.plan")
    terraform.run("plan", f"-out={plan}")
    server.put(f"/flows/{namespace}/hello", {"source": flow(namespace, "other")})
    out = terraform.run("apply", "-no-color", plan, code=1)
    assert "Somebody changed the object on the server after this plan was made" in out
    terraform.apply()
    terraform.plan(0)


def test_hundred_single_flows(terraform, server, namespace):
    terraform.write(
        f'locals {{\n  flows = {{ for n in range(100) : "f${{n}}" => "id: f${{n}}\\nnamespace: {namespace}\\n'
        'tasks:\\n  - id: a\\n    type: core.log.Log\\n    message: x\\n" }\n}\n'
        'resource "penstock_flow" "many" {\n  for_each = local.flows\n  source = each.value\n}\n'
    )
    terraform.apply()
    terraform.plan(0)
    listed = server.get(f"/flows?namespace={namespace}&limit=1000")
    assert len(listed["items"]) == 100
    server.delete(f"/flows/{namespace}/f7")
    assert "1 to add, 0 to change, 0 to destroy" in terraform.plan(2)


def test_many_of_each_kind(terraform, server, namespace):
    """Reads go by listing from some number on; nothing may look changed for that."""
    each = 'for_each = toset([for n in range(25) : "n${n}"])'
    terraform.write(
        f'resource "penstock_namespace" "it" {{\n  {each}\n  namespace = "{namespace}.${{each.key}}"\n'
        "  variables = { k = each.key }\n}\n"
        f'resource "penstock_secret" "it" {{\n  {each}\n  namespace = "{namespace}"\n  key = each.key\n'
        "  value_wo = each.key\n}\n"
        f'resource "penstock_schedule" "it" {{\n  {each}\n  namespace = "{namespace}"\n'
        '  schedule_id = each.key\n  flow_id = penstock_flow.it[each.key].flow_id\n  cron = "0 1 * * *"\n  inputs = { a = [each.key, 1] }\n}\n'
        f'resource "penstock_flow" "it" {{\n  {each}\n  source = "id: ${{each.key}}\\nnamespace: {namespace}\\n'
        "inputs:\\n  - {id: a, type: JSON}\\n"
        'tasks:\\n  - id: a\\n    type: core.log.Log\\n    message: x\\n"\n}\n'
    )
    terraform.apply()
    terraform.plan(0)
    server.delete(f"/schedules/{namespace}/n3")
    server.put(f"/secrets/{namespace}/n4", {"value": "another"})
    assert "1 to add, 1 to change, 0 to destroy" in terraform.plan(2)
    terraform.apply()
    terraform.plan(0)
    terraform.run("destroy", "-auto-approve")


def test_the_same_object_twice(terraform, server, namespace):
    text = block("penstock_flow", source=quoted(flow(namespace)))
    terraform.write(text + text.replace('"it"', '"that"'))
    assert "Two resources of this configuration declare flow" in terraform.plan(1)


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"namespace": '"A!"', "schedule_id": '"s"', "flow_id": '"f"'}, "namespace"),
        ({"namespace": '"a.b"', "schedule_id": '"s s"', "flow_id": '"f"'}, "schedule_id"),
        ({"namespace": '"a.b"', "schedule_id": '"s"', "flow_id": '"f f"'}, "flow_id"),
    ],
)
def test_wrong_names_are_bound_to_their_attribute(terraform, server, attributes, words):
    terraform.write(block("penstock_schedule", **attributes, cron='"0 1 * * *"'))
    out = terraform.plan(1)
    assert re.search(
        rf"with penstock_schedule.it, on main.tf line \d+, in resource .*: \d+: {words} =", out
    )


def test_a_long_chain_of_flows_in_any_order(terraform, server, namespace):
    """Each needs the next; whatever comes last brings all of the others along."""
    texts = []
    for number in range(9):
        text = flow(namespace, name=f"f{number}")
        if number:
            text += f"  - id: child\n    type: core.flow.Subflow\n    namespace: {namespace}\n    flowId: f{number - 1}\n"
        texts.append(block("penstock_flow", source=quoted(text)).replace('"it"', f'"f{number}"'))
    terraform.write("".join(texts))
    assert "Error" not in terraform.run("plan", "-parallelism=1")
    terraform.apply()
    terraform.plan(0)
