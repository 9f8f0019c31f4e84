from __future__ import annotations

from collections.abc import Callable

import pytest

from penstock.errors import NotFound
from penstock.sdk.task import Outputs, TaskFailed

Run = Callable[..., Outputs]


@pytest.mark.parametrize(
    ("value", "kind", "stored"),
    [
        ({"a": 1}, None, {"a": 1}),
        ("5", None, "5"),
        (5, "STRING", "5"),
        ("5", "NUMBER", 5),
        (0.5, "NUMBER", 0.5),
        ("TRUE", "BOOLEAN", True),
        (False, "BOOLEAN", False),
        ('{"a": [1]}', "JSON", {"a": [1]}),
        ("null", "JSON", None),
        ([1], "JSON", [1]),
        ("2026-01-31", "DATE", "2026-01-31"),
        ("2026-01-31T10:00:00Z", "DATETIME", "2026-01-31T10:00:00Z"),
        ("PT5M", "DURATION", "PT5M"),
    ],
)
def test_set_keeps_the_type_or_reads_the_one_that_is_asked_for(
    run: Run, context, value, kind, stored
):
    extra = {} if kind is None else {"kvType": kind}
    run("core.kv.Set", key="k", value=value, ttl="P1D", **extra)
    assert context.key_values.values == {("shop", "k"): stored}
    assert type(context.key_values.values["shop", "k"]) is type(stored)
    assert context.key_values.ttls == ["P1D"]
    assert run("core.kv.Get", key="k") == {"value": stored}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("five", "NUMBER"),
        (True, "NUMBER"),
        ("yes", "BOOLEAN"),
        ("{", "JSON"),
        ("2026-13-01", "DATE"),
        ("2026-01-31", "DATETIME"),
        (5, "DURATION"),
    ],
)
def test_set_refuses_a_value_that_is_not_of_the_type(run: Run, context, value, kind):
    with pytest.raises(TaskFailed, match=f"The value is no {kind}"):
        run("core.kv.Set", key="k", value=value, kvType=kind)
    assert context.key_values.values == {}


def test_get_of_a_key_that_is_not_there_is_null_or_an_error(run: Run):
    assert run("core.kv.Get", key="k", namespace="else.where") == {"value": None}
    with pytest.raises(NotFound):
        run("core.kv.Get", key="k", errorOnMissing=True)
