from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from penstock.expression import ExpressionError

VARIABLES = {
    "d": "2024-01-31T10:05:06.123456Z",
    "paris": "2024-03-30T12:00:00+01:00[Europe/Paris]",
    "aware": datetime(2024, 1, 31, 10, tzinfo=UTC),
    "naive": datetime(2024, 1, 31, 10, tzinfo=UTC).replace(tzinfo=None),
    "day": date(2024, 1, 31),
    "offset": datetime(2024, 1, 31, 10, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    "length": timedelta(hours=26, seconds=1.5),
}

FORMATS = [
    ("d | date", "2024-01-31T10:05:06.123456Z"),
    ("d | date('yyyy-MM-dd')", "2024-01-31"),
    ("d | date(\"yyyy-MM-dd'T'HH:mm:ss.SSSXXX\")", "2024-01-31T10:05:06.123Z"),
    ("d | date('iso_milli')", "2024-01-31T10:05:06.123Z"),
    ("d | date('iso_sec', timeZone='Europe/Paris')", "2024-01-31T11:05:06+01:00"),
    ("d | date('sql')", "2024-01-31 10:05:06.123456"),
    ("d | date('sql_sec')", "2024-01-31 10:05:06"),
    ("d | date('sql_milli')", "2024-01-31 10:05:06.123"),
    ("d | date('iso_date')", "2024-01-31Z"),
    ("d | date('iso_local_date')", "2024-01-31"),
    ("d | date('iso_local_date_time')", "2024-01-31T10:05:06.123456"),
    ("aware | date('iso_local_date_time')", "2024-01-31T10:00:00"),
    ("d | date('iso_time')", "10:05:06.123456Z"),
    ("d | date('iso_instant', timeZone='Asia/Tokyo')", "2024-01-31T10:05:06.123456Z"),
    (
        "d | date('iso_zoned_date_time', timeZone='Asia/Tokyo')",
        "2024-01-31T19:05:06.123456+09:00[Asia/Tokyo]",
    ),
    ("d | date('iso_ordinal_date')", "2024-031Z"),
    ("d | date('iso_week_date')", "2024-W05-3Z"),
    ("d | date('rfc_1123_date_time')", "Wed, 31 Jan 2024 10:05:06 GMT"),
    ("d | date('full')", "Wednesday, January 31, 2024 at 10:05:06 AM Coordinated Universal Time"),
    ("d | date('short')", "1/31/24, 10:05 AM"),
    ("d | date('EEEE d MMMM yy, h:mm a')", "Wednesday 31 January 24, 10:05 AM"),
    ("d | date('EEE MMM MMMMM D Q w')", "Wed Jan J 31 1 5"),
    ("d | date('H:k:K:h', 'Asia/Tokyo')", "19:19:7:7"),
    (
        "d | date('VV z Z ZZZZZ X x XXX O', timeZone='+05:30')",
        "+05:30 UTC+05:30 +0530 +05:30 +0530 +0530 +05:30 GMT+05:30",
    ),
    ("d | date(\"'o''clock' ''\")", "o'clock '"),
    ("d | date('SSSSSSSSS n A')", "123456000 123456000 36306123"),
    ("offset | date('iso_sec')", "2024-01-31T04:30:00Z"),
    ("naive | date('iso_sec', timeZone='Asia/Tokyo')", "2024-01-31T10:00:00+09:00"),
    ("day | date('iso_sec')", "2024-01-31T00:00:00Z"),
    ("'2024-01-31' | date('dd/MM/yyyy')", "31/01/2024"),
    ("'2024-01-31 10:00:00' | date('iso_sec')", "2024-01-31T10:00:00Z"),
    ("1706695506 | date('iso_sec')", "2024-01-31T10:05:06Z"),
    ("1706695506123 | date('iso_milli')", "2024-01-31T10:05:06.123Z"),
    ("1706695506123456789 | date", "2024-01-31T10:05:06.123456Z"),
    ("'1706695506123' | date('iso_milli')", "2024-01-31T10:05:06.123Z"),
    (
        "'31/12/2023 7:05 PM' | date('iso_sec', existingFormat='dd/MM/yyyy h:mm a')",
        "2023-12-31T19:05:00Z",
    ),
    ("'20231231' | date('iso_local_date', existingFormat='yyyyMMdd')", "2023-12-31"),
    ("'31-Dec-23' | date('iso_local_date', existingFormat='d-MMM-yy')", "2023-12-31"),
    (
        "'2023-12-31T10:00+0200' | date('iso_sec', existingFormat=\"yyyy-MM-dd'T'HH:mmZ\")",
        "2023-12-31T08:00:00Z",
    ),
    ("'2023-12-31' | date('iso_sec', existingFormat='yyyy-MM-dd[ HH:mm]')", "2023-12-31T00:00:00Z"),
    ("'2023-365' | date('iso_local_date', existingFormat='yyyy-DDD')", "2023-12-31"),
    ("d | dateAdd(1, 'DAYS', 'yyyy-MM-dd')", "2024-02-01"),
    ("d | dateAdd(-1, 'MONTHS', 'yyyy-MM-dd')", "2023-12-31"),
    ("d | dateAdd(1, 'MONTHS', 'yyyy-MM-dd')", "2024-02-29"),
    ("d | dateAdd(1, 'YEARS', 'yyyy-MM-dd')", "2025-01-31"),
    ("d | dateAdd('2', 'WEEKS', format='yyyy-MM-dd')", "2024-02-14"),
    ("d | dateAdd(90, 'MINUTES', 'HH:mm')", "11:35"),
    ("d | dateAdd(5000, 'NANOS')", "2024-01-31T10:05:06.123461Z"),
    ("d | dateAdd(1, 'HALF_DAYS', 'HH')", "22"),
    ("paris | dateAdd(1, 'DAYS', 'iso_sec', 'Europe/Paris')", "2024-03-31T12:00:00+02:00"),
    ("paris | dateAdd(24, 'HOURS', 'iso_sec', 'Europe/Paris')", "2024-03-31T13:00:00+02:00"),
    ("'2024-03-31T02:30:00' | date('iso_sec', 'Europe/Paris')", "2024-03-31T03:30:00+02:00"),
    ("d | timestamp", "1706695506"),
    ("d | timestampMilli", "1706695506123"),
    ("d | timestampMicro", "1706695506123456"),
    ("d | timestampNano", "1706695506123456000"),
    ("'2024-01-31T10:00:00' | timestamp(timeZone='+01:00')", "1706691600"),
    ("'1969-12-31T23:59:59Z' | timestamp", "-1"),
    ("aware", "2024-01-31T10:00:00Z"),
    ("offset", "2024-01-31T10:00:00+05:30"),
    ("[aware, day]", '["2024-01-31T10:00:00Z","2024-01-31"]'),
    ("length", "PT26H1.5S"),
]


@pytest.mark.parametrize(("text", "expected"), FORMATS)
def test_date(render, text, expected):
    assert render(f"{{{{ {text} }}}}", VARIABLES) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("'soon' | date", "'soon' is no date in ISO 8601"),
        ("true | date", "A date is expected, not a boolean"),
        ("d | date('foo')", "The letter `f` of the pattern 'foo' has no meaning"),
        ('d | date("yyyy\'T")', "A quote is not closed"),
        ("d | date('iso', 'Mars/Olympus')", "no time zone 'Mars/Olympus'"),
        ("d | date('iso', '../../etc/passwd')", "no time zone"),
        ("d | date('iso', locale='zz')", "in the language 'zz'"),
        ("d | dateAdd(1, 'DAY')", "Did you mean `DAYS`?"),
        ("d | dateAdd(99999, 'YEARS')", "beyond the years"),
        ("d | dateAdd(99999999999, 'DAYS')", "beyond the years"),
        ("d | dateAdd(1)", "The 'dateAdd' filter expects an argument 'unit'."),
        ("'2023-02-30' | date(existingFormat='yyyy-MM-dd')", "is no date that exists"),
        ("'x' | date(existingFormat='yyyy')", "is not written as 'yyyy'"),
        ("(99999999999999999 * 100000000000) | date", "is no time since 1970"),
    ],
)
def test_misuse(render, text, message):
    with pytest.raises(ExpressionError) as caught:
        render(f"{{{{ {text} }}}}", VARIABLES)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dayOfWeek(d)", "WEDNESDAY"),
        ("hourOfDay(d)", "10"),
        ("dayOfMonth(d)", "31"),
        ("monthOfYear(d)", "1"),
        ("isWeekend(d)", "false"),
        ("isWeekend('2024-02-03')", "true"),
        ("isDayWeekInMonth(d, 'WEDNESDAY', 'LAST')", "true"),
        ("isDayWeekInMonth('2024-01-03', 'WEDNESDAY', 'FIRST')", "true"),
        ("isDayWeekInMonth('2024-01-10', 'WEDNESDAY', 'FIRST')", "false"),
        ("isDayWeekInMonth('2024-01-10', 'MONDAY', 'SECOND')", "false"),
        ("isLastWorkingDay(d)", "true"),
        ("isLastWorkingDay('2024-01-30')", "false"),
        ("isLastWorkingDay('2024-01-30', 2)", "true"),
        ("isLastWorkingDay('2024-03-29')", "true"),
    ],
)
def test_calendar(render, text, expected):
    assert render(f"{{{{ {text} }}}}", VARIABLES) == expected


def test_now_comes_from_the_scope(render):
    now = datetime(2024, 5, 1, 12, 30, tzinfo=UTC)
    assert render("{{ now() }}", now=now) == "2024-05-01T12:30:00.000000Z"
    assert render("{{ now('HH:mm', timeZone='Asia/Tokyo') }}", now=now) == "21:30"
    assert render("{{ now() | dateAdd(-1, 'DAYS', 'yyyy-MM-dd') }}", now=now) == "2024-04-30"
    with pytest.raises(ExpressionError, match="has no clock"):
        render("{{ now() }}")
