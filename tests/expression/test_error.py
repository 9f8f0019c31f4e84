import pytest

from penstock.expression import (
    ExpressionError,
    ExpressionSyntaxError,
    Scope,
    UndefinedError,
    compile_template,
)

SYNTAX = [
    ("{{ a", 1, 1, "`{{` is not closed. Close it with `}}`."),
    ("x\n{% if a %}b", 2, 4, "The tag `if` is not closed. Close it with `{% endif %}`."),
    ("{% for a in b %}", 1, 4, "Close it with `{% endfor %}`."),
    ("{# a", 1, 1, "The comment is not closed. Close it with `#}`."),
    ("{% raw %}", 1, 1, "The tag `raw` is not closed. Close it with `{% endraw %}`."),
    ("{{ f(1 }}", 1, 8, "`}` cannot close `(`."),
    ("{{ f(1", 1, 5, "`(` is not closed. Close it with `)`."),
    ("{{ a) }}", 1, 5, "`)` closes nothing."),
    ("{{ 'a }}", 1, 4, "The text is not closed. Close it with `'`."),
    ('{{ "a }}', 1, 4, 'The text is not closed. Close it with `"`.'),
    ('{{ "a #{b" }}', 1, 10, "The text is not closed."),
    ("{{ }}", 1, 4, "An expression is missing before `}}`."),
    ("{{ a + }}", 1, 8, "An expression is missing before `}}`."),
    ("{{ a b }}", 1, 6, "Expected `}}` or an operator but found `b`."),
    ("{{ a.'b' }}", 1, 6, "Expected the name of an attribute but found a text."),
    ("{{ a | }}", 1, 8, "Expected the name of a filter"),
    ("{{ a | uper }}", 1, 8, "There is no filter `uper`. Did you mean `upper`?"),
    ("{{ a is defned }}", 1, 9, "There is no test `defned`. Did you mean `defined`?"),
    ("{{ a is defined(1) }}", 1, 9, "takes no arguments"),
    ("{{ a ? b }}", 1, 10, "Expected `:` but found `}}`."),
    ("{{ f(a=1, a=2) }}", 1, 11, "The argument `a` is given twice."),
    ("{{ [1 2] }}", 1, 7, "Expected `,` or `]` but found `2`."),
    ("{{ {'a' 1} }}", 1, 9, "Expected `:`"),
    ("{{ 12abc }}", 1, 4, "`12abc` is neither a number nor a name."),
    ("{{ 99999999999999999999 }}", 1, 4, "does not fit in 64 bits"),
    ("{{ a @ b }}", 1, 6, "`@` has no meaning here."),
    ("{{ a.b(x=1) }}", 1, 6, "Members take no named arguments."),
    ("{{ a.b()() }}", 1, 9, "Only a function or a macro can be called."),
    ("{% fro a in b %}", 1, 4, "There is no tag `fro`. Did you mean `for`?"),
    ("{% endif %}", 1, 4, "The tag `endif` closes nothing here."),
    ("{% else %}", 1, 4, "closes nothing here"),
    ("{% set = 1 %}", 1, 8, "Expected the name of a variable but found `=`."),
    ("{% %}", 1, 4, "Expected the name of a tag"),
    ("one\ntwo {{ three four }}", 2, 14, "found `four`"),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), SYNTAX)
def test_syntax(text, line, column, message):
    with pytest.raises(ExpressionSyntaxError) as caught:
        compile_template(text)
    error = caught.value
    assert message in str(error)
    assert (error.line, error.column) == (line, column)
    shown, caret = error.excerpt.split("\n")
    assert shown == text.split("\n")[line - 1]
    assert caret == " " * (column - 1) + "^"


def test_undefined_says_what_where_and_what_is_near():
    scope = Scope({"outputs": {"load-data": {"rows": 1}, "other": {}}})
    text = "first\n{{ outputs.other.rows }}"
    with pytest.raises(UndefinedError) as caught:
        compile_template(text).render(scope)
    error = caught.value
    assert error.message == f"Unable to find `rows` used in the expression `{text}` at line 2."
    assert (error.line, error.column, error.name) == (2, 18, "rows")

    with pytest.raises(UndefinedError, match=r"Did you mean `\['load-data'\]`\?"):
        compile_template("{{ outputs.load-data.rows }}").render(scope)
    with pytest.raises(UndefinedError, match="Did you mean `outputs`"):
        compile_template("{{ output.other }}").render(scope)
    with pytest.raises(UndefinedError, match="Unable to find `b`"):
        compile_template("{{ a.b }}").render(Scope({"a": None}))
    with pytest.raises(UndefinedError, match="Unable to find `b`"):
        compile_template("{{ a.b }}").render(Scope({"a": 5}))


def test_long_expressions_are_cut_in_messages():
    with pytest.raises(UndefinedError) as caught:
        compile_template("{{ missing }}" + "x" * 500).render(Scope())
    assert "…` at line 1." in caught.value.message
    assert len(caught.value.excerpt.split("\n")[0]) == 120


def test_values_do_not_show_in_messages():
    scope = Scope({"token": "hunter2-hunter2", "m": {"hunter3": 1}})
    for text in (
        "{{ token.x }}",
        "{{ token[0] }}",
        "{{ token is even }}",
        "{% for x in token %}{% endfor %}",
    ):
        with pytest.raises(ExpressionError) as caught:
            compile_template(text).render(scope)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "use",
    ["s * 2", "s | date", "s | number", "s > 1", "s | jq('.')", "s | date(existingFormat='yyyy')", "s | yaml | number",
     "[s] | jq('.[0] + 1')", "[s] | sort | jq('map(.a)')", "1..s", "s | base64decode", "fromJson(s)", "yaml('[' ~ s)"],
)  # fmt: skip
def test_a_value_is_quoted_whole_or_not_at_all(use):
    """A caller can mask a secret in a message only when all of it is there."""
    for secret in ("hunter2", "hunter2-" * 40, "hunter2\nhunter2", "it's hunter2"):
        with pytest.raises(ExpressionError) as caught:
            compile_template(f"{{{{ {use} }}}}").render(Scope({"s": secret}))
        assert "hunter2" not in caught.value.message.replace(secret, "")


def test_place_of_an_error_in_an_argument_is_exact():
    with pytest.raises(ExpressionError) as caught:
        compile_template("{{ 'a' | replace({'x': 1 / 0}) }}").render(Scope())
    assert caught.value.column == 26
    assert caught.value.excerpt.endswith("^")
