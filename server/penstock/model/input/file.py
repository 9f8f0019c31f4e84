"""FILE."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, field_validator

from penstock.model.dynamic import contains_expression
from penstock.model.frozen import Json
from penstock.model.input.base import BaseInput, Unfit, text_of

_STORED = ("penstock:///", "kestra:///")
_NAMESPACE = "nsfile://"
_LOCAL = "file://"


def _dotted(values: tuple[str, ...] | None) -> tuple[str, ...] | None:
    for value in values or ():
        if not value.startswith("."):
            raise ValueError(f"`{value}` is no file extension; it begins with a dot: `.{value}`.")
    return values


class FileInput(BaseInput):
    """A file: uploaded with the execution, or one that is stored already.

    The value is its URI, which tasks take as an input file and `read()` opens. A caller gives a
    file (`--input report=@report.csv`), a `penstock:///` URI, the `nsfile:///` path of a namespace
    file, or the `file:///` path of one that the server is set up to show.

    Example:
        - id: report
          type: FILE
          allowedFileExtensions: [.csv, .tsv]
    """

    keeps_text: ClassVar[bool] = True

    type: Literal["FILE"]
    allowed_file_extensions: Annotated[tuple[str, ...] | None, AfterValidator(_dotted)] = None
    """The endings of names that it takes, in any case."""
    extension: str | None = None
    """Of no effect: the file keeps the name under which it is given."""

    @field_validator("defaults")
    @classmethod
    def _is_default(cls, value: Json) -> Json:
        if value is None or contains_expression(value):
            return value
        if not isinstance(value, str) or not value.startswith((_NAMESPACE, _LOCAL)):
            raise ValueError(
                "The default of a FILE is a namespace file, such as `nsfile:///a.csv`."
            )
        return value

    def cast(self, value: Json) -> Json:
        """The URI, with our scheme."""
        uri = text_of(value).strip()
        if not uri.startswith((*_STORED, _NAMESPACE, _LOCAL)):
            raise Unfit(
                "expected a file, or the URI of a stored one, such as `penstock:///…` or "
                "`nsfile:///…`"
            )
        self.check_name(PurePosixPath(urlsplit(uri).path).name)
        if uri.startswith(_STORED[1]):
            return _STORED[0] + uri.removeprefix(_STORED[1])
        return uri

    def check_name(self, name: str) -> None:
        """Raises `Unfit` when a file may not be called like this."""
        allowed = self.allowed_file_extensions
        if allowed is None or name.lower().endswith(tuple(each.lower() for each in allowed)):
            return
        raise Unfit(f"File type not allowed. Accepted extensions: {', '.join(allowed)}")

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return "a file, or the URI of a stored one"
