"""The bytes of files, as configurations give them and as the server takes them."""

from __future__ import annotations

import base64
import binascii
import hashlib
from pathlib import Path

from penstock_provider.api import Json
from penstock_provider.framework.diagnostics import Failure
from penstock_provider.framework.record import record
from penstock_provider.framework.values import State

MOST_BYTES = 10 * 1024 * 1024
"""The server takes no larger file into a namespace."""
SMALL = 1024 * 1024
"""Up to so many bytes a plan sends a file's content, and an import takes it into the state."""


@record(frozen=True)
class Content:
    """A file's bytes."""

    data: bytes

    @property
    def hash(self) -> str:
        """SHA-256, hexadecimal: what the server calls the content hash."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def is_small(self) -> bool:
        """Whether it may travel more than once."""
        return len(self.data) <= SMALL

    def spec(self) -> Json:
        """The PUT body: text as text where that is not much longer than base64."""
        content = decoded(self.data) if self.is_small else None
        if content is not None:
            return {"content": content}
        return {"base64": base64.b64encode(self.data).decode()}


def decoded(data: bytes) -> str | None:
    """The bytes as UTF-8 text; None when they are none that Terraform can hold."""
    try:
        found = data.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in found else found


def content_of(config: State) -> Content | None:
    """What ``content``, ``content_base64`` or ``source`` of a configuration give, once known.

    Raises ``Failure`` for base64 that is none, and for a file that cannot be read.
    """
    content, encoded, source = (
        config.get(name) for name in ("content", "content_base64", "source")
    )
    if isinstance(content, str):
        return Content(content.encode())
    if isinstance(encoded, str):
        try:
            return Content(base64.b64decode(encoded, validate=True))
        except (binascii.Error, ValueError):
            raise Failure(
                "`content_base64` is no base64",
                "Make it with `filebase64(…)` or `base64encode(…)`.",
                path=("content_base64",),
            ) from None
    if isinstance(source, str):
        return Content(_read(source))
    return None


def _read(source: str) -> bytes:
    path = Path(source)
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Failure(
            f"`source` cannot be read: {reason}",
            f'"{source}" was looked for at {path.absolute()}. Write it from the module on, such '
            'as "${path.module}/logo.png".',
            path=("source",),
        ) from None
