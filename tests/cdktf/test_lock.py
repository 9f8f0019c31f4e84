"""Locks: readable, re-hashed, and merged by Git as people expect."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock_cdktf.errors import LockError
from penstock_cdktf.flowtext import FlowRef
from penstock_cdktf.lock import Entry, Evidence, Override, dump_lock, parse_lock

HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
EVIDENCE = st.builds(
    Evidence,
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 9),
    st.none() | TEXT,
    st.none() | TEXT,
    st.none() | TEXT,
    st.lists(TEXT, max_size=3).map(tuple),
)
ENTRIES = st.builds(
    Entry,
    HEX,
    HEX.map(lambda one: one[:40]),
    HEX.map(lambda one: one[:40]),
    TEXT,
    st.dictionaries(TEXT, HEX, max_size=3),
    st.none() | EVIDENCE,
    st.none() | st.builds(Override, TEXT, TEXT, TEXT, st.lists(TEXT, max_size=2).map(tuple)),
)


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), ENTRIES, max_size=4))
def test_what_is_written_is_read(entries):
    text = dump_lock("a.b", "dev", entries)
    read = parse_lock(text, file="environments/prod/locks/a.b.lock.json")
    assert read == {FlowRef("a.b", name): entry for name, entry in entries.items()}
    assert dump_lock("a.b", "dev", dict(reversed(entries.items()))) == text


ENTRY = {"sha256": "a" * 64, "blob": "b" * 40, "commit": "c" * 40, "path": "p"}


def lock(**change: object) -> str:
    return json.dumps({"version": 1, "namespace": "a", "flows": {"x": ENTRY}} | change)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{\n<<<<<<< HEAD\n", "a.lock.json:2: this lock is not JSON: it holds the marks of an unf"),
        ("{\n", "a.lock.json:2: this lock is not JSON"),
        ("[]", "the lock must be an object"),
        (lock(version=2), "lock version 2 is unknown"),
        (lock(namespace="b"), "`namespace` is `b`, the file's name says `a`"),
        (lock(flows=[]), "flows must be an object"),
        (lock(flows={"x": ENTRY | {"sha256": "zz"}}), "flow `x` has a `sha256` that is no SHA-256"),
        (lock(flows={"x": ENTRY | {"blob": "HEAD"}}), "flow `x` has a `blob` that is no Git obj"),
        (lock(flows={"x": ENTRY | {"path": 3}}), "flow `x` needs the text `path`"),
        (
            lock(flows={"x": ENTRY | {"evidence": {"success": "1"}}}),
            "`evidence` of flow `x` needs the whole number `success`",
        ),
    ],
)
def test_a_broken_lock_is_a_sentence(text, expected):
    with pytest.raises(LockError) as caught:
        parse_lock(text, file="locks/a.lock.json")
    assert expected in str(caught.value)


def promote(project, server, run, *refs: str, say: str) -> None:
    for ref in refs:
        server.ran(project.flow(ref, say=say))
    project.commit("write")
    code, out, err = run("promote", "apply", "--commit", *(f"--select={ref}" for ref in refs))
    assert code == 0, out + err


@pytest.fixture
def released(pair, server, run):
    promote(pair, server, run, "a/f1", "a/f3", "a/f5", "b/g", say="one")
    return pair


def on_branches(project, server, run, one: str, other: str) -> int:
    """Promotes on two branches and merges them; returns Git's exit code."""
    import subprocess

    project.git("switch", "--quiet", "--create", "left")
    promote(project, server, run, one, say="left")
    project.git("switch", "--quiet", "main")
    project.git("switch", "--quiet", "--create", "right")
    promote(project, server, run, other, say="right")
    return subprocess.run(
        ["git", "-C", str(project.root), "merge", "--quiet", "--no-edit", "left"],
        capture_output=True,
        check=False,
    ).returncode


@pytest.mark.parametrize(("one", "other"), [("a/f1", "b/g"), ("a/f1", "a/f5"), ("a/f1", "a/f3")])
def test_promotions_of_different_flows_on_two_branches_merge(released, server, run, one, other):
    assert on_branches(released, server, run, one, other) == 0
    for ref, say in ((one, b"left"), (other, b"right")):
        namespace, name = ref.split("/")
        blob = released.lock(namespace)["flows"][name]["blob"]
        assert say in released.git("cat-file", "blob", blob).encode()
    assert run("promote", "verify", "--offline")[0] == 0
    assert run("env", "synth", "prod")[0] == 0


def test_promotions_of_one_flow_on_two_branches_conflict_and_synth_says_where(
    released, server, run
):
    assert on_branches(released, server, run, "a/f3", "a/f3") == 1
    code, _, err = run("env", "synth", "prod")
    assert code == 1
    assert "environments/prod/locks/a.lock.json:" in err
    assert "marks of an unfinished merge" in err


def test_synth_hashes_every_blob_again(released, run):
    path = released.root / "environments/prod/locks/a.lock.json"
    text = path.read_text()
    entries = json.loads(text)["flows"]
    path.write_text(text.replace(entries["f1"]["blob"], entries["f3"]["blob"]))
    code, _, err = run("env", "synth", "prod")
    assert code == 1
    assert "flow `f1` is locked at sha256" in err
    assert "Promote it again, or restore the lock from Git." in err


def test_synth_from_locks_needs_no_working_tree_of_flows(released, run):
    import shutil

    shutil.rmtree(released.root / "cdktf-app")
    assert run("env", "synth", "prod")[0] == 0
    assert set(released.stack("prod")["resource"]["penstock_flows"]) == {"a", "b"}
