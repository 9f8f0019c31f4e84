"""What a storage does, and how its files are named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from penstock.errors import InvalidObject, NotFound

SCHEME = "penstock"
SCHEMES = (f"{SCHEME}://", "kestra://")
"""What URIs of stored files begin with; we write the first."""
_MAX_NAME_BYTES = 255
_EXECUTIONS = "executions"
_BELOW_EXECUTION = frozenset({"tasks", "inputs", "trigger"})
_ID = re.compile(r"[0-9A-Za-z]{1,64}")
_IN_NAMESPACE = re.compile(r"[a-z0-9._-]+")
NAMESPACE_FILES = "_files"


class FileNotStored(NotFound):
    """No such file in this tenant's storage."""


class InvalidUri(InvalidObject):
    """A text that does not name a stored file."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in a listing."""

    uri: str
    size: int
    modified: datetime


class Storage(Protocol):
    """Keeps files by tenant and URI; `storage/local.py` is the one that needs nothing else.

    A `uri` is ``penstock:///<path>`` (``kestra:///`` is read alike) or the bare path. No URI
    reaches a file of another tenant, or one outside the storage.
    """

    def put(self, tenant: str, uri: str, source: Path | bytes) -> str:
        """Keeps a copy of a file, or bytes, durable when this returns; gives the full URI."""
        ...

    def open(self, tenant: str, uri: str) -> BinaryIO:
        """Opens a file for reading; raises `FileNotStored`."""
        ...

    def exists(self, tenant: str, uri: str) -> bool:
        """Whether there is such a file."""
        ...

    def size(self, tenant: str, uri: str) -> int:
        """The bytes of a file; raises `FileNotStored`."""
        ...

    def files(self, tenant: str, uri: str = "") -> Iterator[StoredFile]:
        """All files of the tenant, or those in a folder, at any depth, by URI."""
        ...

    def delete(self, tenant: str, uri: str) -> bool:
        """Removes a file; tells whether there was one."""
        ...

    def delete_below(self, tenant: str, uri: str) -> int:
        """Removes a folder and all files in it; gives their number."""
        ...


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a stored file is: an execution's, or, without `execution_id`, a namespace's own."""

    namespace: str
    flow_id: str | None = None
    execution_id: str | None = None


def owner_of(uri: str) -> Owner | None:
    """Whose file a URI names, by its path alone; None when it is neither's."""
    segments = parts(uri)
    found: Owner | None = None
    for at, segment in enumerate(segments):
        if segment == NAMESPACE_FILES and at > 0:
            return found or Owner(".".join(segments[:at]))
        # A namespace and a flow stand before, an id and a kind of file behind. The last such place
        # counts, because a namespace may be called alike; a folder that a task made behind it does
        # not, because the id before it is in no namespace's name.
        if (
            segment == _EXECUTIONS
            and at > 1
            and len(segments) > at + 2
            and segments[at + 2] in _BELOW_EXECUTION
            and _ID.fullmatch(segments[at + 1])
            and all(map(_IN_NAMESPACE.fullmatch, segments[: at - 1]))
        ):
            found = Owner(".".join(segments[: at - 1]), segments[at - 1], segments[at + 1])
    return found


def namespace_file(namespace: str, path: str, version: str) -> str:
    """``penstock:///<namespace>/_files/<folders>/<version>/<name>``; raises `InvalidUri`."""
    *folders, name = parts(path)
    return _uri(*namespace.split("."), NAMESPACE_FILES, *folders, version, name)


def namespace_folder(namespace: str) -> str:
    """The URI below which everything of a namespace, and of those below it, is."""
    return _uri(*namespace.split("."))


def flow_folder(namespace: str, flow_id: str) -> str:
    """The URI below which all files of a flow's executions are."""
    return _uri(*namespace.split("."), flow_id, _EXECUTIONS)


def cache_folder(namespace: str, flow_id: str, key: str) -> str:
    """``penstock:///<namespace>/<flow>/_cache/<key>``: what executions leave for later ones."""
    return _uri(*namespace.split("."), flow_id, "_cache", *parts(key))


def execution_folder(namespace: str, flow_id: str, execution_id: str) -> str:
    """The URI below which all files of an execution are."""
    return f"{flow_folder(namespace, flow_id)}/{execution_id}"


def task_file(
    namespace: str, flow_id: str, execution_id: str, *, task: str, task_run: str, name: str
) -> str:
    """``penstock:///<namespace>/<flow>/executions/<id>/tasks/<task>/<task run>/<name>``.

    The namespace is a folder for each of its parts. `name` may have folders; raises `InvalidUri`
    when it leads elsewhere.
    """
    folder = execution_folder(namespace, flow_id, execution_id)
    return "/".join((folder, "tasks", task, task_run, *parts(name)))


def input_file(namespace: str, flow_id: str, execution_id: str, *, input_id: str, name: str) -> str:
    """``penstock:///<namespace>/<flow>/executions/<id>/inputs/<input>/<name>``."""
    folder = execution_folder(namespace, flow_id, execution_id)
    return "/".join((folder, "inputs", input_id, *parts(name)))


def parts(uri: str) -> tuple[str, ...]:
    """The checked path segments of a URI or bare path; raises `InvalidUri`."""
    path = uri
    for scheme in SCHEMES:
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
