"""`prune`: what the same owner has left in a namespace goes, after a plan has named it."""

import random

import pytest

from .life import flow, quoted


def flows(namespace, more="", **texts):
    rows = "".join(f"    {name} = {quoted(text)}\n" for name, text in texts.items())
    return f'resource "penstock_flows" "it" {{\n  namespace = "{namespace}"\n  sources = {{\n{rows}  }}\n  {more}\n}}\n'


@pytest.fixture
def one(namespace):
    return flow(namespace, name="one")


@pytest.fixture
def ids(server, namespace):
    def listed():
        items = server.get(f"/flows?namespace={namespace}")["items"]
        return [item["id"] for item in items if item["namespace"] == namespace]

    return listed


def leave(server, namespace, name, owner="terraform:default"):
    body = {"source": flow(namespace, name=name)}
    server.put(f"/flows/{namespace}/{name}", body, **{"Penstock-Owner": owner})


def test_a_new_set_prunes_what_its_plan_has_named(terraform, server, namespace, one, ids):
    leave(server, namespace, "stray")
    leave(server, namespace, "foreign", "ui")
    leave(server, f"{namespace}.below", "below")
    terraform.write(flows(namespace, "prune = true", one=one))
    assert f"Warning: Pruning deletes flow {namespace}/stray" in terraform.plan(2)
    assert ids() == ["foreign", "stray"]
    terraform.apply()
    assert ids() == ["foreign", "one"]
    assert not server.gone(f"/flows/{namespace}.below/below")
    terraform.plan(0)
    leave(server, namespace, "later")
    out = terraform.plan(2)
    assert '- "later"' in out
    terraform.apply()
    assert ids() == ["foreign", "one"]
    terraform.plan(0)
    terraform.run("destroy", "-auto-approve")
    assert ids() == ["foreign"]


def test_pruning_that_is_switched_on_names_what_goes(terraform, server, namespace, one, ids):
    for name in ("a", "b"):
        leave(server, namespace, name)
    terraform.write(flows(namespace, one=one))
    terraform.apply()
    assert ids() == ["a", "b", "one"]
    terraform.plan(0)
    terraform.write(flows(namespace, "prune = true", one=one))
    out = terraform.plan(2)
    assert f"Pruning deletes 2 flows of {namespace}" in out
    assert "not in `sources`: a, b." in out
    terraform.apply()
    assert ids() == ["one"]
    terraform.plan(0)


def test_what_no_plan_has_named_is_not_pruned(terraform, server, namespace, one, ids):
    terraform.write(flows(namespace, "prune = true", one=one))
    terraform.apply()
    leave(server, namespace, "later")
    terraform.write(flows(namespace, "prune = true", one=one + "# more\n"))
    terraform.run("apply", "-auto-approve", "-refresh=false")
    assert ids() == ["later", "one"]
    terraform.apply()
    assert ids() == ["one"]


def test_what_is_in_use_is_not_pruned_and_nothing_is_written(
    terraform, server, namespace, one, ids
):
    leave(server, namespace, "stray")
    schedule = {"flowId": "stray", "cron": "0 1 * * *"}
    server.put(f"/schedules/{namespace}/s", schedule, **{"Penstock-Owner": "ui"})
    terraform.write(flows(namespace, "prune = true", one=one))
    out = terraform.plan(1)
    assert f"Flow {namespace}/stray is still needed" in out
    assert f"schedule/{namespace}/s still needs" in out
    terraform.apply(code=1)
    assert ids() == ["stray"]


def test_a_set_of_three_hundred_flows_that_call_each_other_in_any_order(
    terraform, server, namespace, ids
):
    chance = random.Random(7)
    names = [f"f{number}" for number in range(300)]
    chance.shuffle(names)
    texts = {}
    for number, name in enumerate(names):
        text = flow(namespace, name=name)
        if number:
            called = chance.choice(names[:number])
            text += f"  - id: child\n    type: core.flow.Subflow\n    namespace: {namespace}\n    flowId: {called}\n"
        texts[name] = text
    terraform.write(flows(namespace, **dict(chance.sample([*texts.items()], len(texts)))))
    assert "Warning" not in terraform.plan(2)
    terraform.apply()
    assert len(server.get(f"/flows?namespace={namespace}&limit=1000")["items"]) == 300
    terraform.plan(0)
    broken = chance.choice(names)
    texts[broken] = texts[broken].replace("core.log.Log", "core.log.Lgo")
    terraform.write(flows(namespace, **texts))
    out = terraform.plan(1)
    assert out.count("Error:") == 1
    assert f"`{broken}`: line 6" in out
    terraform.write("")
    terraform.apply()
    assert ids() == []
