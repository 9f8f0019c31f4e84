"""The tables beside this file: what the language reference says, row by row of its section 6.7.

A line is a row's number, an expression, and after ` => ` its text, after ` =: ` its value as JSON, or
after ` =! ` words of the error. `⏎` is a line end and `⎵` a space at the end.
"""

import json
import re
from pathlib import Path

import pytest
import yaml

from penstock.expression import ExpressionError

HERE = Path(__file__).parent
VARIABLES = yaml.safe_load((HERE / "variables.yaml").read_text())
LINE = re.compile(r"(\d+) (.*?) =([>:!])(?: (.*))?")


def read(text):
    return (text or "").replace("⏎", "\n").replace("⎵", " ")


def cases():
    for path in sorted(HERE.glob("*.txt")):
        for line in path.read_text().splitlines():
            if line.startswith("#"):
                continue
            found = LINE.fullmatch(line)
            assert found is not None, f"{path.name}: {line}"
            number, expression, kind, result = found.groups()
            yield pytest.param(
                int(number), read(expression), kind, read(result), id=f"{number} {expression}"
            )


CASES = list(cases())


@pytest.mark.parametrize(("number", "expression", "kind", "result"), CASES)
def test_as_the_reference_says(render, evaluate, number, expression, kind, result):
    match kind:
        case ">":
            assert render(expression, VARIABLES) == result
        case ":":
            assert evaluate(expression, VARIABLES) == json.loads(result)
        case _:
            with pytest.raises(ExpressionError) as caught:
                render(expression, VARIABLES)
            assert result in str(caught.value)
            assert caught.value.excerpt.endswith("^"), "it points into the expression"


def test_every_row_has_several_cases():
    numbers = [case.values[0] for case in CASES]
    assert {
        number: numbers.count(number) for number in range(1, 36) if numbers.count(number) < 4
    } == {}
    assert len(CASES) >= 300
