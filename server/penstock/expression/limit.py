"""How much one rendering may cost, and the meter that says when it is enough."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from penstock.expression.error import LimitError


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one rendering.

    Attributes:
        cpu_seconds: processor time of the rendering thread.
        depth: renderings and macro calls within each other.
        output_bytes: characters of any text that an expression makes.
        items: elements of any list that an expression makes.
    """

    cpu_seconds: float = 0.1
    depth: int = 50
    output_bytes: int = 10_000_000
    items: int = 500_000

    def check_size(self, size: int) -> None:
        """Refuses a text of so many characters before it is made."""
        if size > self.output_bytes:
            raise LimitError(
                f"The expression makes a text of {size:,} characters; "
                f"at most {self.output_bytes:,} are allowed.",
                hint="Write large data to a file in a task and pass its address.",
            )

    def check_items(self, count: int) -> None:
        """Refuses a list of so many elements before it is made."""
        if count > self.items:
            raise LimitError(
                f"The expression makes a list of {count:,} elements; "
                f"at most {self.items:,} are allowed.",
                hint="Process large data in a task.",
            )


class Meter:
    """What one rendering has used so far, shared with the renderings inside it."""

    __slots__ = ("_clock", "_deadline", "depth", "limits", "renders")

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self.limits = limits
        self.depth = 0
        self.renders = 0
        self._clock = clock
        self._deadline = 0.0

    def tick(self) -> None:
        """Looks at the clock; the first look starts it, so plain texts never pay for it."""
        now = self._clock()
        if not self._deadline:
            self._deadline = now + self.limits.cpu_seconds
        elif now > self._deadline:
            raise LimitError(
                f"The expression took more than {self.limits.cpu_seconds:g} s of processor time.",
                hint="Move the work into a task.",
            )

    @contextmanager
    def untimed(self) -> Iterator[None]:
        """What is done within does not count: a library that is loaded once for all."""
        start = self._clock()
        try:
            yield
        finally:
            if self._deadline:
                self._deadline += self._clock() - start

    def enter(self) -> None:
        """One rendering or macro call deeper."""
        self.depth += 1
        if self.depth > self.limits.depth:
            self.depth -= 1
            raise LimitError(
                f"The expression renders itself more than {self.limits.depth} levels deep.",
                hint="Look for a macro or a `render` which calls itself.",
            )

    def leave(self) -> None:
        """Back from the level which `enter` entered."""
        self.depth -= 1


DEFAULT_LIMITS = Limits()
DEFAULT_CLOCK = time.thread_time
