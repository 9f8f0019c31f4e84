"""The process that the crash test kills: executes flows until somebody ends it.

It writes the id of each execution to stdout once it is accepted, and of each that it found
ended, with the number of recorded results.
"""

from __future__ import annotations

import sys
from pathlib import Path


def tell(word: str, value: str) -> None:
    sys.stdout.write(f"{word} {value}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    from stand import Stand

    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    stand = Stand(folder, workers=4)
    stand.executor.start()
    versions = [stand.put(path.read_text()) for path in sorted(folder.glob("*.yaml"))]
    main = versions[-1]
    futures = [stand.executor.submit(stand.create(main), main) for _ in range(count)]
    for future in futures:
        tell("accepted", future.result().id)
    tell("idle", str(stand.executor.join_idle(60)))
