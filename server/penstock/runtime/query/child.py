"""What the process of jq runs: a query after the other, each within its limits.

Started as a script without the environment and without Penstock; the arguments are the folder of
the package `jq` and the bytes of memory it may have. A request is the lengths of the query and of
the document, the seconds of processor time and the bytes of the result, then both texts; an answer
is a status and a length, then a text. A query which takes too long ends the process: nothing
milder can stop it.
"""

import functools
import json
import math
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable, Iterable
from typing import BinaryIO, Protocol

REQUEST = struct.Struct(">IIdI")
ANSWER = struct.Struct(">BI")
DONE, FAILED, TOO_LARGE = 0, 1, 2


class _Program(Protocol):
    def input_text(self, text: str, /) -> Iterable[object]: ...


def _finite(value: object) -> object:
    """As jq prints it: what is no number is null, an infinite one the largest that is."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else math.copysign(sys.float_info.max, value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list) else value


def _text(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"))


def _answer(program: _Program, document: str, most: int) -> tuple[int, str]:
    texts: list[str] = []
    size = 2
    for result in program.input_text(document):
        text = _text(result)
        size += len(text) + 1
        if size > most:
            return TOO_LARGE, ""
        texts.append(text)
    return DONE, f"[{','.join(texts)}]"


def _confine(memory: int) -> None:
    """From here on nothing can be opened, and memory ends somewhere."""
    os.environ.clear()
    limits = [
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ]
    for kind, most in limits:
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError):  # a system that does not know this limit
            continue


def _serve(compile_query: Callable[[str], _Program], source: BinaryIO, sink: BinaryIO) -> None:
    while head := source.read(REQUEST.size):
        query_size, document_size, seconds, most = REQUEST.unpack(head)
        query = source.read(query_size).decode()
        document = source.read(document_size).decode()
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            status, text = _answer(compile_query(query), document, most)
        except ValueError as error:
            status, text = FAILED, str(error)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        encoded = text.encode("utf-8", "replace")
        sink.write(ANSWER.pack(status, len(encoded)) + encoded)
        sink.flush()


def main(folder: str, memory: int) -> None:
    """Answers until nobody asks any more."""
    sys.path.append(folder)
    import jq  # pyrefly: ignore[missing-import] - it brings no types  # noqa: PLC0415 - found there

    jq.compile(".").input_text("null").all()
    _confine(memory)
    _serve(functools.lru_cache(maxsize=256)(jq.compile), sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
