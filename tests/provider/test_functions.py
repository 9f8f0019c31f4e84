"""The functions of the provider, called as Terraform calls them, and beside the server's cron."""

from __future__ import annotations

import hashlib
import sys
import zoneinfo
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.language.cron import NICKNAMES, check_cron, next_fires
from penstock_provider import cron
from penstock_provider.framework import protocol
from penstock_provider.framework.core import Core
from penstock_provider.framework.loop import Loop
from penstock_provider.framework.values import pack, unpack
from penstock_provider.provider import Penstock

FLOW = "id: hello\nnamespace: company.team\ntasks: []\n"


@pytest.fixture
def call():
    loop = Loop()
    provider = Penstock(loop)
    handle = Core(provider).handlers()["/tfplugin6.Provider/CallFunction"]

    def function(name: str, *arguments: object):
        """The result, or the refused argument's number and why."""
        request = protocol.types["CallFunctionRequest"](name=name)
        for argument in arguments:
            request.arguments.add(msgpack=pack(argument))
        future = loop.spawn(handle(request.SerializeToString()))
        loop.run(until=future)
        told = protocol.types["CallFunctionResponse"].FromString(future.result())
        if told.HasField("error"):
            assert told.error.HasField("function_argument"), told.error.text
            return told.error.function_argument, told.error.text
        return unpack(told.result.msgpack, provider.functions()[name].returns)

    yield function
    loop.close()


def test_hash_id_and_namespace_of_a_text(call):
    assert call("flow_hash", FLOW) == hashlib.sha256(FLOW.encode()).hexdigest()
    assert call("flow_hash", FLOW + " ") != call("flow_hash", FLOW)
    assert call("flow_id", FLOW) == "hello"
    assert call("flow_namespace", FLOW) == "company.team"
    assert call("flow_id", "namespace: a\n") == (
        0,
        "The text has no `id` on a line of its own at its top level: add `id: …`",
    )
    assert call("flow_namespace", "")[0] == 0


EXPRESSIONS = [
    "30 6 * * 1-5",
    "*/20 * * * *",
    "15 30 6 * * *",
    "0 0 29 2 *",
    "30 2 * * *",
    "0 0 * * MON#2",
    "0 0 L * *",
    "0 12 1 JAN,jul *",
    "0 8 * * sun",
    "0 9 15 * 5",
    *NICKNAMES,
    " @DAILY ",
]
MOMENTS = [
    "2031-03-29T22:00:00+00:00",
    "2031-03-30T00:59:59.999999+00:00",
    "2031-10-25T22:00:00+00:00",
    "2032-02-28T23:59:59-08:00",
]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Vienna", "America/New_York", "Asia/Kathmandu"])
@pytest.mark.parametrize("text", EXPRESSIONS)
def test_fire_times_are_those_of_the_server(call, text, zone):
    for moment in MOMENTS:
        after = datetime.fromisoformat(moment)
        found = call("cron_next", text, zone, 5, moment)
        assert [datetime.fromisoformat(at) for at in found] == next_fires(text, zone, after, 5)


WRONG = ["", "* * *", "* * * * * * *", "99 2 * * *", "0 0 30 2 *", "@often", "a b c d e", "*" * 501]


@pytest.mark.parametrize("text", WRONG)
def test_what_the_server_refuses_is_refused(call, text):
    assert check_cron(text) is not None
    index, sentence = call("cron_next", text, "UTC", 1)
    assert index == 0
    assert sentence.startswith("The cron expression is not valid: ")


def test_times_have_the_zones_offset(call):
    found = call("cron_next", "0 6 * * *", "Europe/Vienna", 2, "2031-03-29T00:00:00Z")
    assert found == ["2031-03-29T06:00:00+01:00", "2031-03-30T06:00:00+02:00"]
    assert call("cron_next", "@yearly", "UTC", 1, "2031-03-29T00:00:00Z") == [
        "2032-01-01T00:00:00Z"
    ]


def test_without_a_time_the_present_counts(call):
    before = datetime.now(UTC)
    (at,) = call("cron_next", "* * * * * *", "UTC", 1)
    assert before <= datetime.fromisoformat(at)


@pytest.mark.parametrize(
    ("index", "arguments"),
    [
        (1, ["@daily", "Europe/Wien", 1]),
        (1, ["@daily", "../etc/passwd", 1]),
        (2, ["@daily", "UTC", 0]),
        (2, ["@daily", "UTC", 1001]),
        (3, ["@daily", "UTC", 1, "tomorrow"]),
        (3, ["@daily", "UTC", 1, "2031-01-01T00:00:00"]),
        (4, ["@daily", "UTC", 1, "2031-01-01T00:00:00Z", "2031-01-01T00:00:00Z"]),
    ],
)
def test_wrong_arguments_are_named(call, index, arguments):
    assert call("cron_next", *arguments)[0] == index


@pytest.fixture
def no_zones(monkeypatch, tmp_path):
    """A machine without time zones, and a provider that brings none."""
    known = [name for name in sys.modules if name.partition(".")[0] == "tzdata"]
    for name in ("tzdata", *known):
        monkeypatch.setitem(sys.modules, name, None)
    zoneinfo.reset_tzpath([tmp_path])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


def test_a_machine_without_time_zones_knows_utc_and_says_what_is_missing(call, no_zones):
    assert call("cron_next", "@yearly", "UTC", 1, "2031-03-29T00:00:00Z") == [
        "2032-01-01T00:00:00Z"
    ]
    index, why = call("cron_next", "@daily", "Europe/Vienna", 1)
    assert index == 1
    assert "install its package tzdata" in why


def test_validation_without_a_server_says_what_to_set(call, monkeypatch):
    monkeypatch.delenv("PENSTOCK_TOKEN", raising=False)
    index, sentence = call("validate_flow", FLOW)
    assert index == 0
    assert "PENSTOCK_TOKEN" in sentence


def test_a_refusal_of_the_server_is_an_error_of_the_argument(call, fake, monkeypatch):
    monkeypatch.setenv("PENSTOCK_ENDPOINT", fake.url)
    monkeypatch.setenv("PENSTOCK_TOKEN", "wrong")
    index, sentence = call("validate_flow", FLOW)
    assert index == 0
    assert "The token is not known" in sentence


fields = st.one_of(
    st.sampled_from(
        ["*", "*/7", "0", "1-5", "L", "2,4", "MON", "jan", "5#2", "99", "?", "a", "", "-1"]
    ),
    st.integers(0, 70).map(str),
)


@given(st.lists(fields, min_size=4, max_size=7).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_whatever_is_written_both_say_the_same(text):
    after = datetime(2031, 3, 29, 22, tzinfo=UTC)
    wrong = cron.problem(text)
    assert (wrong is None) == (check_cron(text) is None)
    if wrong is None:
        zone = ZoneInfo("Europe/Vienna")
        assert cron.next_times(text, zone, after, 3) == next_fires(text, zone.key, after, 3)
