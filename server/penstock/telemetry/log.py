"""The server's own log: JSON lines on stderr, or readable ones on a terminal."""

from __future__ import annotations

import contextlib
import logging
import sys

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

LEVELS = ("debug", "info", "warning", "error")


def configure(level: str = "info", *, json: bool | None = None) -> None:
    """Sets up structlog; `json` None means: unless stderr is a terminal.

    Raises:
        ValueError: `level` is none of `LEVELS`.
    """
    if level not in LEVELS:
        raise ValueError(f"'{level}' is no log level; there are {', '.join(LEVELS)}")
    is_json = not sys.stderr.isatty() if json is None else json
    last = _json_line if is_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=_StandardError,
        cache_logger_on_first_use=True,
    )


class _StandardError:
    """Prints to whatever stderr is at that moment; a log that is gone fails no request."""

    def __init__(self, *_names: str) -> None:
        """Structlog hands over a logger's name; every line goes to the same place."""

    def msg(self, message: str) -> None:
        """Prints a line, in one write so that lines of several threads do not mix."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{message}\n")
            sys.stderr.flush()

    debug = info = warning = error = critical = exception = msg


def _json_line(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str).decode()
