"""No template may hold the interpreter: each of these ends soon, with a sentence."""

import time

import pytest

from penstock.expression import (
    ExpressionError,
    ExpressionSyntaxError,
    LimitError,
    Limits,
    Scope,
    compile_template,
)

DOUBLING = "{{% set x = {start} %}}{{% for i in 1..60 %}}{{% set x = {step} %}}{{% endfor %}}{{{{ {use} }}}}"

BOMBS = [
    "{{ range(1, 999999999999) }}",
    "{{ 1..999999999999 }}",
    "{{ range(1, 9, 1) | join('x' ~ big) | join }}",
    DOUBLING.format(start="'ab'", step="x ~ x", use="x"),
    DOUBLING.format(start="'ab'", step="x + x", use="x"),
    DOUBLING.format(start="'ab'", step='"#{x}#{x}"', use="x"),
    DOUBLING.format(start="[1]", step="x + x", use="x | length"),
    DOUBLING.format(start="[1]", step="[x, x]", use="x"),
    DOUBLING.format(start="{'a': 1}", step="{'a': x, 'b': x}", use="x | toJson"),
    DOUBLING.format(start="[1]", step="[x, x]", use="x | yaml"),
    DOUBLING.format(start="[1]", step="[x, x]", use="x | replace({'1': '2'})"),
    DOUBLING.format(start="['a']", step="[x, x]", use="x | escapeChar('shell')"),
    DOUBLING.format(start="['a']", step="[x, x]", use="render(x)"),
    DOUBLING.format(start="['a']", step="[x, x]", use="x | distinct"),
    DOUBLING.format(start="['a']", step="[x, x]", use="x == x"),
    DOUBLING.format(start="['a']", step="[x, x]", use="[[1]] contains x ~ (x == [x])"),
    DOUBLING.format(start="'a'", step="x | replace({'a': 'aa'})", use="x"),
    DOUBLING.format(start="'a'", step="x | regexReplace('a', 'aa')", use="x"),
    DOUBLING.format(start="'\"'", step="x | toJson", use="x"),
    DOUBLING.format(start="9", step="x * x", use="x"),
    DOUBLING.format(start="'\n'", step="x | indent(1000000000)", use="x"),
    "{% for a in 1..9999 %}{% for b in 1..9999 %}{% endfor %}{% endfor %}",
    "{% for a in 1..9999 %}{{ wide }}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
    "{{ render(self) }}",
    "{{ as | regexMatch('(a+)+$') }}",
    "{{ as | regexMatch('(a|aa)+$') }}",
    "{{ as | regexMatch('(a?a)*$') }}",
    "{{ as | regexMatch('(.*a){20}') }}",
    "{{ as | regexMatch('(.*)*x') }}",
    "{{ as | regexMatch('a*a*a*a*a*a*x') }}",
    "{{ as | regexMatch('" + "a?" * 40 + "a" * 40 + "') }}",
    "{{ as | split('(a*)*b') }}",
    "{{ as | replace({'(a+)+b': ''}, regexp=true) }}",
    "{{ 'x' | format('x') }}{{ '%999999999d' | format(1) }}",
    "{{ 'a' | number('1e999999999') }}",
    "{{ '1e999999999' | number('BIGINTEGER') }}",
    "{{ '2024' | date(existingFormat='VVzVVzVVz') }}",
    "{{ lots | sort }}",
    "{{ lots - lots }}",
    "{{ lots | flatten | flatten }}{{ nested | flatten }}",
]


@pytest.mark.parametrize("text", BOMBS)
def test_bombs_are_defused(text):
    variables = {
        "as": "a" * 5000,
        "big": "y" * 2_000_000,
        "wide": "z" * 100_000,
        "self": "{{ render(self) }}",
        "lots": list(range(30_000)),
        "nested": [list(range(1000))] * 1000,
    }
    start = time.process_time()
    with pytest.raises(ExpressionError) as caught:
        compile_template(text).render(Scope(variables))
    assert time.process_time() - start < 2
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "{{ " + "(" * 10_000 + "1" + ")" * 10_000 + " }}",
        "{{ " + "[" * 10_000 + "]" * 10_000 + " }}",
        "{{ " + "-" * 10_000 + "1 }}",
        "{{ " + "not " * 10_000 + "1 }}",
        "{{ a" + ".b" * 10_000 + " }}",
        "{{ 1" + " ~ 1" * 10_000 + " }}",
        "{{ 1" + " | abs" * 10_000 + " }}",
        "{{ a" + "[a" * 10_000 + "]" * 10_000 + " }}",
        "{{ " + "1 ? " * 10_000 + "1" + " : 1" * 10_000 + " }}",
        "{{ " + '"#{' * 10_000 + "1" + '}"' * 10_000 + " }}",
        "{% if a %}" * 10_000 + "{% endif %}" * 10_000,
        "{{ a }}" + "{{ 1,2 }}" * 1000,
        "{{ [" + "1," * 200_000 + "1] }}",
    ],
)
def test_deep_and_long_texts_are_syntax_errors(text):
    with pytest.raises(ExpressionSyntaxError):
        compile_template(text)


def test_as_deep_as_allowed_works(render):
    assert render("{{ 1" + " ~ 1" * 149 + " }}") == "1" * 150
    assert render("{{ " + "(" * 45 + "1" + ")" * 45 + " }}") == "1"


def test_the_clock_is_the_callers(render):
    ticks = iter(range(1000))
    with pytest.raises(LimitError, match=r"more than 5 s of processor time"):
        render(
            "{% for i in 1..100 %}{% endfor %}",
            clock=lambda: float(next(ticks)),
            limits=Limits(cpu_seconds=5),
        )


def test_depth_and_size_are_the_callers(render):
    deep = "{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(9) }}"
    assert render(deep) == ""
    with pytest.raises(LimitError, match="more than 5 levels deep"):
        render(deep, limits=Limits(depth=5))
    with pytest.raises(LimitError, match="a text of 12 characters; at most 10 are allowed"):
        render("{{ 'abcdef' }}{{ 'abcdef' }}", limits=Limits(output_bytes=10))
    with pytest.raises(LimitError, match="a list of 11 elements; at most 10"):
        render("{{ 0..10 }}", limits=Limits(items=10))


def test_usual_regular_expressions_are_allowed(render):
    variables = {
        "line": "2024-01-02 10:00:00,123 [main] INFO com.example.App - started in 1.5 s " * 3
    }
    assert render("{{ line | regexExtract('(\\d{4})-(\\d{2})-(\\d{2})', 1) }}", variables) == "2024"
    assert (
        render("{{ line | regexMatch('^\\S+ \\S+ \\[\\w+\\] (INFO|WARN|ERROR)') }}", variables)
        == "true"
    )
    assert (
        render(
            "{{ 'abc'.length() }}{{ 'a@b.co' | regexMatch('^[^@]+@[^@]+\\.[a-z]{2,}$') }}",
            variables,
        )
        == "3true"
    )
    assert render("{{ 'key=a, b' | regexExtract('^(?:\\w+,)*(\\w+)=', 1) }}") == "key"
    assert render("{{ ('ab,' ~ 'c') | split(',\\s*') }}") == '["ab","c"]'


def test_attributes_of_python_are_out_of_reach():
    scope = Scope({"s": "x", "l": [1], "m": {}, "n": 5, "f": 1.5, "b": b"x"})
    for root in scope.variables:
        for name in (
            "__class__",
            "__init__",
            "format",
            "join",
            "mro",
            "__globals__",
            "real",
            "decode",
        ):
            for text in (
                f"{{{{ {root}.{name} }}}}",
                f"{{{{ {root}['{name}'] }}}}",
                f"{{{{ {root}.{name}() }}}}",
            ):
                with pytest.raises(ExpressionError):
                    compile_template(text).render(scope)
