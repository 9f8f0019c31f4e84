"""Reads `multipart/form-data` as it arrives; files go to a folder and never into memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool

from penstock.api.problem import too_large
from penstock.errors import InvalidObject
from penstock.service.upload import Upload

_INPUT = "inputs."
_AT_ONCE = 1024 * 1024
_MOST_PARTS = 1_000


class Form:
    """The parts of a form: texts by name, and files of parts `inputs.<id>`."""

    def __init__(self, boundary: bytes, folder: Path, *, most_text: int) -> None:
        from python_multipart.multipart import MultipartParser  # noqa: PLC0415 - few forms come

        self.texts: dict[str, str] = {}
        self.uploads: list[Upload] = []
        self._folder = folder
        self._most_text = most_text
        self._text_size = self._parts = 0
        self._header, self._value = b"", b""
        self._headers: dict[str, bytes] = {}
        self._name = ""
        self._text = bytearray()
        self._file: BinaryIO | None = None
        self._is_whole = False
        self._open = ExitStack()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_field,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._end,
                "on_end": self._finish,
            },
        )

    async def read(self, chunks: AsyncIterator[bytes]) -> None:
        """Reads all of it. Raises `InvalidObject`, or what reading raises."""
        from python_multipart.exceptions import FormParserError  # noqa: PLC0415 - as above

        waiting: list[bytes] = []
        size = 0
        with self._open:
            try:
                async for chunk in chunks:
                    waiting.append(chunk)
                    size += len(chunk)
                    if size >= _AT_ONCE:
                        await run_in_threadpool(self._parser.write, b"".join(waiting))
                        waiting, size = [], 0
                await run_in_threadpool(self._parser.write, b"".join(waiting))
                self._parser.finalize()
            except FormParserError:
                raise InvalidObject(
                    "The body is no form of the kind multipart/form-data."
                ) from None
        if not self._is_whole:
            raise InvalidObject(
                "The form is cut off: the boundary that ends it has not come.",
                hint="Send it again; a file in it may not be whole.",
            )

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise InvalidObject(f"The form has more than {_MOST_PARTS} parts.")
        self._headers, self._text, self._file = {}, bytearray(), None
        self._header = self._value = b""

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        self._headers[self._header.decode("latin-1").lower()] = self._value
        self._header = self._value = b""

    def _on_headers(self) -> None:
        from python_multipart.multipart import parse_options_header  # noqa: PLC0415 - as above

        _, options = parse_options_header(self._headers.get("content-disposition", b""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        file_name = options.get(b"filename")
        if file_name is None:
            return
        if not self._name.startswith(_INPUT):
            raise InvalidObject(
                f"The part `{self._name}` is a file, and is not named `{_INPUT}<id>`.",
                hint="Name the part after the input: inputs.report.",
            )
        path = self._folder / str(len(self.uploads))
        self._file = self._open.enter_context(path.open("wb"))
        name = file_name.decode("utf-8", "replace")
        self.uploads.append(Upload(self._name.removeprefix(_INPUT), name, path))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
            return
        self._text_size += end - start
        if self._text_size > self._most_text:
            raise too_large(self._most_text)
        self._text += data[start:end]

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()
        else:
            self.texts[self._name] = self._text.decode("utf-8", "replace")

    def _finish(self) -> None:
        self._is_whole = True
