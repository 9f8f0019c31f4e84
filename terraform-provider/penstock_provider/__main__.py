"""The provider's program: Terraform starts it; `--reattach` serves without installation."""

from __future__ import annotations

import gc
import json
import sys
import threading
from collections.abc import Callable


def _until_closed(stop: Callable[[], None]) -> None:
    """Stops when the other end of stdin is gone."""
    sys.stdin.buffer.read()
    stop()


def main() -> int:
    """Serves; the exit code."""
    # A provider lives for seconds: collecting garbage costs more than it frees at start.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    from penstock_provider.framework import plugin  # noqa: PLC0415 (after the collector is set)
    from penstock_provider.install import ADDRESSES  # noqa: PLC0415 (likewise)
    from penstock_provider.provider import Penstock  # noqa: PLC0415 (likewise)

    if sys.argv[1:] in (["--reattach"], ["--reattach-until-closed"]):
        server = plugin.Reattach(Penstock, addresses=ADDRESSES)
        if sys.argv[1] == "--reattach":
            (variable, value), *_ = server.environment.items()
            print(f"{variable}={json.dumps(value)}", flush=True)  # noqa: T201 (for the shell)
        else:
            print(json.dumps(server.environment), flush=True)  # noqa: T201 (`attached.py` reads it)
            threading.Thread(target=_until_closed, args=(server.stop,), daemon=True).start()
        try:
            server.run()
        except KeyboardInterrupt:
            return 130
        return 0
    return plugin.serve(Penstock)


if __name__ == "__main__":
    sys.exit(main())
