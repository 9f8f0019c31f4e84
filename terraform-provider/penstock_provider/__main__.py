"""The provider's program: Terraform starts it; `--reattach` serves without installation."""

from __future__ import annotations

import gc
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock_provider.framework.plugin import Make


def main() -> int:
    """Serves; the exit code."""
    # A provider lives for seconds: collecting garbage costs more than it frees at start.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    if sys.argv[1:] in (["--reattach"], ["--reattach-until-closed"]):
        return _reattach(until_closed=sys.argv[1] != "--reattach")
    from penstock_provider.framework.plugin import serve  # noqa: PLC0415 (after the collector)

    return serve(_load)


def _load() -> Make:
    from penstock_provider.provider import Penstock  # noqa: PLC0415 (after the handshake)

    return Penstock


def _reattach(*, until_closed: bool) -> int:
    import json  # noqa: PLC0415 (a start by Terraform needs none of these)
    import threading  # noqa: PLC0415

    from penstock_provider.framework.plugin import Reattach  # noqa: PLC0415
    from penstock_provider.install import ADDRESSES  # noqa: PLC0415

    server = Reattach(_load(), addresses=ADDRESSES)
    if until_closed:
        print(json.dumps(server.environment), flush=True)  # noqa: T201 (`attached.py` reads it)
        threading.Thread(target=_until_closed, args=(server.stop,), daemon=True).start()
    else:
        (variable, value), *_ = server.environment.items()
        print(f"{variable}={json.dumps(value)}", flush=True)  # noqa: T201 (for the shell)
    try:
        server.run()
    except KeyboardInterrupt:
        return 130
    return 0


def _until_closed(stop: Callable[[], None]) -> None:
    """Stops when the other end of stdin is gone."""
    sys.stdin.buffer.read()
    stop()


if __name__ == "__main__":
    sys.exit(main())
