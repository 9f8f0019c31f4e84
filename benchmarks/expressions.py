"""What expressions cost: compiled properties, a first compilation, a jq query.

Run: ``python benchmarks/expressions.py [--rounds 20000]``. See the README beside this file.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from penstock.expression import Scope, compile_template, render_deep
from penstock.expression.tag import parse
from penstock.expression.template import Template
from penstock.runtime.query.process import QUERIES

VARIABLES = {
    "inputs": {"day": "2026-01-31", "rows": 1200, "names": ["ada", "grace"]},
    "outputs": {"load": {"rows": 17, "uri": "penstock:///a/b"}, "each": {"a": {"value": 1}}},
    "vars": {"table": "orders", "lines": [{"n": i} for i in range(20)]},
    "flow": {"id": "daily", "namespace": "company.team"},
    "execution": {"id": "0Vc0CVfT5hzKVHNSy6LZdm"},
    "taskrun": {"value": "a"},
}
PROPERTIES = {
    "three references": "{{ flow.namespace }}/{{ flow.id }}/{{ execution.id }}",
    "three expressions": "{{ vars.table ~ '_' ~ inputs.rows }} has "
    "{{ outputs.load.rows ?? 0 }} rows of {{ inputs.names | join(', ') | upper }}",
    "three with arithmetic and a condition": "{{ outputs.load.rows * 2 + 1 }} "
    "{{ inputs.rows > 10 ? 'many' : 'few' }} {{ outputs.each[taskrun.value].value is defined }}",
    "a date": "{{ inputs.day | date('dd/MM/yyyy') }}",
    "a loop over 20": "{% for line in vars.lines %}{{ line.n }},{% endfor %}",
    "plain text": "nothing to render",
}


def microseconds(
    action: Callable[[], object], rounds: int, clock: Callable[[], float] = time.process_time
) -> tuple[float, float]:
    """The median of fifteen batches' means, and the slowest but one."""
    for _ in range(100):
        action()
    means = []
    for _ in range(15):
        start = clock()
        for _ in range(rounds // 15):
            action()
        means.append((clock() - start) / (rounds // 15) * 1e6)
    means.sort()
    return statistics.median(means), means[-2]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20_000)
    rounds = parser.parse_args().rounds
    scope = Scope(VARIABLES, now=datetime(2026, 1, 31, tzinfo=UTC), queries=QUERIES)
    print(f"{'rendering, compiled':42}  median µs  slow batch")
    for name, text in PROPERTIES.items():
        middle, slow = microseconds(lambda text=text: render_deep(text, scope), rounds)
        print(f"{name:42}{middle:11.1f}{slow:12.1f}")
    text = PROPERTIES["three expressions"]
    middle, slow = microseconds(lambda: Template(text, parse(text)), rounds // 20)
    print(f"{'compiling three expressions':42}{middle:11.1f}{slow:12.1f}")
    query = "{{ vars | jq('[.lines[] | select(.n > 3) | .n]') }}"
    start = time.perf_counter()
    compile_template(query).evaluate(scope)
    took = (time.perf_counter() - start) * 1e6
    print(f"{'first jq query, which starts the process':42}{took:11.0f}")
    middle, slow = microseconds(
        lambda: compile_template(query).evaluate(scope), rounds // 10, time.perf_counter
    )
    print(f"{'a jq query':42}{middle:11.1f}{slow:12.1f}")


if __name__ == "__main__":
    main()
