"""What happens next: pure functions over values, no clock, no database, no randomness."""

from penstock.engine.advance import advance, is_over
from penstock.engine.check import check
from penstock.engine.concurrency import admit
from penstock.engine.start import child_execution, new_execution
from penstock.engine.variables import Environment, task_variables

__all__ = [
    "Environment",
    "admit",
    "advance",
    "check",
    "child_execution",
    "is_over",
    "new_execution",
    "task_variables",
]
