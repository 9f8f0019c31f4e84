"""Tasks with expressions become tasks with values of their real types."""

from datetime import timedelta

import pytest

from penstock.expression import Scope, render_deep
from penstock.language.parse import parse
from penstock.language.rendering import RenderingFailed, render_task


@pytest.fixture
def render():
    def make(**variables):
        scope = Scope(variables=variables)
        return lambda value, *, typed=False: render_deep(value, scope, typed=typed)

    return make


@pytest.fixture
def task(catalog):
    def make(text):
        lines = "\n".join(f"    {line}" for line in text.split("\n"))
        parsed = parse(f"id: a\nnamespace: b\ntasks:\n  - id: t\n{lines}\n", catalog)
        assert parsed.problems == ()
        return parsed.flow.tasks[0]

    return make


def test_without_expressions_nothing_is_made(task, render):
    plain = task("type: test.Echo\ntext: hello\nwait: PT1S")
    assert render_task(plain, render()) is plain


def test_properties_get_their_types(task, render):
    made = render_task(
        task(
            'type: test.Echo\ntext: "{{ n }} of {{ m }}"\ncount: "{{ n }}"\n'
            'wait: "{{ d }}"\ntags: ["{{ m }}", x]\ntimeout: "{{ d }}"'
        ),
        render(n=3, m="many", d="PT5M"),
    )
    assert (made.text, made.count, made.tags) == ("3 of many", 3, ("many", "x"))
    assert made.wait == made.timeout == timedelta(minutes=5)
    assert made.mode == "fast"


def test_a_list_may_come_from_one_expression(task, render):
    made = render_task(task('type: test.Echo\ntext: x\ntags: "{{ all }}"'), render(all=["a", "b"]))
    assert made.tags == ("a", "b")


def test_nothing_where_nothing_is_allowed(task, render):
    made = render_task(task('type: test.Echo\ntext: x\nwait: "{{ d }}"'), render(d=None))
    assert made.wait is None


def test_json_values_keep_the_type_of_a_single_expression(task, render):
    made = render_task(
        task('type: test.Values\nvalues: {a: "{{ n }}", b: ["{{ l }}"], "{{ k }}": "n={{ n }}"}'),
        render(n=5, l=[1], k="key"),
    )
    assert made.values == {"a": 5, "b": [[1]], "key": "n=5"}


def test_nested_models(task, render):
    made = render_task(
        task(
            "type: test.Fetch\nuri: http://x/\noptions:\n"
            '  limits: {readTimeout: "{{ d }}"}\n'
            '  auth: {type: BEARER, token: "{{ t }}"}\n'
            '  extra: [{readTimeout: PT3S}, {readTimeout: "{{ d }}"}]'
        ),
        render(d="PT2S", t="secret"),
    )
    assert made.options.limits.read_timeout == timedelta(seconds=2)
    assert made.options.auth.token == "secret"
    assert [one.read_timeout.seconds for one in made.options.extra] == [3, 2]


def test_braces_in_a_result_are_final(task, render):
    made = render_task(task('type: test.Echo\ntext: "{{ x }}"'), render(x="{{ y }}"))
    assert made.text == "{{ y }}"


def test_children_are_left_alone(task, render):
    group = task("type: test.Group\ntasks:\n  - {id: c, type: test.Echo, text: '{{ x }}'}")
    assert render_task(group, render()) is group


@pytest.mark.parametrize(
    ("text", "variables", "wrong"),
    [
        ('text: x\ncount: "{{ n }}"', {"n": "few"}, ("count", "the text `few`; expected a whole")),
        ('text: x\ncount: "{{ n }}"', {"n": -1}, ("count", "at least 0")),
        ('text: x\nwait: "{{ n }}"', {"n": "soon"}, ("wait", "`PT30S`")),
        ('text: x\ntags: "{{ n }}"', {"n": "a"}, ("tags", "expected a list")),
        ('text: "{{ nothing }}"', {}, ("text", "nothing")),
        ('text: x\ntimeout: "{{ n }}"', {"n": "[1]"}, ("timeout", "duration")),
    ],
)
def test_what_does_not_fit_is_said_with_the_property(task, render, text, variables, wrong):
    path, words = wrong
    with pytest.raises(RenderingFailed) as failed:
        render_task(task(f"type: test.Echo\n{text}"), render(**variables))
    assert failed.value.path == path
    assert words in failed.value.message
    assert f"`{path}`" in failed.value.message
    assert "Input should" not in failed.value.message


def test_the_path_of_a_nested_property(task, render):
    fetch = task('type: test.Fetch\nuri: x\noptions: {limits: {readTimeout: "{{ d }}"}}')
    with pytest.raises(RenderingFailed) as failed:
        render_task(fetch, render(d="x"))
    assert failed.value.path == "options.limits.readTimeout"
