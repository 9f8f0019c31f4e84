from datetime import UTC, datetime
from decimal import Decimal

import pytest

from penstock.expression import ExpressionError

VARIABLES = {
    "t": True,
    "f": False,
    "one": 1,
    "half": 0.5,
    "d": Decimal("1.10"),
    "text": "abc",
    "nothing": None,
    "early": datetime(2024, 1, 1, tzinfo=UTC),
    "late": datetime(2024, 1, 2, tzinfo=UTC),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f or t and f", False),
        ("t or f and f", True),
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 2 - 3", 5),
        ("100 / 5 / 2", 10),
        ("1 + 2 == 3", True),
        ("1 + 2 == 3 and 'abc' contains 'b'", True),
        ("'x' ~ 1 + 2", "x12"),
        ("-2 | abs", 2),
        ("-one + 3", 2),
        ("- - one", 1),
        ("+ one", 1),
        ("not f and t", True),
        ("1..2 + 3", [1, 2, 3]),
        ("1 .. 3 | length", 3),
        ("'a' ~ 'b' ~ 'c' | length", 3),
        ("nothing ?? nothing ?? 'x'", "x"),
        ("one is even or one is odd", True),
        ("one == 1 ? 'a' ~ 'b' : 'c'", "ab"),
        ("one > 0 == t", True),
    ],
)
def test_precedence(evaluate, text, expected):
    assert evaluate(f"{{{{ {text} }}}}", VARIABLES) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 == 1.0", True),
        ("'1' == 1", False),
        ("t == 1", False),
        ("t == true", True),
        ("nothing == null", True),
        ("nothing == 0", False),
        ("[1, 2] == [1, 2]", True),
        ("{'a': 1} == {'a': 1}", True),
        ("d == 1.1", False),
        ("'b' > 'a'", True),
        ("'10' > '9'", False),
        ("'10' > 9", True),
        ("1 != 2", True),
        ("nothing > 1", False),
        ("nothing <= 1", False),
        ("1 <= 1", True),
        ("2 >= 3", False),
        ("early < late", True),
        ("late <= early", False),
    ],
)
def test_comparison(evaluate, text, expected):
    assert evaluate(f"{{{{ {text} }}}}", VARIABLES) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("half + one", "1.5"),
        ("d + one", "2.10"),
        ("1 - 0.5", "0.5"),
        ("10000000.0 * 10", "1.0E8"),
        ("0.0001 * 1", "1.0E-4"),
        ("1.0 * 3", "3.0"),
        ("1.0 / 0", "Infinity"),
        ("0.0 / 0", "NaN"),
        ("-1.0 / 0", "-Infinity"),
        ("5.5 % 2", "1.5"),
        ("-5.5 % 2", "-1.5"),
        ("9223372036854775807 + 0", "9223372036854775807"),
        ("12L + 1", "13"),
        ("'a' + nothing", "anull"),
        ("'a' ~ nothing", "a"),
        ("[1, 1, 2] - 1", "[1,2]"),
        ("5..1", "[]"),
        ("'z' ~ [1]", "z[1]"),
    ],
)
def test_arithmetic_as_text(render, text, expected):
    assert render(f"{{{{ {text} }}}}", VARIABLES) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("text * 2", "needs numbers, not the text 'abc'"),
        ("nothing + 1", "needs numbers, not null"),
        ("t + 1", "needs numbers, not a boolean"),
        ("{'a': 1} - 1", "needs numbers, not a map"),
        ("5 % 0", "divided by zero"),
        ("text > 1", "needs numbers"),
        ("1 contains 1", "cannot look for a number in a number"),
        ("1 isIn 'abc'", "needs a list or a map"),
        ("1.5..3", "needs integers or single letters"),
        ("range(1, 3, 0)", "cannot be 0"),
        ("'x' is even", "need an integer"),
    ],
)
def test_misuse_is_a_sentence_with_a_place(evaluate, text, message):
    with pytest.raises(ExpressionError) as caught:
        evaluate(f"{{{{ {text} }}}}", VARIABLES)
    assert message in caught.value.message
    assert caught.value.offset is not None
    assert "^" in caught.value.excerpt


def test_lists_of_the_caller_are_never_changed(evaluate):
    items = [1]
    assert evaluate("{{ items + 2 }}", {"items": items}) == [1, 2]
    assert evaluate("{{ items - 1 }}", {"items": items}) == []
    assert items == [1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{} is map", True),
        ("[] is map", False),
        ("[] is iterable", True),
        ("'x' is iterable", False),
        ("'{\"a\": 1}' is json", True),
        ("'{a' is json", False),
        ("1 is json", False),
        ("2 is even", True),
        ("3 is not even", True),
        ("'  ' is empty", True),
        ("one is not null", True),
    ],
)
def test_tests(evaluate, text, expected):
    assert evaluate(f"{{{{ {text} }}}}", VARIABLES) is expected
