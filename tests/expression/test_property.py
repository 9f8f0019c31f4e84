import json
import time
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.expression import (
    ExpressionError,
    ExpressionSyntaxError,
    Scope,
    compile_template,
    has_expression,
    render_deep,
)
from penstock.expression.filter import FILTERS
from penstock.expression.function import FUNCTIONS
from penstock.runtime.query.process import QUERIES

scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
fragments = st.lists(
    st.sampled_from(
        ["{{", "}}", "{%", "%}", "{#", "#}", "'", '"', "#{", "}", "{", "(", ")", "[", "]", "a", "b.c", "1", "2.5",
         " ", "|", "~", "??", "???", "?", ":", "..", "==", "-", "+", "*", "/", "%", "not ", "is ", " and ", " or ",
         "contains", "if ", "endif", "for ", " in ", "endfor", "else", "set ", "=", ",", "raw", "endraw", "upper",
         "default", "first", "null", "true", "macro ", "endmacro", "filter ", "endfilter", "\n", "\\", "é", "L"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@given(st.text(alphabet=st.characters(exclude_characters="{")))
def test_text_without_braces_is_itself(text):
    assert not has_expression(text)
    assert compile_template(text).render(Scope()) == text
    assert render_deep([text], Scope()) == [text]


@given(st.text() | fragments | fragments.map("{{{{ {} }}}}".format))
def test_compiling_raises_only_syntax_errors_and_rendering_only_expression_errors(text):
    scope = Scope({"a": {"b": [1, "x"]}, "b": {"c": 2}})
    failure = None
    try:
        template = compile_template(text)
    except ExpressionSyntaxError as error:
        failure = error
    if failure is not None:
        assert failure.message
        assert 1 <= failure.line <= text.count("\n") + 1
        assert failure.column >= 1
        return
    for path in template.references():
        assert path
    try:
        assert isinstance(template.render(scope), str)
        template.evaluate(scope)
    except ExpressionError as error:
        failure = error
    if failure is not None:
        assert str(failure)
        assert failure.offset is not None


@given(values)
def test_a_single_expression_is_the_value_itself(value):
    assert compile_template("{{ x }}").evaluate(Scope({"x": value})) is value


@given(values)
def test_json_round_trip(value):
    result = compile_template("{{ fromJson(x | toJson) }}").evaluate(Scope({"x": value}))
    assert result == value
    assert json.loads(compile_template("{{ x | toJson }}").render(Scope({"x": value}))) == value


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_codecs_round_trip(text):
    scope = Scope({"x": text})
    assert compile_template("{{ x | base64encode | base64decode }}").render(scope) == text
    assert compile_template("{{ x | urlencode | urldecode }}").render(scope) == text


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6).filter(bool))
def test_integer_division_and_rest_fit_together(a, b):
    scope = Scope({"a": a, "b": b})
    quotient = compile_template("{{ a / b }}").evaluate(scope)
    rest = compile_template("{{ a % b }}").evaluate(scope)
    assert quotient * b + rest == a
    assert rest == 0 or (rest < 0) == (a < 0)


@given(st.lists(st.integers(0, 20)))
def test_set_in_a_loop_accumulates(numbers):
    text = "{% set s = 0 %}{% for n in x %}{% set s = s + n %}{% endfor %}{{ s }}"
    assert compile_template(text).evaluate(Scope({"x": numbers})) in {
        sum(numbers),
        str(sum(numbers)),
    }


@given(st.datetimes(timezones=st.just(UTC)))
def test_dates_are_read_as_they_are_written(moment):
    scope = Scope({"x": moment})
    written = compile_template("{{ x | date }}").render(scope)
    assert compile_template("{{ y | date }}").render(Scope({"y": written})) == written
    micros = compile_template("{{ x | timestampMicro }}").evaluate(scope)
    assert micros == compile_template("{{ y | timestampMicro }}").evaluate(Scope({"y": written}))


@settings(deadline=None)
@given(
    st.sampled_from([*FILTERS]),
    st.lists(
        values
        | st.sampled_from(["yyyy-MM-dd", "(a+)+$", "2024-01-31T05:00:00Z", "DAYS", "%5d", "[.[]]"]),
        max_size=4,
    ),
)
def test_every_filter_takes_anything_or_says_why_not(name, given_values):
    first, *more = given_values or [None]
    scope = Scope({"x": first, "y": more}, queries=QUERIES)
    arguments = ", ".join(f"y[{position}]" for position in range(len(more)))
    refused(f"{{{{ x | {name}({arguments}) }}}}", scope)


@settings(deadline=None)
@given(
    st.sampled_from([*FUNCTIONS]),
    st.lists(values | st.sampled_from(["{{ x }}", "FR", "2024-01-31"]), max_size=4),
)
def test_every_function_takes_anything_or_says_why_not(name, given_values):
    scope = Scope({"x": 1, "y": given_values}, now=datetime(2026, 1, 31, tzinfo=UTC))
    arguments = ", ".join(f"y[{position}]" for position in range(len(given_values)))
    refused(f"{{{{ {name}({arguments}) }}}}", scope)


def refused(text, scope):
    """Renders; whatever goes wrong is a sentence that points into the text, and comes soon."""
    start = time.thread_time()
    try:
        compile_template(text).render(scope)
    except ExpressionError as error:
        failure = error
    else:
        failure = None
    assert time.thread_time() - start < 3
    assert failure is None or (failure.message.strip() and failure.offset is not None)
