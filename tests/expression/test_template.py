from collections.abc import Mapping

import pytest

from penstock.expression import (
    DYNAMIC,
    ExpressionError,
    Scope,
    compile_template,
    has_expression,
    is_truthy,
    render_deep,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a {# note #} b", "a  b"),
        ("a {#- note -#} b", "ab"),
        ("a {{- 1 -}} b", "a1b"),
        ("a {%- if true -%} b {%- endif -%} c", "abc"),
        ("{{-1}}", "1"),
        ("{% set x = 2 %}{{ x * 2 }}", "4"),
        ("{% if true %}a{% if false %}b{% else %}c{% endif %}d{% endif %}", "acd"),
        (
            "{% for a in [[1, 2], [3]] %}{% for b in a %}{{ b }}{{ loop.length }},{% endfor %}{{ loop.index }};{% endfor %}",
            "12,22,0;31,1;",
        ),
        ("{% for x in [1] %}{{ x }}{% endfor %}{{ x }}", "1outer"),
        ("{% filter upper | slice(0, 2) %}a{{ 'bc' }}{% endfilter %}", "AB"),
        (
            "{{ m(1) }}{% macro m(a, b=2) %}[{{ a }}{{ b }}]{% endmacro %}{{ m(3, b=4) }}",
            "[12][34]",
        ),
        (
            "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}",
            "3210",
        ),
        ("{% macro f() %}{% set x = 'in' %}{{ x }}{% endmacro %}{{ f() }}{{ x }}", "inouter"),
        ("{% parallel %}{% cache 'k' %}x{% endcache %}{% endparallel %}{% flush %}", "x"),
        ("{%raw%}{{ a }}{%endraw%}", "{{ a }}"),
        ("a {%- raw -%} b {%- endraw -%} c", "abc"),
        ("{ not } one {", "{ not } one {"),
        ("{{ {'a': {'b': {}}} }}", '{"a":{"b":{}}}'),
        ("{{ {x: 1}[x] }}", "1"),
        ("{{ été }}", "summer"),
        ("{{ m.or.is.contains }}", "keyword"),
        ("{{ m['my-id'].v }}", "7"),
        ("{{ outer['a' ~ 'b'] ?? 'none' }}", "none"),
    ],
)
def test_tags_and_text(render, text, expected):
    variables = {
        "x": "outer",
        "été": "summer",
        "outer": {},
        "m": {"or": {"is": {"contains": "keyword"}}, "my-id": {"v": 7}},
    }
    assert render(text, variables) == expected


def test_a_single_expression_keeps_its_type(evaluate):
    assert evaluate("{{ [1, 2] }}") == [1, 2]
    assert evaluate("{{ 5 }}") == 5
    assert evaluate("{{ null }}") is None
    assert evaluate("{% if true %}{{ [1] }}{% endif %}") == [1]


def test_scalars_with_text_are_text(evaluate):
    assert evaluate("{{ 1 }}{{ 2 }}") == "12"
    assert evaluate(" {{ 1 }}") == " 1"
    assert evaluate("plain") == "plain"
    assert evaluate("") == ""


def test_collections_with_text_are_read_as_json_when_they_are(evaluate):
    assert evaluate('{"a": {{ [1, 2] }}}') == {"a": [1, 2]}
    assert evaluate("list: {{ [1, 2] }}") == "list: [1,2]"


@pytest.mark.parametrize(
    ("text", "single"),
    [
        ("{{ a }}", True),
        ("{{ a }} ", False),
        ("a", False),
        ("{{ a }}{{ b }}", False),
        ("{# c #}{{ a }}", True),
    ],
)
def test_is_single(text, single):
    assert compile_template(text).is_single is single


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("{{ outputs.load.rows }}", {("outputs", "load", "rows")}),
        ("{{ outputs['my-id'].uri[0].x }}", {("outputs", "my-id", "uri")}),
        ("{{ outputs[taskrun.value].x }}", {("outputs",), ("taskrun", "value")}),
        ("{{ inputs.a ?? vars.b | default(c.d) }}", {("inputs", "a"), ("vars", "b"), ("c", "d")}),
        (
            "{% for i in inputs.list %}{{ i.x }}{{ loop.index }}{% endfor %}{{ i }}",
            {("inputs", "list"), ("i",)},
        ),
        ("{% set x = vars.y %}{{ x.z }}", {("vars", "y")}),
        ("{% macro m(p) %}{{ p }}{{ q.r }}{% endmacro %}{{ m(s) }}", {("q", "r"), ("s",)}),
        (
            "{{ f(a.b, k=c) is defined ? d : [e, {'f': g}] }}",
            {("a", "b"), ("c",), ("d",), ("e",), ("g",)},
        ),
        ('{{ "x #{h.i}" }}', {("h", "i")}),
        ("{{ a.b.size() }}", {("a", "b")}),
        ("{{ fromJson(a.b).c }}", {("a", "b")}),
        (
            "{% if a %}{% elseif not b %}{% endif %}{% filter upper %}{{ c }}{% endfilter %}",
            {("a",), ("b",), ("c",)},
        ),
        ("nothing", set()),
        ("{% raw %}{{ a }}{% endraw %}", set()),
    ],
)
def test_references(text, paths):
    assert compile_template(text).references() == paths


def test_calls():
    template = compile_template(
        "{{ secret('A') }}{{ secret(namespace='n', key='B') | upper }}{{ secret(x) }}{{ kv('k', null, false) }}"
        "{% macro local() %}{{ read('f') }}{% endmacro %}{{ local() }}"
    )
    assert template.calls("secret") == [("A",), ("n", "B"), (DYNAMIC,)]
    assert template.calls("kv") == [("k", None, False)]
    assert template.calls("nothing") == []
    assert template.functions == {"secret", "kv", "read"}
    assert template.filters == {"upper"}
    named = [call.named for call in template.invocations if call.name == "secret"]
    assert named[1] == (("namespace", "n"), ("key", "B"))


def test_the_same_text_is_compiled_once():
    assert compile_template("{{ only.once }}") is compile_template("{{ only.once }}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ a }}", True),
        ("{% if a %}", True),
        ("{# a #}", True),
        ("{ a }", False),
        ("", False),
        ("}}", False),
    ],
)
def test_has_expression(text, expected):
    assert has_expression(text) is expected


def test_render_deep():
    scope = Scope({"k": "x", "n": 5, "items": [1, 2]})
    value = {
        "{{ k }}": "{{ n }}",
        "x": "second",
        "list": ["{{ n }} a", 3, None, {"deep": "{{ items }}"}],
    }
    assert render_deep(value, scope) == {"x": "5", "list": ["5 a", 3, None, {"deep": "[1,2]"}]}
    assert render_deep(value, scope, typed=True) == {
        "x": 5,
        "list": ["5 a", 3, None, {"deep": [1, 2]}],
    }
    assert value["x"] == "second"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", True), ("false", False), ("0", False), ("-0", False), ("", False), ("  \n", False), (" false ", False),
     ("no", True), ("0.0", True), ("False", True), (True, True), (False, False), (0, False), (1, True), (None, False),
     ([], False), ([0], True)],
)  # fmt: skip
def test_is_truthy(value, expected):
    assert is_truthy(value) is expected


class Lazy(Mapping):
    """A mapping that tells what was asked of it."""

    def __init__(self, values):
        self.values_ = values
        self.asked = []

    def __getitem__(self, key):
        self.asked.append(key)
        return self.values_[key]

    def __iter__(self):
        return iter(self.values_)

    def __len__(self):
        return len(self.values_)


def test_variables_may_be_lazy():
    lazy = Lazy({"a": {"b": 1}, "costly": 2})
    scope = Scope(lazy)
    assert compile_template("{% set c = a.b %}{{ c }}{{ a.b }}").render(scope) == "11"
    assert "costly" not in lazy.asked


def test_scope_is_not_changed_by_rendering(render):
    variables = {"x": 1, "items": [1, 2]}
    assert (
        render(
            "{% set x = 2 %}{% for items in items %}{% set x = x + items %}{% endfor %}{{ x }}",
            variables,
        )
        == "5"
    )
    assert variables == {"x": 1, "items": [1, 2]}


def test_scope_including():
    scope = Scope({"a": 1, "b": 1}).including({"b": 2})
    assert compile_template("{{ a }}{{ b }}").render(scope) == "12"


def test_macro_arguments_are_checked(render):
    with pytest.raises(ExpressionError, match="takes the arguments"):
        render("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}")
