"""What every storage does, held by each: the folder, and a bucket over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from penstock.errors import InvalidObject, Unavailable
from penstock.storage.base import FileNotStored, InvalidUri, Storage
from penstock.storage.configured import open_storage


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "bucket", "bucket with a prefix"])
def storage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Storage:
    if request.param == "folder":
        return open_storage(None, tmp_path / "storage")
    for name, value in (("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "word")):
        monkeypatch.setenv(name, value)
    endpoint = request.getfixturevalue("bucket")
    name = f"files-{abs(hash(str(tmp_path)))}"
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    client.create_bucket(Bucket=name)
    prefix = "/deep/prefix/" if "prefix" in request.param else ""
    return open_storage(f"s3://{name}{prefix}", tmp_path, endpoint=endpoint, region="us-east-1")


def test_a_file_is_kept_byte_for_byte(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"\x00\xff" * 100_000)
    uri = storage.put("main", "kestra:///a/b c/ä.bin", source)
    assert uri == "penstock:///a/b c/ä.bin"
    with storage.open("main", uri) as file:
        assert file.read(3) == b"\x00\xff\x00"
        assert len(file.read()) == 200_000 - 3
    assert storage.size("main", uri) == 200_000
    assert storage.put("main", uri, b"anew") == uri
    with storage.open("main", "a/b c/ä.bin") as file:
        assert file.read() == b"anew"


def test_an_empty_file_is_one(storage: Storage) -> None:
    uri = storage.put("main", "a", b"")
    assert storage.exists("main", uri)
    assert storage.size("main", uri) == 0


def test_what_is_missing_is_told(storage: Storage) -> None:
    storage.put("main", "folder/file", b"")
    for uri in ("absent", "folder", "folder/file/below"):
        assert not storage.exists("main", uri)
        assert not storage.delete("main", uri)
        for call in (storage.open, storage.size):
            with pytest.raises(FileNotStored, match=f"There is no stored file '{uri}'"):
                call("main", uri)


def test_files_are_listed_once_with_size_and_time(storage: Storage) -> None:
    for name in ("a/one", "a/two/three", "ab/four", "five"):
        storage.put("main", name, name.encode())
    storage.put("other", "a/not mine", b"")
    found = {each.uri: each for each in storage.files("main")}
    assert sorted(found) == [
        f"penstock:///{name}" for name in ("a/one", "a/two/three", "ab/four", "five")
    ]
    assert found["penstock:///a/one"].size == 5
    age = datetime.now(UTC) - found["penstock:///a/one"].modified
    assert abs(age) < timedelta(minutes=5)
    below = [each.uri for each in storage.files("main", "a")]
    assert sorted(below) == ["penstock:///a/one", "penstock:///a/two/three"]
    assert list(storage.files("main", "absent")) == []


def test_deleting_one_and_all_below(storage: Storage) -> None:
    for name in ("a/one", "a/two/three", "ab/four"):
        storage.put("main", name, b"")
    assert storage.delete("main", "a/one")
    assert not storage.exists("main", "a/one")
    assert storage.delete_below("main", "a") == 1
    assert storage.delete_below("main", "a") == 0
    assert storage.exists("main", "ab/four")


def test_tenants_are_apart(storage: Storage) -> None:
    storage.put("one", "a", b"x")
    assert not storage.exists("two", "a")
    for tenant in ("..", "a/b", ""):
        with pytest.raises((InvalidUri, ValueError)):
            storage.put(tenant, "a", b"")


@pytest.mark.parametrize("uri", ["", "../a", "a/../b", "file:///a", "a\\b", "a/\n"])
def test_nothing_leads_out(storage: Storage, uri: str) -> None:
    for call in (storage.open, storage.exists, storage.size, storage.delete, storage.delete_below):
        with pytest.raises(InvalidUri):
            call("main", uri)
    with pytest.raises(InvalidUri):
        storage.put("main", uri, b"")


def test_a_bucket_that_is_not_there_is_a_sentence(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    made = open_storage("s3://no-such-bucket", tmp_path, endpoint=bucket, region="us-east-1")
    with pytest.raises(Unavailable, match="The storage does not take the call"):
        made.put("main", "a", b"")
    with pytest.raises(InvalidObject, match="no place for files"):
        open_storage("ftp://x", tmp_path)
