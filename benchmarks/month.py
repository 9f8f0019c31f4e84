"""A team's month: 100 scheduled flows, more than 20,000 executions, as fast as the machine can.

Puts a server together as `penstock server` does, on an empty SQLite database, with a clock that
goes to the next moment as soon as nothing works. Everything else is real: the scheduler, the
executor, its workers, transactions with `synchronous=FULL`. Retries take no real time.

    python benchmarks/month.py [--days 30] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from penstock.main import Application, build
from penstock.runtime.clock import SkippingClock
from penstock.security.caller import Caller
from penstock.service import apply
from penstock.service.change import Change
from penstock.service.objectset import parse_set
from penstock.settings import Settings

START = datetime(2026, 2, 28, 23, 59, 30, tzinfo=UTC)
HOURLY, DAILY = 28, 72
PATIENCE = 300.0
HEAD = """
id: {name}
namespace: team.n{number}
labels: {{team: data, tier: "{number}"}}
variables: {{table: "orders_{number}"}}
triggers:
  - {{id: timetable, type: core.trigger.Schedule, cron: "{cron}"}}
outputs:
  - {{id: rows, type: STRING, value: "{{{{ outputs.extract.value }}}}"}}
tasks:
  - id: extract
    type: core.debug.Return
    format: "{{{{ trigger.date }}}} {{{{ vars.table }}}} {{{{ range(1, 60) }}}}"
  - id: note
    type: core.log.Log
    message: "{{{{ flow.id }}}} has read {{{{ outputs.extract.value | length }}}} characters"
  - id: check
    type: core.flow.If
    condition: "{{{{ outputs.extract.value | length > 10 }}}}"
    then:
      - {{id: load, type: core.debug.Return, format: "{{{{ vars.table }}}}"}}
"""
FLAKY = """  - id: flaky
    type: core.execution.Assert
    conditions: ["{{ taskrun.attemptsCount > 0 }}"]
    retry: {type: constant, interval: PT5M, maxAttempts: 3}
"""
FAILS = """  - id: fails
    type: core.execution.Fail
errors:
  - {id: tell, type: core.log.Log, level: ERROR, message: "{{ flow.id }} has failed"}
"""
CALLS = """  - id: child
    type: core.flow.Subflow
    namespace: team
    flowId: shared
"""
SHARED = "id: shared\nnamespace: team\ntasks: [{id: say, type: core.log.Log, message: called}]\n"


@dataclass
class Month:
    """What came of it."""

    flows: int
    days: float
    executions: int
    states: dict[str, int]
    stuck: int
    missed: int
    """Fires of the timetable that started nothing."""
    seconds: float
    database_bytes: int
    resident_bytes: int


class Replay:
    """A server whose time is driven by its timetable."""

    def __init__(self, folder: Path) -> None:
        self.clock = SkippingClock(START)
        self.application: Application = build(Settings(data=folder), self.clock)
        self.database = folder / "penstock.db"
        # The duties' own threads go by the machine's clock; here the timetable is asked in turn.
        turns = self.application.duties._turns  # noqa: SLF001 - as above
        self.scheduler = turns["scheduler"].duty

    def declare(self, hourly: int, daily: int) -> int:
        """Writes the flows in one set; how many there are."""
        texts = {("team", "shared"): SHARED}
        for number in range(hourly + daily):
            is_hourly = number < hourly
            cron = (
                f"{number * 7 % 60} * * * *" if is_hourly else f"{number % 60} {number % 24} * * *"
            )
            text = HEAD.format(name=f"flow{number}", number=number % 10, cron=cron)
            text += FLAKY if number % 7 == 3 else CALLS if number % 7 == 5 else ""
            text += FAILS if number % 50 == 49 else ""
            texts[f"team.n{number % 10}", f"flow{number}"] = text
        members = [
            {"kind": "flow", "namespace": namespace, "id": name, "spec": {"source": text}}
            for (namespace, name), text in texts.items()
        ]
        wanted = parse_set({"objects": members, "complete": True})
        apply.apply(self.application.services, Change(Caller("bench", "main")), wanted)
        return len(texts)

    def run(self, days: float) -> None:
        """Fires what is due, lets it end, and goes to the next moment of the timetable."""
        self.application.executor.start()
        end = START + timedelta(days=days)
        while True:
            upcoming = self.scheduler.tick()
            if not self.application.executor.join_idle(PATIENCE):
                raise SystemExit("executions are stuck")
            now = self.clock.now()
            if upcoming is None or max(upcoming, now) >= end:
                return
            if upcoming > now:
                self.clock.pass_time(upcoming - now)

    def close(self) -> None:
        """Ends it."""
        self.application.stop()


def replay(folder: Path, *, days: float, hourly: int = HOURLY, daily: int = DAILY) -> Month:
    """Plays some days in a folder, and counts what is in the database afterwards."""
    made = Replay(folder)
    flows = made.declare(hourly, daily)
    began = time.monotonic()
    made.run(days)
    seconds = time.monotonic() - began
    resident = _resident()
    made.close()
    with sqlite3.connect(made.database) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        states = Counter(dict(database.execute("SELECT state, count(*) FROM execution GROUP BY 1")))
        fires = "SELECT count(*) FROM execution WHERE json_extract(origin, '$.id') = 'timetable'"
        fired = database.execute(fires).fetchone()[0]
        stuck = database.execute("SELECT count(*) FROM execution WHERE NOT is_over").fetchone()[0]
    executions = sum(states.values())
    wanted = round(hourly * 24 * days + daily * days)
    size = made.database.stat().st_size
    return Month(
        flows,
        days,
        executions,
        dict(states),
        stuck,
        wanted - fired,
        seconds,
        size,
        resident,
    )


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = replay(Path(folder) / "data", days=arguments.days)
    if arguments.json:
        json.dump(asdict(found), sys.stdout, indent=2)
        return
    each = found.database_bytes / found.executions
    print(f"{found.flows} flows, {found.days:g} days, {found.executions} executions")
    print(f"{found.seconds:.0f} s, {found.executions / found.seconds:.0f} executions/s")
    print(f"states: {found.states}; stuck: {found.stuck}; fires missed: {found.missed}")
    print(f"database: {found.database_bytes / 1e6:.0f} MB, {each:.0f} bytes an execution")
    print(f"resident memory: {found.resident_bytes / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
