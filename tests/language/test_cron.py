"""Cron expressions and their fire times."""

from datetime import UTC, datetime

import pytest

from penstock.language.cron import check_cron, next_fire, next_fires


@pytest.mark.parametrize(
    "text",
    [
        "* * * * *", "*/5 0-6 1,15 JAN-DEC MON-FRI", "0 9 L * *", "0 9 * * 7", "0 9 29 2 *",
        "30 0 9 * * 1", "@daily", "@Hourly", "@midnight", "@annually", "0 9 * * 5#2",
    ],
)  # fmt: skip
def test_good(text):
    assert check_cron(text) is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "0 fields"), ("every day", "2 fields"), ("60 * * * *", "'60' is no minute"),
        ("* 24 * * *", "'24' is no hour"), ("* * 0 * *", "day of month"),
        ("* * * 13 *", "'13' is no month"), ("* * * * 8", "'8' is no day of week"),
        ("61 * * * * *", "'61' is no second"), ("5-1 * * * *", "minute"),
        ("*/0 * * * *", "minute"), ("0 9 31 2 *", "no such date"), ("0 9 30 2 *", "no such date"),
        ("@nightly", "@midnight"), ("? * * * *", "minute"), ("1 " * 1000, "longer"),
        ("١ * * * *", "minute"), ("* * * * L", "day of week"),
    ],
)  # fmt: skip
def test_bad(text, word):
    wrong = check_cron(text)
    assert wrong.startswith("invalid cron expression")
    assert word in wrong


def test_fire_times_are_utc_and_follow_the_zone():
    after = datetime(2026, 3, 27, 12, tzinfo=UTC)
    times = next_fires("30 6 * * *", "Europe/Berlin", after, 3)
    assert [time.isoformat() for time in times] == [
        "2026-03-28T05:30:00+00:00",
        "2026-03-29T04:30:00+00:00",
        "2026-03-30T04:30:00+00:00",
    ]


def test_the_hour_that_does_not_exist_and_the_one_that_is_twice():
    spring = next_fire("30 2 * * *", "Europe/Berlin", datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert spring == datetime(2026, 3, 29, 1, tzinfo=UTC)
    autumn = next_fires("30 2 * * *", "Europe/Berlin", datetime(2026, 10, 24, 12, tzinfo=UTC), 2)
    assert [time.day for time in autumn] == [25, 26]


def test_sunday_is_both_0_and_7():
    after = datetime(2026, 1, 1, tzinfo=UTC)
    assert next_fire("0 9 * * 0", "UTC", after) == next_fire("0 9 * * 7", "UTC", after)
    assert next_fire("0 9 * * 1", "UTC", after) == datetime(2026, 1, 5, 9, tzinfo=UTC)


def test_seconds_and_nicknames():
    after = datetime(2026, 1, 1, tzinfo=UTC)
    assert next_fire("15 * * * * *", "UTC", after) == datetime(2026, 1, 1, 0, 0, 15, tzinfo=UTC)
    assert next_fire("@monthly", "UTC", after) == datetime(2026, 2, 1, tzinfo=UTC)


def test_an_invalid_expression_is_a_sentence():
    with pytest.raises(ValueError, match="2 fields"):
        next_fire("every day", "UTC", datetime(2026, 1, 1, tzinfo=UTC))
