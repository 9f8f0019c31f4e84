"""What a storage does, and how its files are named."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from penstock.errors import InvalidObject, NotFound

SCHEME = "penstock"
_SCHEMES = (f"{SCHEME}://", "kestra://")
_MAX_NAME_BYTES = 255


class FileNotStored(NotFound):
    """No such file in this tenant's storage."""


class InvalidUri(InvalidObject):
    """A text that does not name a stored file."""


class Storage(Protocol):
    """Keeps files by tenant and URI; `storage/local.py` is the one that needs nothing else.

    A `uri` is ``penstock:///<path>`` (``kestra:///`` is read alike) or the bare path. No URI
    reaches a file of another tenant, or one outside the storage.
    """

    def put(self, tenant: str, uri: str, source: Path) -> str:
        """Keeps a copy of `source`, durable when this returns; gives the full URI."""
        ...

    def open(self, tenant: str, uri: str) -> BinaryIO:
        """Opens a file for reading; raises `FileNotStored`."""
        ...

    def exists(self, tenant: str, uri: str) -> bool:
        """Whether there is such a file."""
        ...

    def delete(self, tenant: str, uri: str) -> bool:
        """Removes a file; tells whether there was one."""
        ...

    def delete_below(self, tenant: str, uri: str) -> int:
        """Removes a folder and all files in it; gives their number."""
        ...


def execution_folder(namespace: str, flow_id: str, execution_id: str) -> str:
    """The URI below which all files of an execution are."""
    return _uri(namespace, flow_id, "executions", execution_id)


def task_file(
    namespace: str, flow_id: str, execution_id: str, *, task: str, task_run: str, name: str
) -> str:
    """``penstock:///<namespace>/<flow>/executions/<id>/tasks/<task>/<task run>/<name>``.

    `name` may have folders; raises `InvalidUri` when it leads elsewhere.
    """
    return _uri(
        namespace, flow_id, "executions", execution_id, "tasks", task, task_run, *parts(name)
    )


def parts(uri: str) -> tuple[str, ...]:
    """The checked path segments of a URI or bare path; raises `InvalidUri`."""
    path = uri
    for scheme in _SCHEMES:
        if uri.startswith(scheme):
            path = uri.removeprefix(scheme)
            break
    else:
        if "://" in uri:
            raise InvalidUri(f"'{uri}' is no URI of a stored file: it begins with {SCHEME}:///.")
    segments = PurePosixPath(path.lstrip("/")).parts
    wrong = [
        segment
        for segment in segments
        if segment in (".", "..")
        or "\\" in segment
        or not segment.isprintable()
        or len(segment.encode(errors="surrogatepass")) > _MAX_NAME_BYTES
    ]
    if wrong or not segments:
        raise InvalidUri(f"'{uri}' does not name a stored file.")
    return segments


def _uri(*segments: str) -> str:
    return f"{SCHEME}:///" + "/".join(segments)
