"""`penstock_kv`: values keep their types, and a pair whose time is over is no drift."""

import json

import pytest

from .life import block, quoted

VALUES = [
    ('"text"', "text"),
    ('"1"', "1"),
    ('""', ""),
    ("1", 1),
    ("0", 0),
    ("-2.5", -2.5),
    ("9007199254740993", 9007199254740993),
    ("true", True),
    ("false", False),
    ("[]", []),
    ("{}", {}),
    ('["a", 1, true, null, [0.1]]', ["a", 1, True, None, [0.1]]),
    ('toset(["b", "a"])', ["a", "b"]),
    ("{ a = { b = null }, c = 1 }", {"a": {"b": None}, "c": 1}),
    ('jsondecode("{\\"a\\": [1, 1.0, {}]}")', {"a": [1, 1, {}]}),
]


@pytest.mark.parametrize(("written", "value"), VALUES)
def test_a_value_keeps_its_type(terraform, server, namespace, written, value):
    attributes = {"namespace": quoted(namespace), "key": '"k"'}
    terraform.write(block("penstock_kv", **attributes, value=written))
    terraform.apply()
    terraform.plan(0)
    there = server.get(f"/kv/{namespace}/k")["value"]
    assert json.dumps(there, sort_keys=True) == json.dumps(value, sort_keys=True)
    terraform.run("state", "rm", "penstock_kv.it")
    terraform.run("import", "penstock_kv.it", f"{namespace}/k")
    terraform.plan(0)


def test_true_is_not_one(terraform, server, namespace):
    attributes = {"namespace": quoted(namespace), "key": '"k"'}
    terraform.write(block("penstock_kv", **attributes, value="{ a = true }"))
    terraform.apply()
    server.put(f"/kv/{namespace}/k", {"value": {"a": 1}})
    assert "1 to change" in terraform.plan(2)
    terraform.write(block("penstock_kv", **attributes, value="{ a = 1 }"))
    assert "1 to change" not in terraform.plan(0)


def test_a_pair_that_expired_is_no_drift(terraform, server, namespace):
    attributes = {"namespace": quoted(namespace), "key": '"k"', "ttl": '"PT1S"'}
    terraform.write(block("penstock_kv", **attributes, value='"one"'))
    terraform.apply()
    while not server.gone(f"/kv/{namespace}/k"):
        pass
    terraform.plan(0)
    terraform.write(block("penstock_kv", **attributes, value='"two"'))
    out = terraform.plan(2)
    assert "1 to change" in out
    assert out.count("(known after apply)") == 2  # when it expires, and its revision
    assert "1 changed" in terraform.apply()
    assert terraform.state()["penstock_kv.it"]["value"] == "two"
    while not server.gone(f"/kv/{namespace}/k"):
        pass
    terraform.plan(0)
    terraform.write("")
    terraform.apply()


def test_a_pair_that_was_deleted_before_its_time_is_written_again(terraform, server, namespace):
    attributes = {"namespace": quoted(namespace), "key": '"k"', "ttl": '"P1D"'}
    terraform.write(block("penstock_kv", **attributes, value='"one"'))
    terraform.apply()
    server.delete(f"/kv/{namespace}/k")
    assert "1 to add" in terraform.plan(2)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"value": '"x"', "type": '"DATE"'}, "type"),
        ({"value": '"x"', "type": '"date"'}, '"date" is no type of a text'),
        ({"value": "1", "type": '"NUMBER"'}, "`NUMBER` shows in the value itself"),
        ({"value": "1", "ttl": '"1 day"'}, "`1 day` is no time to live"),
        ({"value": "1", "key": '"a b"'}, "`a b` is no key of a kv"),
    ],
)
def test_mistakes_are_stopped_at_plan(terraform, server, namespace, attributes, said):
    whole = {"namespace": quoted(namespace), "key": '"k"', **attributes}
    terraform.write(block("penstock_kv", **whole))
    out = terraform.plan(1)
    assert said in out
    assert "on main.tf line" in out
