"""Flows come out of Git objects, byte for byte, and each lies where its identity says."""

from __future__ import annotations

import hashlib
import subprocess

import pytest

from penstock_cdktf.errors import GitError
from penstock_cdktf.flowtext import FlowRef, check_identity, references
from penstock_cdktf.repository import Repository
from penstock_cdktf.sources import read_commit

ODD = 'id: odd\r\nnamespace: a.b # here\r\ntext: "${x} %{if} é"   \r\n\n\n'


def stack_texts(project, env="dev") -> set[bytes]:
    folder = project.root / f"cdktf.out/stacks/{env}/flows"
    return {path.read_bytes() for path in folder.iterdir()}


def test_the_bytes_of_the_commit_reach_the_stack_whatever_lies_in_the_working_tree(project, run):
    project.flow("a.b/odd", text=ODD)
    project.commit()
    project.flow("a.b/odd", text="id: odd\nnamespace: a.b\nchanged: true\n")
    project.flow("a.b/new")
    assert run("env", "synth")[0] == 0
    assert stack_texts(project) == {ODD.encode()}
    assert (
        hashlib.sha256(ODD.encode()).hexdigest()
        in project.stack("dev")["resource"]["penstock_flows"]["a_b"]["sources"]["odd"]
    )


def test_dirty_takes_the_working_tree_and_claims_no_commit(project, run):
    project.flow("a.b/odd", text=ODD)
    project.commit()
    assert run("env", "synth")[0] == 0
    assert "_" in project.stack("dev")["provider"]["penstock"][0]
    changed = "id: odd\nnamespace: a.b\n"
    project.flow("a.b/odd", text=changed)
    assert run("env", "synth", "--dirty")[0] == 0
    assert stack_texts(project) == {changed.encode()}, "the stale text is gone"
    assert "_" not in project.stack("dev")["provider"]["penstock"][0]


def test_without_git_dev_says_what_to_do_and_worktree_works(project, run):
    import shutil

    project.flow("a.b/x")
    shutil.rmtree(project.root / ".git")
    code, _, err = run("env", "synth")
    assert code == 1
    assert "`--dirty`, or `flows: {from: worktree}`" in err
    assert run("env", "synth", "--dirty")[0] == 0
    with (project.root / "environments/dev/environment.yaml").open("a") as file:
        file.write("flows: {from: worktree}\n")
    assert run("env", "synth")[0] == 0


def test_a_bare_clone_is_enough(project, tmp_path):
    sha = project.flow("a.b/x")
    commit = project.commit()
    bare = tmp_path / "bare.git"
    project.git("clone", "--quiet", "--bare", str(project.root), str(bare))
    found = read_commit(Repository(bare), ref="main", path="cdktf-app/flows")
    assert found.commit == commit
    assert found.flows[FlowRef("a.b", "x")].sha256 == sha


def test_a_project_may_lie_below_the_repositorys_root(project, tmp_path):
    project.write("sub/cdktf-app/flows/a/x.yaml", "id: x\nnamespace: a\n")
    project.commit()
    found = read_commit(Repository(project.root / "sub"), ref="HEAD", path="cdktf-app/flows")
    assert [str(ref) for ref in found.flows] == ["a/x"]


def test_another_ref_is_followed(project, run):
    project.flow("a/x", say="released")
    project.commit()
    project.git("tag", "released")
    project.flow("a/x", say="later")
    project.commit()
    with (project.root / "environments/dev/environment.yaml").open("a") as file:
        file.write("flows: {from: git, ref: released}\n")
    assert run("env", "synth")[0] == 0
    assert b"released" in next(iter(stack_texts(project)))


def test_an_unknown_ref_and_a_fresh_repository_are_sentences(project, run):
    code, _, err = run("env", "synth")
    assert code == 1
    assert "There is no commit `HEAD`" in err
    assert "Commit first" in err


def test_a_missing_object_is_a_sentence(project):
    project.commit()
    with pytest.raises(GitError, match="git fetch --unshallow"):
        Repository(project.root).blobs(["0" * 39 + "1"])


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "a/x",
            "id: y\nnamespace: a\n",
            "a/x.yaml:1:5: `id` is `y`, but the file's place says `x`",
        ),
        ("a/x", "namespace: b\nid: x\n", "a/x.yaml:1:12: `namespace` is `b`"),
        ("a/x", "id: x\n", "a/x.yaml:1:1: `namespace` is missing. Write `namespace: a`."),
        ("a/x", "{id: x, namespace: b}", "a/x.yaml:1:20: `namespace` is `b`"),
        ("a/x", "[]", "a/x.yaml:1:1: A flow must be a mapping"),
        ("a/x", "id: [\n", "a/x.yaml:2:1: This is not YAML"),
        ("a/x", b"id: x\nnamespace: a\nb: \xff\n", "a/x.yaml:3:4: A flow must be UTF-8 text."),
        ("x", "id: x\nnamespace: a\n", "x.yaml:1:1: A flow's file is named"),
    ],
)
def test_identity_and_place_must_agree(project, run, path, text, expected):
    project.write(f"cdktf-app/flows/{path}.yaml", text)
    project.commit()
    code, _, err = run("env", "synth")
    assert code == 1
    assert f"cdktf-app/flows/{expected}" in err


def test_two_files_for_one_flow_and_other_endings_are_refused(project, run):
    text = "id: x\nnamespace: a.b\n"
    project.write("cdktf-app/flows/a/b/x.yaml", text)
    project.write("cdktf-app/flows/a.b/x.yaml", text)
    project.write("cdktf-app/flows/a/y.yml", text)
    project.write("cdktf-app/flows/a/README.md", "no flow")
    project.commit()
    code, _, err = run("env", "synth")
    assert code == 1
    assert "cdktf-app/flows/a/b/x.yaml:1:1: a.b/x is already in" in err
    assert "cdktf-app/flows/a/y.yml:1:1: A flow's file is named" in err


@pytest.mark.parametrize(
    "text",
    [
        '{"id": "x", "namespace": "a"}',
        "id: 'x'\nnamespace: \"a\"\n",
        "# id: y\nid: x # the id\nnamespace: a\nlist:\n  - id: y\n",
        "---\nid: x\nnamespace: a\n",
        "script: |\n  id: y\n  namespace: z\nnamespace: a\nid: x",
    ],
)
def test_identity_is_read_in_every_spelling(text):
    check_identity(text.encode(), FlowRef("a", "x"), file="f")


def test_references_are_the_literal_ones():
    text = b"""\
id: x
namespace: a
tasks:
  - {id: s, type: core.flow.Subflow, namespace: b, flowId: y}
  - {id: t, type: core.flow.Subflow, namespace: b, flowId: "{{ inputs.flow }}"}
  - id: each
    type: core.flow.ForEach
    tasks:
      - {id: u, type: io.kestra.plugin.core.flow.Subflow, namespace: c.d, flowId: z}
      - {id: v, type: core.log.Log, message: "{{ secret('K') }} {{ secret(\\"L\\") }} {{ secret(x) }}"}
"""
    found = references(text, file="f")
    assert found.subflows == {FlowRef("b", "y"), FlowRef("c.d", "z")}
    assert found.secrets == {"K"} | {"L"}


def test_a_schedule_needs_its_flow(project, run):
    project.flow("a/load")
    project.commit()
    with (project.root / "environments/dev/environment.yaml").open("a") as file:
        file.write("schedules:\n  - {namespace: a, id: s, flow: laod, cron: '* * * * *'}\n")
    code, _, err = run("env", "synth")
    assert code == 1
    assert "environments/dev/environment.yaml:4:5: Schedule a/s starts the flow `laod`" in err
    assert "Did you mean `load`?" in err


def test_synth_of_the_other_environments_goes_on(project, run):
    project.flow("a/load")
    project.write(
        "environments/prod/environment.yaml",
        'server: {endpoint: "http://h"}\nbackend: {local: {path: p}}\nflows: {from: lock}\n'
        "schedules:\n  - {namespace: a, id: s, flow: load, cron: '* * * * *'}\n",
    )
    project.commit()
    code, _, err = run("env", "synth")
    assert code == 1
    assert "Promote it: penstock promote apply --to prod." in err
    assert project.stack("dev")["resource"]["penstock_flows"]
    code, _, err = run("env", "synth", "prod", "--dirty")
    assert "uncommitted flows cannot reach it" in err


def test_the_remote_is_named_without_credentials_and_never_as_a_path(project):
    repository = Repository(project.root)
    assert repository.remote() is None
    project.git("remote", "add", "origin", str(project.root))
    assert repository.remote() is None
    for url, expected in (
        ("https://ada:secret@example.com/a.git", "https://example.com/a.git"),
        ("git@example.com:a/b.git", "git@example.com:a/b.git"),
    ):
        project.git("remote", "set-url", "origin", url)
        assert repository.remote() == expected


def test_git_is_asked_three_times_whatever_the_number_of_flows(project, monkeypatch):
    for n in range(30):
        project.flow(f"a/f{n}")
    project.commit()
    calls = []
    real = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: calls.append(a) or real(*a, **k))
    assert (
        len(read_commit(Repository(project.root), ref="HEAD", path="cdktf-app/flows").flows) == 30
    )
    assert len(calls) <= 4
