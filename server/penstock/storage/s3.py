"""Files in a bucket that speaks the protocol of S3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from penstock.errors import Unavailable
from penstock.storage.base import SCHEME, FileNotStored, InvalidUri, StoredFile, parts

_MOST_DELETED = 1_000
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where files go. Keys of access come from the environment, as the library reads them."""

    name: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None


class S3Storage:
    """Keeps files below `prefix` of a bucket, a folder a tenant.

    A file appears whole or not at all: that is what the service promises of an upload.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._client = _client(bucket)

    def put(self, tenant: str, uri: str, source: Path | bytes) -> str:
        """Keeps a copy of a file, or bytes, durable when this returns; gives the full URI."""
        key = self._key(tenant, uri)
        if isinstance(source, bytes):
            with _told(uri):
                self._client.put_object(Bucket=self._bucket.name, Key=key, Body=source)
        else:
            with source.open("rb") as body, _told(uri):
                self._client.upload_fileobj(body, self._bucket.name, key)
        return f"{SCHEME}:///" + "/".join(parts(uri))

    def open(self, tenant: str, uri: str) -> BinaryIO:
        """Opens a file for reading, as it comes over the wire; raises `FileNotStored`."""
        key = self._key(tenant, uri)
        with _told(uri):
            return self._client.get_object(Bucket=self._bucket.name, Key=key)["Body"]

    def exists(self, tenant: str, uri: str) -> bool:
        """Whether there is such a file."""
        try:
            self.size(tenant, uri)
        except FileNotStored:
            return False
        return True

    def size(self, tenant: str, uri: str) -> int:
        """The bytes of a file; raises `FileNotStored`."""
        key = self._key(tenant, uri)
        with _told(uri):
            return self._client.head_object(Bucket=self._bucket.name, Key=key)["ContentLength"]

    def files(self, tenant: str, uri: str = "") -> Iterator[StoredFile]:
        """All files of the tenant, or those in a folder, in the order of their URIs."""
        root = f"{self._tenant_root(tenant)}/"
        prefix = f"{self._key(tenant, uri)}/" if uri else root
        pages = self._client.get_paginator("list_objects_v2")
        with _told(uri):
            for page in pages.paginate(Bucket=self._bucket.name, Prefix=prefix):
                for each in page.get("Contents", ()):
                    name = each["Key"].removeprefix(root)
                    yield StoredFile(f"{SCHEME}:///{name}", each["Size"], each["LastModified"])

    def delete(self, tenant: str, uri: str) -> bool:
        """Removes a file; tells whether there was one."""
        if not self.exists(tenant, uri):
            return False
        with _told(uri):
            self._client.delete_object(Bucket=self._bucket.name, Key=self._key(tenant, uri))
        return True

    def delete_below(self, tenant: str, uri: str) -> int:
        """Removes a folder and all files in it; gives their number."""
        parts(uri)
        keys = [self._key(tenant, each.uri) for each in self.files(tenant, uri)]
        for start in range(0, len(keys), _MOST_DELETED):
            some = [{"Key": key} for key in keys[start : start + _MOST_DELETED]]
            with _told(uri):
                self._client.delete_objects(
                    Bucket=self._bucket.name, Delete={"Objects": some, "Quiet": True}
                )
        return len(keys)

    def _key(self, tenant: str, uri: str) -> str:
        return "/".join((self._tenant_root(tenant), *parts(uri)))

    def _tenant_root(self, tenant: str) -> str:
        own = parts(tenant)
        if len(own) != 1:
            raise InvalidUri(f"'{tenant}' is no tenant.")
        prefix = self._bucket.prefix.strip("/")
        return f"{prefix}/{own[0]}" if prefix else own[0]


def _client(bucket: Bucket) -> Any:  # the library makes its classes at run time
    try:
        # Only a server that is set to it needs it, and it takes half a second.
        boto3 = import_module("boto3")
    except ModuleNotFoundError:
        raise Unavailable(
            "Files are to be kept in a bucket, but the library for it is not installed.",
            hint="Install it with: pip install 'penstock[s3]'.",
        ) from None
    return boto3.client("s3", endpoint_url=bucket.endpoint, region_name=bucket.region)


@contextmanager
def _told(uri: str) -> Iterator[None]:
    """The library's errors, as ours."""
    known = import_module("botocore.exceptions")
    try:
        yield
    except known.ClientError as error:
        code = str(error.response.get("Error", {}).get("Code"))
        if code in _MISSING:
            raise FileNotStored(f"There is no stored file '{uri}'.") from None
        raise Unavailable(f"The storage does not take the call for '{uri}': {code}.") from None
    except known.BotoCoreError as error:
        raise Unavailable(f"The storage cannot be reached for '{uri}': {error}") from None
