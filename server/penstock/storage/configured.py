"""The storage that a server's settings name."""

from __future__ import annotations

from pathlib import Path

from penstock.errors import InvalidObject
from penstock.storage.base import Storage
from penstock.storage.local import LocalStorage

_SCHEME = "s3://"


def open_storage(
    url: str | None, folder: Path, *, endpoint: str | None = None, region: str | None = None
) -> Storage:
    """Files in `folder`, or in the bucket of ``s3://<bucket>/<prefix>``.

    Raises:
        InvalidObject: the URL is of neither kind.
    """
    if url is None:
        return LocalStorage(folder)
    bucket, _, prefix = url.removeprefix(_SCHEME).partition("/")
    if not url.startswith(_SCHEME) or not bucket:
        raise InvalidObject(
            f"PENSTOCK_STORAGE is '{url}', which is no place for files.",
            hint="Write s3://bucket/prefix, or leave it out to keep files in the data folder.",
        )
    # Only a server that is set to it needs the library.
    from penstock.storage.s3 import Bucket, S3Storage  # noqa: PLC0415

    return S3Storage(Bucket(bucket, prefix, endpoint, region))
