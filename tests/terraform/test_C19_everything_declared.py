"""C19: whatever can be declared is declared by Terraform, in one go, in any order, there and back."""

from __future__ import annotations

import itertools
import json
import shutil
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from penstock.service.kind import KIND

from ..provider.workspace import Terraform  # noqa: TID252 (no name for `tests` at run time)
from .life import data_sources, quoted, resources

NOT_DECLARED = {"webhook"}
"""What is put there stays nowhere."""
NUMBER = itertools.count(1)
JSON = st.recursive(
    st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "text", "1", "${x} %{y}", "ä\n"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2)
    ),
    max_leaves=4,
)


@dataclass
class Whole:
    """A random configuration: blocks in some order, and what an import needs to find them again."""

    blocks: list[str] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)

    def add(self, noun: str, identity: str, **attributes: str) -> str:
        name = f"x{len(self.blocks)}"
        rows = "".join(f"  {key} = {value}\n" for key, value in attributes.items() if value)
        self.blocks.append(f'resource "penstock_{noun}" "{name}" {{\n{rows}}}\n')
        self.imports[f"penstock_{noun}.{name}"] = identity
        return f"penstock_{noun}.{name}"


def hcl(value: object) -> str:
    """Any JSON as an expression; texts with their templates escaped."""
    return f"jsondecode({text(json.dumps(value))})"


def text(value: str) -> str:
    return quoted(value).replace("${", "$${").replace("%{", "%%{")


def flow_text(
    draw, namespace: str, name: str, *, callable_: list[tuple[str, str]], has_secret: bool
) -> str:
    lines = [
        f"id: {name}",
        f"namespace: {namespace}",
        "inputs: [{id: mode, type: JSON, defaults: {}}]",
    ]
    lines += ["tasks:", "  - id: say", "    type: core.log.Log"]
    reads = ["hi", "{{ kv('k0') }}", "{{ read('sql/f0') }}"] + ["{{ secret('KEY') }}"] * has_secret
    lines += [f'    message: "{draw(st.sampled_from(reads))}"']
    # A flow may call those of its own namespace and of those above.
    callable_ = [each for each in callable_ if f"{namespace}.".startswith(f"{each[0]}.")]
    if callable_ and draw(st.booleans()):
        home, called = draw(st.sampled_from(callable_))
        lines += [
            "  - id: child",
            "    type: core.flow.Subflow",
            f"    namespace: {home}",
            f"    flowId: {called}",
        ]
    return "\n".join(lines) + draw(st.sampled_from(["\n", "\n\n", "  # ä ${x}\n"]))


def add_members(draw, whole: Whole, namespace: str, noun: str, members: dict[str, str]) -> None:
    """Flows or files, one by one or as one set."""
    attribute = {"flow": "sources", "file": "files"}[noun]
    if draw(st.booleans()):
        rows = "".join(f"    {quoted(key)} = {text(value)}\n" for key, value in members.items())
        whole.add(
            f"{noun}s", namespace, namespace=quoted(namespace), **{attribute: f"{{\n{rows}  }}"}
        )
        return
    for key, value in members.items():
        if noun == "flow":
            whole.add("flow", f"{namespace}/{key}", source=text(value))
        else:
            whole.add(
                "file",
                f"{namespace}/{key}",
                namespace=quoted(namespace),
                path=quoted(key),
                content=text(value),
            )


def add_namespace(draw, whole: Whole, namespace: str, callable_: list[tuple[str, str]]) -> None:
    """One namespace's objects of every kind; what they name may be declared before or after them."""
    ns = quoted(namespace)
    some = st.integers(0, 2)
    if draw(st.booleans()):
        variables = draw(st.dictionaries(st.sampled_from(["a", "b"]), JSON, max_size=2))
        labels = draw(st.sampled_from(["", '{ team = "data" }']))
        address = whole.add(
            "namespace",
            namespace,
            namespace=ns,
            variables=hcl(variables) if variables else "",
            labels=labels,
        )
        ns = draw(st.sampled_from([ns, f"{address}.namespace"]))
    has_secret = draw(st.booleans())
    if has_secret:
        whole.add(
            "secret",
            f"{namespace}/KEY",
            namespace=ns,
            key='"KEY"',
            value_wo='"value"',
            description='"d"',
        )
    if draw(st.booleans()):
        whole.add(
            "token",
            namespace,
            name=quoted(namespace),
            value_wo=quoted(f"random-and-certainly-long-enough-{namespace}"),
            access=draw(st.sampled_from(["", '"read"'])),
        )
    if draw(st.booleans()):
        labels = draw(st.sampled_from(["", '{ team = "data" }']))
        whole.add("tenant", namespace, tenant=quoted(namespace), labels=labels)
    for number in range(draw(some)):
        whole.add(
            "kv", f"{namespace}/k{number}", namespace=ns, key=f'"k{number}"', value=hcl(draw(JSON))
        )
    files = {
        f"sql/f{number}": draw(st.text("aä\n ${}", max_size=9)) for number in range(draw(some))
    }
    if files:
        add_members(draw, whole, namespace, "file", files)
    flows = {f"flow{number}": "" for number in range(draw(some))}
    for name in flows:
        flows[name] = flow_text(draw, namespace, name, callable_=callable_, has_secret=has_secret)
        callable_.append((namespace, name))
    if flows:
        add_members(draw, whole, namespace, "flow", flows)
    for name in flows:
        if draw(st.booleans()):
            inputs = hcl({"mode": [draw(JSON)]}) if draw(st.booleans()) else ""
            whole.add(
                "schedule",
                f"{namespace}/{name}_s",
                namespace=ns,
                schedule_id=f'"{name}_s"',
                flow_id=quoted(name),
                cron='"0 4 * * *"',
                inputs=inputs,
            )
        if draw(st.booleans()):
            source = f"id: {name}_t\nnamespace: {namespace}\nflowId: {name}\ncases: [{{id: one}}]\n"
            whole.add("test", f"{namespace}/{name}_t", source=text(source))


@st.composite
def wholes(draw):
    whole, callable_ = Whole(), []
    root = f"c19.n{next(NUMBER)}"
    for namespace in (root, f"{root}.below", f"{root}.other"):
        add_namespace(draw, whole, namespace, callable_)
    whole.blocks = draw(st.permutations(whole.blocks))
    return whole


@pytest.fixture
def workspace(tmp_path, server, reattach):
    """A new directory, with an empty state, each time."""
    numbers = itertools.count()

    def made() -> Terraform:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return Terraform(folder, server.url, server.token, reattach)

    return made


@settings(
    max_examples=12,
    phases=[Phase.generate],  # a smaller example is not worth minutes of Terraform
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(whole=wholes())
def test_C19_any_set_of_objects_is_applied_in_one_go_and_imported_into_a_fresh_state(
    workspace, whole
):
    terraform = workspace()
    terraform.write("".join(whole.blocks))
    out = terraform.apply()
    assert f"Resources: {len(whole.blocks)} added, 0 changed, 0 destroyed" in out
    terraform.plan(0)

    fresh = workspace()
    imports = "".join(
        f"import {{\n  to = {to}\n  id = {quoted(identity)}\n}}\n"
        for to, identity in whole.imports.items()
    )
    fresh.write("".join(whole.blocks) + imports)
    if whole.blocks:
        counts = f"{len(whole.blocks)} to import, 0 to add, 0 to change, 0 to destroy"
        assert counts in fresh.plan(2)
    fresh.apply()
    fresh.plan(0)
    fresh.run("destroy", "-auto-approve")
    assert terraform.plan(2 if whole.blocks else 0).count("0 to change, 0 to destroy") == bool(
        whole.blocks
    )
    shutil.rmtree(terraform.directory)


def test_C19_every_kind_of_the_API_has_a_resource_and_a_data_source(server):
    document = server.http.get(f"{server.url}/openapi.json").json()
    base = "/api/v1/tenants/{tenant}/"
    assert "put" in document["paths"][base.removesuffix("/")]
    collections = {"tenants"} | {
        path.removeprefix(base).partition("/")[0]
        for path, operations in document["paths"].items()
        if path.startswith(base) and "put" in operations
    }
    nouns = {collection.removesuffix("s") for collection in collections} - NOT_DECLARED
    assert nouns >= KIND.keys()
    assert nouns - {*resources()} == set()
    assert nouns - {*data_sources()} == set()
