"""Text is data: whatever a user writes arrives as written."""

from __future__ import annotations

import dataclasses
import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_cdktf import l1
from penstock_cdktf.errors import AppError
from penstock_cdktf.names import terraform_name
from penstock_provider.framework.schema import Schema
from penstock_provider.provider import Penstock
from penstock_provider.terraform import find_terraform

NASTY = 'a ${HOME} %{if x} $${y} %%{z} $$${w} \\n "q" é\r\n\ttab  \n\n${file("/etc/passwd")} $ % {'


@pytest.fixture
def kit():
    from penstock_cdktf import resources, shim

    stack = shim.TerraformStack(shim.App(), "s")
    return resources, resources.Resources(stack)


def read_back(text: str) -> str:
    """What Terraform's template language makes of a text, for texts without an interpolation."""
    out, at = [], 0
    while at < len(text):
        if text[at : at + 3] in {"$${", "%%{"}:
            out.append(text[at + 1 : at + 3])
            at += 3
        else:
            assert text[at : at + 2] not in {"${", "%{"}, "an interpolation"
            out.append(text[at])
            at += 1
    return "".join(out)


@given(st.text(alphabet=st.sampled_from('$%{}a\n"\\é')))
def test_escaping_is_undone_exactly_by_reading(text):
    from penstock_cdktf.resources import escape

    assert read_back(escape(text)) == text


def test_real_terraform_reads_text_keys_and_files_bit_for_bit(tmp_path, kit):
    resources, _ = kit
    from penstock_cdktf.stack import flow_file

    data = NASTY.encode()
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/abc.yaml").write_bytes(data)
    value = resources.literal({"text": NASTY, NASTY: 1, "n": [1, None], "file": flow_file("abc")})
    document = {"output": {"o": {"value": value}}, "terraform": {"backend": {"local": {}}}}
    (tmp_path / "main.tf.json").write_text(json.dumps(document))

    def terraform(*arguments: str) -> str:
        done = subprocess.run(
            [*find_terraform(), f"-chdir={tmp_path}", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    terraform("init", "-no-color")
    terraform("apply", "-auto-approve", "-no-color")
    read = json.loads(terraform("output", "-json", "o"))
    assert read == {"text": NASTY, NASTY: 1, "n": [1, None], "file": NASTY}


def test_a_ref_is_an_expression_and_text_that_looks_like_one_is_not(kit):
    resources, made = kit
    made.add("a", l1.Flow("${path.module}"))
    made.add("b", l1.Flow(resources.Ref("${path.module}")))
    assert made.to_terraform() == {
        "resource": {
            "penstock_flow": {
                "a": {"source": "$${path.module}"},
                "b": {"source": "${path.module}"},
            }
        }
    }


def test_an_address_holds_one_object(kit):
    _, made = kit
    made.add("a", l1.Namespace("x"))
    with pytest.raises(AppError, match=r"penstock_namespace\.a is declared twice"):
        made.add("a", l1.Namespace("y"))


def test_moves_imports_lifecycle_and_order_are_emitted(kit):
    _, made = kit
    made.add("a", l1.Flow("x"), depends_on=["c.d", "a.b"], lifecycle={"prevent_destroy": True})
    made.moved("penstock_flow.old", "penstock_flow.a")
    made.imports("penstock_flow.a", "ns/${id}")
    assert made.to_terraform() == {
        "resource": {
            "penstock_flow": {
                "a": {
                    "source": "x",
                    "depends_on": ["a.b", "c.d"],
                    "lifecycle": {"prevent_destroy": True},
                }
            }
        },
        "moved": [{"from": "penstock_flow.old", "to": "penstock_flow.a"}],
        "import": [{"to": "penstock_flow.a", "id": "ns/$${id}"}],
    }


NAMESPACES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,3}(\.[a-z0-9_-]{1,3}){0,2}", fullmatch=True)
IDS = st.none() | st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,5}", fullmatch=True)


@given(st.tuples(NAMESPACES, IDS), st.tuples(NAMESPACES, IDS))
def test_two_objects_never_share_a_name(one, other):
    assert (terraform_name(*one) == terraform_name(*other)) == (one == other)


def test_names_are_readable_and_valid():
    assert terraform_name("shop.analytics", "orders_daily") == "shop_analytics__orders_daily"
    assert terraform_name("1st", "x")[0].isalpha()


@pytest.mark.parametrize(
    "kind", [k for k in vars(l1).values() if hasattr(k, "TYPE")], ids=lambda k: k.TYPE
)
def test_dataclasses_fit_the_providers_schema(kind):
    provider = object.__new__(Penstock)
    classes = {**provider.resources(), **provider.ephemeral_resources()}
    schema: Schema = classes[kind.TYPE].schema
    settable = {
        name: attribute
        for name, attribute in schema.attributes.items()
        if attribute.required or attribute.optional
    }
    required = {name for name, attribute in settable.items() if attribute.required}
    fields = {field.name: field for field in dataclasses.fields(kind)}
    assert set(fields) == set(settable)
    always = {
        name
        for name, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    assert required <= always | {"sources"}


def test_the_provider_block_fits_the_providers_schema():
    schema = Penstock.schema
    fields = {field.name for field in dataclasses.fields(l1.Provider)}
    assert fields <= set(schema.attributes) | set(schema.blocks)
    assert "token" not in fields
    for name, kind in (("source", l1.Source), ("run", l1.Run)):
        inner = {field.name for field in dataclasses.fields(kind)}
        assert inner == set(schema.blocks[name].attributes)
