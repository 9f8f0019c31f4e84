"""The schemas of all types as Terraform gets them, worked out once when the provider is packed.

Terraform asks one process of each command for them. To work them out every type's file is imported,
which costs more than the rest of such a start.
"""

from __future__ import annotations

import os

NAME = "schemas.bin"
"""The file of the package with the answer; only a packed provider has one."""


def recorded() -> bytes | None:
    """The answer; None where the provider is not packed, or runs out of its archive."""
    try:
        with open(os.path.join(os.path.dirname(__file__), NAME), "rb") as file:  # noqa: PTH118, PTH120, PTH123 (`pathlib` costs a start 4 ms)
            return file.read()
    except OSError:
        return None


def worked_out() -> bytes:
    """The answer, from the types themselves."""
    from penstock_provider.framework.core import Core  # noqa: PLC0415 (only packing needs them)
    from penstock_provider.framework.loop import Loop  # noqa: PLC0415 (likewise)
    from penstock_provider.provider import Penstock  # noqa: PLC0415 (likewise)

    loop = Loop()
    try:
        return loop.begin(Core(Penstock(loop)).schemas(b"")).result()
    finally:
        loop.close()
