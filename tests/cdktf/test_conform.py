"""A plan must do what the locks say, no more and no less."""

from __future__ import annotations

import hashlib

from penstock_cdktf.conform import check
from penstock_cdktf.flowtext import FlowRef
from penstock_cdktf.lock import Entry


def locks(**texts: str):
    return {
        FlowRef("a", name): Entry(hashlib.sha256(text.encode()).hexdigest(), "b", "c", "p")
        for name, text in texts.items()
    }


def row(before, after, *, kind="penstock_flows", unknown=None):
    def values(sources):
        return None if sources is None else {"namespace": "a", "sources": sources}

    return {
        "address": f"{kind}.a",
        "type": kind,
        "change": {
            "before": values(before),
            "after": values(after),
            "after_unknown": unknown or {},
        },
    }


def test_a_plan_that_is_what_the_locks_say_conforms_and_lists_its_changes():
    plan = {"resource_changes": [row({"x": "1", "z": "3"}, {"x": "2", "y": "1"})]}
    found = check(plan, locks(x="2", y="1"))
    assert (found.mismatches, found.drift) == ((), ())
    assert [change.split(" ")[:2] for change in found.changes] == [
        ["update", "a/x"],
        ["create", "a/y"],
        ["delete", "a/z"],
    ]


def test_other_text_more_and_less_are_mismatches():
    plan = {"resource_changes": [row(None, {"x": "other", "more": "1"})]}
    assert [one.split(",")[0] for one in check(plan, locks(x="1", less="1")).mismatches] == [
        "a/less is locked at 6b86b273ff34",
        "a/more is in the plan at 6b86b273ff34",
        "a/x is planned at d9298a10d1b0",
    ]


def test_a_namespace_that_is_destroyed_while_locked_is_a_mismatch():
    plan = {"resource_changes": [row({"x": "1"}, None)]}
    assert len(check(plan, locks(x="1")).mismatches) == 1
    assert check(plan, {}).mismatches == ()


def test_texts_that_are_not_known_yet_are_a_mismatch():
    plan = {"resource_changes": [row(None, {"x": "1"}, unknown={"sources": {"x": True}})]}
    assert "not known before the apply" in check(plan, locks(x="1")).mismatches[0]


def test_a_flow_slipped_in_as_a_single_resource_is_a_mismatch():
    single = row(None, {}, kind="penstock_flow")
    assert "not of the locks' making" in check({"resource_changes": [single]}, {}).mismatches[0]


def test_drift_is_what_changed_on_the_server_not_what_the_server_computes():
    plan = {
        "resource_changes": [row({"x": "1"}, {"x": "1"})],
        "resource_drift": [
            row({"x": "1", "y": "1"}, {"x": "hand", "z": "1"}),
            row({"x": "1"}, {"x": "1"}),
            row({"v": 1}, {"v": 2}, kind="penstock_secret"),
        ],
    }
    found = check(plan, locks(x="1"))
    assert [one.split(" ")[0] for one in found.drift] == ["a/x", "a/y", "a/z"]
    assert found.mismatches == ()
