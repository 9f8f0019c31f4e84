"""Java's patterns for dates, such as `yyyy-MM-dd'T'HH:mm:ssXXX`: formatting and parsing."""

import functools
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from penstock.expression.date_names import DAYS, ENGLISH, MONTHS, Names
from penstock.expression.error import ExpressionError, quoted

NAMED = {
    "iso": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
    "iso_milli": "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "iso_sec": "yyyy-MM-dd'T'HH:mm:ssXXX",
    "sql": "yyyy-MM-dd HH:mm:ss.SSSSSS",
    "sql_milli": "yyyy-MM-dd HH:mm:ss.SSS",
    "sql_sec": "yyyy-MM-dd HH:mm:ss",
    "sql_seq": "yyyy-MM-dd HH:mm:ss",
    "iso_date": "yyyy-MM-ddXXX",
    "iso_local_date": "yyyy-MM-dd",
    "iso_local_time": "HH:mm:ss.#",
    "iso_time": "HH:mm:ss.#XXX",
    "iso_offset_time": "HH:mm:ss.#XXX",
    "iso_local_date_time": "yyyy-MM-dd'T'HH:mm:ss.#",
    "iso_offset_date_time": "yyyy-MM-dd'T'HH:mm:ss.#XXX",
    "iso_date_time": "yyyy-MM-dd'T'HH:mm:ss.#XXX@",
    "iso_zoned_date_time": "yyyy-MM-dd'T'HH:mm:ss.#XXX@",
    "iso_instant": "yyyy-MM-dd'T'HH:mm:ss.#X",
    "iso_ordinal_date": "yyyy-DDDXXX",
    "iso_week_date": "YYYY-'W'ww-eXXX",
    "rfc_1123_date_time": "EEE, d MMM yyyy HH:mm:ss OO",
    "full": "EEEE, MMMM d, yyyy 'at' h:mm:ss a zzzz",
    "long": "MMMM d, yyyy 'at' h:mm:ss a z",
    "medium": "MMM d, yyyy, h:mm:ss a",
    "short": "M/d/yy, h:mm a",
}
"""The named formats; `.#` is a fraction of as many digits as needed, `@` the region in brackets."""

_PIECE = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letter>([A-Za-z])\3*)|(?P<other>.)", re.DOTALL)
_LONGEST = 200
_NOON = 12
_CENTURY = 100


class Piece(NamedTuple):
    """A run of one pattern letter, or literal text when the letter is empty."""

    letter: str
    text: str


@functools.lru_cache(maxsize=256)
def _pieces(pattern: str) -> tuple[Piece, ...]:
    if len(pattern) > _LONGEST:
        raise ExpressionError(f"A pattern for dates has at most {_LONGEST} characters.")
    pieces: list[Piece] = []
    for found in _PIECE.finditer(NAMED.get(pattern, pattern)):
        if found["letter"]:
            pieces.append(Piece(found["letter"][0], found["letter"]))
        elif found["quoted"] is not None:
            pieces.append(Piece("", found["quoted"].replace("''", "'") or "'"))
        elif found["other"] == "'":
            raise ExpressionError(f"A quote is not closed in the pattern {quoted(pattern)}.")
        elif found["other"] in "[]":
            pieces.append(Piece(found["other"], found["other"]))
        elif pattern in NAMED and found["other"] in "#@":
            _named_piece(pieces, found["other"])
        else:
            pieces.append(Piece("", found["other"]))
    return tuple(pieces)


def _named_piece(pieces: list[Piece], mark: str) -> None:
    if mark == "#":
        pieces.pop()
    pieces.append(Piece(mark, mark))


def format_pattern(moment: datetime, pattern: str, names: Names = ENGLISH) -> str:
    """A point in time by a pattern or a named format, with the names of a language.

    Raises:
        ExpressionError: the pattern has a letter which means nothing.
    """
    return "".join(
        piece.text if not piece.letter else _field(moment, piece, pattern, names)
        for piece in _pieces(pattern)
        if piece.letter not in {"[", "]"}
    )


def _field(moment: datetime, piece: Piece, pattern: str, names: Names) -> str:
    letter, width = piece.letter, len(piece.text)
    number = _number(moment, letter)
    if number is not None and not (letter in "MLe" and width > 2):  # noqa: PLR2004 - then a name
        if letter in "yuY" and width == 2:  # noqa: PLR2004 - the year of the century
            number %= _CENTURY
        return str(number).zfill(width)
    match letter:
        case "M" | "L":
            at = moment.month - 1
            return _name(names.months[at], names.short_months[at], width)
        case "E" | "e" | "c":
            at = moment.weekday()
            return _name(names.days[at], names.short_days[at], max(3, width))
        case "a":
            return names.halves[moment.hour >= _NOON]
        case "G":
            return "Anno Domini" if width == 4 else "AD"  # noqa: PLR2004 - the long form
        case "S":
            return f"{moment.microsecond:06d}".ljust(width, "0")[:width]
        case "#":
            return f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
        case _:
            return _zone_field(moment, piece, pattern)


def _name(name: str, short: str, width: int) -> str:
    match width:
        case 3:
            return short
        case 5:
            return name[:1]
    return name


def _number(moment: datetime, letter: str) -> int | None:
    match letter:
        case "y" | "u":
            return moment.year
        case "Y":
            return moment.isocalendar().year
        case "M" | "L":
            return moment.month
        case "w":
            return moment.isocalendar().week
        case "e" | "c":
            return moment.isoweekday()
        case "Q" | "q":
            return (moment.month + 2) // 3
        case "D":
            return moment.timetuple().tm_yday
        case "d":
            return moment.day
        case _:
            return _clock_number(moment, letter)


def _clock_number(moment: datetime, letter: str) -> int | None:
    seconds = (moment.hour * 60 + moment.minute) * 60 + moment.second
    match letter:
        case "H":
            return moment.hour
        case "k":
            return moment.hour or 24
        case "K":
            return moment.hour % _NOON
        case "h":
            return moment.hour % _NOON or _NOON
        case "m":
            return moment.minute
        case "s":
            return moment.second
        case "n":
            return moment.microsecond * 1000
        case "A":
            return seconds * 1000 + moment.microsecond // 1000
        case "N":
            return (seconds * 1_000_000 + moment.microsecond) * 1000
        case _:
            return None


def _zone_field(moment: datetime, piece: Piece, pattern: str) -> str:
    letter, width = piece.letter, len(piece.text)
    match letter:
        case "V":
            return _region(moment)
        case "@":
            return f"[{_region(moment)}]" if isinstance(moment.tzinfo, ZoneInfo) else ""
        case "z":
            name = moment.tzname() or ""
            return "Coordinated Universal Time" if (name, width) == ("UTC", 4) else name
        case "X":
            return _offset(moment, width, zero="Z")
        case "x":
            return _offset(moment, width, zero="")
        case "Z":
            if width == 4:  # noqa: PLR2004 - the form with GMT
                return f"GMT{_offset(moment, 3, zero='')}" if _seconds(moment) else "GMT"
            return _offset(moment, 3 if width > 4 else 2, zero="Z" if width > 4 else "")  # noqa: PLR2004
        case "O":
            if width == 2:  # noqa: PLR2004 - never given by users: the form of RFC 1123
                return _offset(moment, 2, zero="GMT")
            return f"GMT{_offset(moment, 3, zero='')}" if _seconds(moment) else "GMT"
    raise ExpressionError(
        f"The letter `{letter}` of the pattern {quoted(pattern)} has no meaning.",
        hint="Put words in quotes: `'at'`.",
    )


def _region(moment: datetime) -> str:
    zone = moment.tzinfo
    return zone.key if isinstance(zone, ZoneInfo) else _offset(moment, 3, zero="Z")


def _seconds(moment: datetime) -> int:
    return int((moment.utcoffset() or timedelta()).total_seconds())


def _offset(moment: datetime, width: int, *, zero: str) -> str:
    seconds = _seconds(moment)
    if seconds == 0 and zero:
        return zero
    hours, minutes = divmod(abs(seconds) // 60, 60)
    sign = "-" if seconds < 0 else "+"
    if width == 1:
        return f"{sign}{hours:02d}{minutes:02d}" if minutes else f"{sign}{hours:02d}"
    colon = ":" if width in {3, 5} else ""
    return f"{sign}{hours:02d}{colon}{minutes:02d}"


def parse_pattern(text: str, pattern: str) -> datetime:
    """The point in time that a text spells by a pattern; without a zone when it names none.

    Raises:
        ExpressionError: the text is not written like that.
    """
    found = _matcher(pattern).fullmatch(text)
    if found is None:
        raise ExpressionError(f"The text {quoted(text)} is not written as {quoted(pattern)}.")
    fields = {name[0]: part for name, part in found.groupdict().items() if part is not None}
    try:
        return _assemble(fields)
    except (ValueError, KeyError, OverflowError):
        raise ExpressionError(f"The text {quoted(text)} is no date that exists.") from None


@functools.lru_cache(maxsize=256)
def _matcher(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    used: set[str] = set()
    for piece in _pieces(pattern):
        if not piece.letter:
            parts.append(re.escape(piece.text))
        elif piece.letter in "[]":
            parts.append("(?:" if piece.letter == "[" else ")?")
        else:
            part = _part(piece, pattern)
            key = _FIELDS.get(piece.letter, piece.letter)
            if key == "V" and key in used:
                raise ExpressionError(f"The pattern {quoted(pattern)} names two time zones.")
            parts.append(part if key in used else f"(?P<{key}_>{part})")
            used.add(key)
    try:
        return re.compile("".join(parts), re.IGNORECASE)
    except re.error:
        raise ExpressionError(f"The text {quoted(pattern)} is no pattern for dates.") from None


_FIELDS = {"u": "y", "L": "M", "z": "V", "x": "X", "Z": "X", "O": "X", "#": "f", "@": "R", "c": "e"}


def _part(piece: Piece, pattern: str) -> str:
    letter, width = piece.letter, len(piece.text)
    if letter in "ML" and width > 2:  # noqa: PLR2004 - a name
        return "|".join(
            sorted({_name(name, name[:3], width) for name in MONTHS}, key=len, reverse=True)
        )
    if letter == "E":
        return "|".join(_name(name, name[:3], max(3, width)) for name in DAYS)
    if letter in "yu":
        return r"\d{2}" if width == 2 else r"\d{4}"  # noqa: PLR2004 - the year of the century
    if letter in "MLdHhKkmsD":
        most = 3 if letter == "D" else 2
        return rf"\d{{{width}}}" if width > 1 else rf"\d{{1,{most}}}"
    match letter:
        case "S":
            return rf"\d{{{width}}}"
        case "#":
            return r"(?:\.\d{1,9})?"
        case "a":
            return "AM|PM"
        case "X" | "x" | "Z" | "O":
            return r"Z|(?:GMT|UTC)?[+-]\d{2}(?::?\d{2})?|GMT|UTC"
        case "V" | "z":
            return r"[A-Za-z][A-Za-z0-9_/+:-]*|[+-]\d{2}:?\d{2}"
        case "@":
            return r"(?:\[[A-Za-z0-9_/+:-]+\])?"
    raise ExpressionError(
        f"The letter `{letter}` of the pattern {quoted(pattern)} cannot be read from a text.",
        hint="Put words in quotes: `'at'`.",
    )


def _assemble(fields: dict[str, str]) -> datetime:
    year = int(fields.get("y", "1970"))
    year += 2000 if len(fields.get("y", "1970")) == 2 else 0  # noqa: PLR2004 - of this century
    fraction = fields.get("S", fields.get("f", "").lstrip("."))
    moment = datetime(
        year,
        _month(fields.get("M", "1")),
        int(fields.get("d", "1")),
        _hour(fields),
        int(fields.get("m", "0")),
        int(fields.get("s", "0")),
        int(fraction.ljust(6, "0")[:6] or "0"),
        tzinfo=_zone(fields),
    )
    if "D" in fields:
        moment = moment.replace(month=1, day=1) + timedelta(days=int(fields["D"]) - 1)
    return moment


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    return next(at for at, name in enumerate(MONTHS, 1) if name.lower().startswith(text.lower()))


def _hour(fields: dict[str, str]) -> int:
    if "H" in fields or "k" in fields:
        return int(fields.get("H") or fields["k"]) % 24
    hour = int(fields.get("h") or fields.get("K") or "0")
    if "a" not in fields:
        return hour
    return hour % _NOON + (_NOON if fields["a"].upper() == "PM" else 0)


def _zone(fields: dict[str, str]) -> tzinfo | None:
    region = fields.get("V") or fields.get("R", "").strip("[]")
    if region and region[0] not in "+-":
        return ZoneInfo(region)
    text = (region or fields.get("X", "")).upper().removeprefix("GMT").removeprefix("UTC")
    if not text:
        return UTC if "X" in fields else None
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-size if text[0] == "-" else size)
