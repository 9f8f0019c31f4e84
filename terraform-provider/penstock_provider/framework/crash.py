"""What a crash of the process may tell."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


def keep_secrets() -> None:
    """From now on a crash says where it was, quotes nothing, and leaves no image of the memory."""
    sys.excepthook = _tell
    try:
        import resource  # noqa: PLC0415 (there is none on some systems)

        limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
        # 1 and not 0: that alone also counts for a collector of crashes to which Linux pipes them.
        least = limit if limit == 0 else 1
        resource.setrlimit(resource.RLIMIT_CORE, (least, least))
    except (ImportError, OSError, ValueError):
        return


def _tell(_kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    from penstock_provider.framework.message import unexpected  # noqa: PLC0415 (hardly ever)

    unexpected(error.with_traceback(trace), "the provider's process")
