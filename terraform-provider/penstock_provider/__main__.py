"""The provider's program: Terraform starts it; `--reattach` serves without installation."""

from __future__ import annotations

import gc
import json
import sys


def main() -> int:
    """Serves; the exit code."""
    # A provider lives for seconds: collecting garbage costs more than it frees at start.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    from penstock_provider.framework import plugin  # noqa: PLC0415 (after the collector is set)
    from penstock_provider.install import ADDRESSES  # noqa: PLC0415 (likewise)
    from penstock_provider.provider import Penstock  # noqa: PLC0415 (likewise)

    if sys.argv[1:] == ["--reattach"]:
        server = plugin.Reattach(Penstock, addresses=ADDRESSES)
        (variable, value), *_ = server.environment.items()
        print(f"{variable}={json.dumps(value)}", flush=True)  # noqa: T201 (the shell evaluates it)
        try:
            server.run()
        except KeyboardInterrupt:
            return 130
        return 0
    return plugin.serve(Penstock)


if __name__ == "__main__":
    sys.exit(main())
