"""Lengths of time as configurations write them."""

import pytest

from penstock_provider.duration import duration_problem, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT30M", 1800), ("P1DT2H3M4.5S", 93784.5), ("PT90S", 90), ("P2D", 172800)],
)
def test_durations(text, seconds):
    assert seconds_of(text) == seconds
    assert duration_problem(text) is None


@pytest.mark.parametrize("text", ["", "P", "PT", "30m", "PT0S", "P1M", "PT-1S", "PT1.5H", " PT1S"])
def test_what_is_no_duration_gets_a_sentence(text):
    assert f'"{text}" is no duration' in duration_problem(text)
