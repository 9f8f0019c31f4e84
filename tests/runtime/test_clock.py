"""The clock of tests: it goes on when nothing else does."""

import threading
from datetime import UTC, datetime, timedelta

from penstock.runtime.clock import SkippingClock

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_goes_to_the_next_moment_only_when_nothing_works():
    clock = SkippingClock(START)
    assert clock.seconds_until(START + HOUR) is None
    assert not clock.skip(START + HOUR, busy=1)
    assert clock.now() == START
    assert clock.skip(START + HOUR, busy=0)
    assert clock.now() == START + HOUR
    assert clock.seconds_until(START + HOUR) == 0.0


def test_a_sleeper_is_woken_when_its_time_has_come_and_tells_that_it_sleeps():
    clock = SkippingClock(START)
    asleep = threading.Event()
    clock.on_jump(asleep.set)
    found = []
    sleeper = threading.Thread(
        target=lambda: found.append(clock.wait(60, threading.Event())), daemon=True
    )
    sleeper.start()
    assert asleep.wait(30)
    assert not clock.skip(START + HOUR, busy=2)
    assert clock.skip(START + HOUR, busy=1)
    sleeper.join(30)
    assert found == [False]
    assert clock.now() == START + timedelta(seconds=60)


def test_a_sleeper_that_is_cut_short_says_so():
    clock = SkippingClock(START)
    woken = threading.Event()
    woken.set()
    assert clock.wait(60, woken)
    assert clock.now() == START


def test_the_time_stays_while_one_that_was_cut_short_still_works():
    clock = SkippingClock(START)
    woken, skipped = threading.Event(), []

    def cut_short():
        woken.set()
        skipped.append(clock.skip(START + HOUR, busy=1))

    clock.on_jump(cut_short)
    assert clock.wait(60, woken)
    assert skipped == [False]
    assert clock.now() == START


def test_tells_when_nothing_works_and_lets_somebody_act_instead():
    clock = SkippingClock(START)
    told = []
    clock.stalled = lambda is_due: bool(told.append(is_due))
    assert not clock.skip(None, busy=1)
    assert told == []
    assert not clock.skip(None, busy=0)
    assert clock.skip(START + HOUR, busy=0)
    assert told == [False, True]
    clock.stalled = lambda _: True
    assert not clock.skip(START + 2 * HOUR, busy=0)
    assert clock.now() == START + HOUR
