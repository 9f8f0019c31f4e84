from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.storage.base import (
    FileNotStored,
    InvalidUri,
    Owner,
    execution_folder,
    owner_of,
    parts,
    task_file,
)
from penstock.storage.local import LocalStorage


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "storage")


def made(folder: Path, text: str) -> Path:
    path = folder / "source"
    path.write_text(text)
    return path


def test_a_file_is_kept_under_its_task_run(storage: LocalStorage, tmp_path: Path) -> None:
    uri = task_file("a.b", "flow", "x1", task="t", task_run="r1", name="deep/out.csv")
    assert uri == "penstock:///a/b/flow/executions/x1/tasks/t/r1/deep/out.csv"
    assert storage.put("main", uri, made(tmp_path, "one")) == uri
    assert storage.put("main", uri, made(tmp_path, "two")) == uri
    for name in (uri, uri.replace("penstock", "kestra", 1), uri.removeprefix("penstock:///")):
        with storage.open("main", name) as file:
            assert file.read() == b"two"
    assert not list((tmp_path / "storage" / ".arriving").iterdir())


def test_tenants_do_not_see_each_other(storage: LocalStorage, tmp_path: Path) -> None:
    storage.put("one", "penstock:///a/b", made(tmp_path, "x"))
    assert not storage.exists("two", "penstock:///a/b")
    with pytest.raises(FileNotStored):
        storage.open("two", "penstock:///a/b")


def test_delete(storage: LocalStorage, tmp_path: Path) -> None:
    uri = storage.put("main", "a/b/c", made(tmp_path, "x"))
    assert storage.exists("main", uri)
    assert storage.delete("main", uri)
    assert not storage.delete("main", uri)
    assert not (tmp_path / "storage" / "main" / "a").exists()
    for name in ("one", "deep/two"):
        storage.put(
            "main", task_file("n", "f", "x", task="t", task_run="r", name=name), made(tmp_path, "x")
        )
    assert not storage.delete("main", execution_folder("n", "f", "x"))
    assert storage.delete_below("main", execution_folder("n", "f", "x")) == 2
    assert storage.delete_below("main", execution_folder("n", "f", "x")) == 0


def test_a_failed_put_leaves_nothing(storage: LocalStorage, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        storage.put("main", "a/b", tmp_path / "absent")
    assert not storage.exists("main", "a/b")
    assert not list((tmp_path / "storage" / ".arriving").iterdir())


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "penstock:///",
        "a/../b",
        "penstock:///../x",
        "file:///etc/passwd",
        "a/\0",
        "a\\..\\b",
        "a/" + "x" * 300,
    ],
)
def test_bad_uris_are_refused(storage: LocalStorage, tmp_path: Path, uri: str) -> None:
    for call in (storage.open, storage.exists, storage.delete, storage.delete_below):
        with pytest.raises(InvalidUri):
            call("main", uri)
    with pytest.raises(InvalidUri):
        storage.put("main", uri, made(tmp_path, "x"))


@pytest.mark.parametrize("tenant", ["..", "a/b", "", ".arriving"])
def test_bad_tenants_are_refused(storage: LocalStorage, tenant: str) -> None:
    with pytest.raises((InvalidUri, ValueError)):
        storage.open(tenant, "a")


def test_a_planted_link_is_no_way_out(storage: LocalStorage, tmp_path: Path) -> None:
    storage.put("main", "a/b", made(tmp_path, "x"))
    (tmp_path / "storage" / "main" / "a" / "link").symlink_to("/etc")
    with pytest.raises(InvalidUri):
        storage.open("main", "a/link/passwd")


@given(st.text(max_size=40))
def test_no_text_leads_out(text: str) -> None:
    try:
        found = parts(text)
    except InvalidUri:
        return
    path = Path("/root").joinpath(*found)
    assert path.is_relative_to("/root")
    assert ".." not in path.parts


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("a/b/f/executions/01AB/tasks/t/r/x", Owner("a.b", "f", "01AB")),
        (
            "a/b/executions/nightly/tasks/executions/01AB/tasks/t/r/x",
            Owner("a.b.executions.nightly", "tasks", "01AB"),
        ),
        (
            "a/b/f/executions/01AB/tasks/t/r/c/g/executions/02CD/tasks/t/r/x",
            Owner("a.b", "f", "01AB"),
        ),
        ("a/b/f/executions/01AB/tasks/t/r/_files/x", Owner("a.b", "f", "01AB")),
        ("a/b/_files/f/executions/01AB/tasks/1/x", Owner("a.b")),
        ("a/b", None),
    ],
)
def test_a_path_says_whose_file_it_is(path: str, owner: Owner | None) -> None:
    assert owner_of(f"penstock:///{path}") == owner
