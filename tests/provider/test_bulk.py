"""Bundles: how many leave together, and how long they wait for each other."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import itemgetter

import pytest

from penstock_provider.bulk import Queue
from penstock_provider.framework.loop import Future, Loop


class Clock:
    """Time that passes only while nothing else is to be done, however slow the machine is."""

    def __init__(self) -> None:
        self.now = 1.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def monotonic(self) -> float:
        return self.now

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        self.timers.append((self.now + seconds, callback))

    def pass_time(self) -> Callable[[], None]:
        """Up to the next timer, which is given."""
        first = min(self.timers, key=itemgetter(0))
        self.timers.remove(first)
        self.now = first[0]
        return first[1]


class Sent:
    """A queue whose requests end when the test says so."""

    def __init__(self, clock: Clock, **options) -> None:
        self.clock = clock
        self.loop = Loop()
        self.loop.later = clock.later
        self.batches: list[list[int]] = []
        self.answers: list[Future[None]] = []
        self.queue: Queue[int, int] = Queue(self.loop, self._send, **options)

    async def _send(self, items: list[int]) -> list[int | Exception]:
        self.batches.append(items)
        self.answers.append(Future())
        await self.answers[-1]
        return [item * 2 if item else ValueError("nought") for item in items]

    def until(self, count: int) -> None:
        """Turns until so many batches have been sent."""
        reached: Future[None] = Future()

        def look() -> None:
            if len(self.batches) >= count:
                if not reached.done:
                    reached.set(None)
            elif self.clock.timers:
                self.loop.soon(self.clock.pass_time())

        self.loop.on_idle.append(look)
        self.loop.run(until=reached)
        self.loop.on_idle.remove(look)


@pytest.fixture
def sent(monkeypatch):
    made, clock = [], Clock()
    monkeypatch.setattr("penstock_provider.bulk.time", clock)

    def make(**options) -> Sent:
        made.append(Sent(clock, **options))
        return made[-1]

    yield make
    for each in made:
        each.loop.close()


def test_the_first_leaves_alone_and_what_comes_meanwhile_together(sent):
    made = sent(enough=3)
    futures = [made.queue.submit(1)]
    made.until(1)
    futures += [made.queue.submit(n) for n in (2, 3, 4, 0)]
    made.answers[0].set(None)
    made.until(2)
    made.answers[1].set(None)
    made.loop.run(until=futures[-1])
    assert made.batches == [[1], [2, 3, 4, 0]]
    assert [future.result() for future in futures[:4]] == [2, 4, 6, 8]
    with pytest.raises(ValueError, match="nought"):
        futures[4].result()


def test_fewer_than_enough_wait_for_the_next_one(sent):
    made = sent(enough=3, linger=0.05)
    for n in (1, 2):
        made.queue.submit(n)
    made.until(1)
    made.answers[0].set(None)
    made.queue.submit(3)
    made.loop.later(0.01, lambda: made.queue.submit(4))
    made.until(2)
    assert made.batches == [[1, 2], [3, 4]]


def test_many_siblings_that_keep_coming_are_all_waited_for(sent):
    made = sent(enough=40, linger=0.04)
    for n in (1, 2):
        made.queue.submit(n)
    made.until(1)
    made.answers[0].set(None)
    for n in range(100):
        made.loop.later(0.03 * n, partial(made.queue.submit, n))
    made.until(2)
    assert made.batches[1] == [*range(40)]


def test_enough_wait_for_nobody(sent):
    made = sent(enough=3, linger=1000)
    for n in (1, 2):
        made.queue.submit(n)
    made.until(1)
    made.answers[0].set(None)
    for n in (3, 4, 5):
        made.queue.submit(n)
    made.until(2)
    assert made.batches == [[1, 2], [3, 4, 5]]


def test_pairs_that_follow_each_other_soon_wait_no_more(sent, monkeypatch):
    made = sent(enough=10, linger=0.01)
    waits: list[int] = []
    later = made.loop.later
    monkeypatch.setattr(
        made.loop, "later", lambda *given: (waits.append(len(made.batches)), later(*given))
    )
    for turn in range(12):
        made.queue.submit(1)
        made.queue.submit(2)
        made.until(turn + 1)
        made.answers[turn].set(None)
    assert made.batches == [[1, 2]] * 12
    # The first leaves at once, one waits in vain, and then two are enough for a while.
    assert {*waits} == {1, 10}


def test_fewer_than_were_enough_lately_wait_still(sent):
    made = sent(enough=10, linger=1000)
    for turn in range(3):
        made.queue.submit(1)
        if turn < 2:
            made.queue.submit(2)
        else:
            made.loop.later(0.1, lambda: made.queue.submit(2))
        made.until(turn + 1)
        made.answers[turn].set(None)
    assert made.batches == [[1, 2]] * 3


def test_large_items_leave_in_several_requests(sent):
    made = sent(enough=3, size=lambda item: item * 1_000_000)
    for n in (3, 2, 1, 5):
        made.queue.submit(n)
    for count in (1, 2, 3):
        made.until(count)
        made.answers[-1].set(None)
    assert made.batches == [[3], [2, 1], [5]]
