"""Synthesises every environment, or the one that PENSTOCK_ENV names; `cdktf` runs it, so may you.

`CDKTF_OUTDIR` names the build output (default: `cdktf.out` at the repository's root). Then plain
Terraform: `terraform -chdir=cdktf.out/stacks/dev init`, `plan`, `apply`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from penstock_cdktf.errors import AppError
from penstock_cdktf.synth import synthesise


def main() -> int:
    """Synthesises and returns the exit code: 0, or 1 with sentences on stderr."""
    root = Path(__file__).resolve().parent.parent
    outdir = Path(os.environ.get("CDKTF_OUTDIR") or root / "cdktf.out")
    only = [name for name in (os.environ.get("PENSTOCK_ENV"),) if name]
    try:
        synthesise(root, outdir=outdir, environ=os.environ, only=only)
    except AppError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
