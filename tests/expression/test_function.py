import pytest

from penstock.expression import ExpressionError, LimitError, Scope, UndefinedError, with_scope


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max(1, 3, 2)", 3),
        ("max([1, 3])", 3),
        ("min(2, 1.5)", 1.5),
        ("min('b', 'a')", "a"),
        ("range(1, 7, 3)", [1, 4, 7]),
        ("range(3, 1, -1)", [3, 2, 1]),
        ("fromJson('{\"a\": [1, null]}').a[0]", 1),
        ("json('[1]')", [1]),
        ("fromJson(null)", None),
        ("yaml('a: [1, x]\nd: 2024-01-01')", {"a": [1, "x"], "d": "2024-01-01"}),
        ("yaml(null)", None),
    ],
)
def test_built_in(evaluate, text, expected):
    assert evaluate(f"{{{{ {text} }}}}") == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fromJson('{a')", "The text is not JSON"),
        ("fromJson('NaN')", "The text is not JSON"),
        ("fromJson(3)", "reads a text, not a number"),
        ("fromJson()", "The 'fromJson' function expects an argument 'json'."),
        ("yaml('a: [')", "The text is not YAML"),
        ("yaml('!!python/object/apply:os.system [x]')", "The text is not YAML"),
        ("max()", "expects at least one argument"),
        ("rnage(1, 2)", "no function or macro `rnage`. Did you mean `range`?"),
    ],
)
def test_misuse(render, text, message):
    with pytest.raises(ExpressionError) as caught:
        render(f"{{{{ {text} }}}}")
    assert message in str(caught.value)


def test_render_goes_on_until_nothing_changes(render):
    variables = {"a": "{{ b }}", "b": "{{ c }}", "c": 1}
    assert render("{{ a }}", variables) == "{{ b }}"
    assert render("{{ render(a) }}", variables) == "1"
    assert render("{{ renderOnce(a) }}", variables) == "{{ c }}"
    assert render("{{ render(a, recursive=false) }}", variables) == "{{ c }}"
    assert render("{{ render({'k': '{{ c }}'}) }}", variables) == '{"k":"1"}'


def test_render_sees_local_variables(render):
    assert render("{% set x = 5 %}{{ render(t) }}", {"t": "{{ x }}"}) == "5"


def test_render_of_itself_ends(render):
    with pytest.raises(ExpressionError):
        render("{{ render(a) }}", {"a": "{{ render(a) }}"})
    with pytest.raises(ExpressionError, match="after 100 passes"):
        render("{{ render(a) }}", {"a": "{{ b }}", "b": "{{ a }}"})


def test_functions_of_the_scope(evaluate):
    def kv(key, namespace=None, *, error_on_missing=True):
        return [key, namespace, error_on_missing]

    functions = {"kv": kv, "max": "mine{}".format}
    assert evaluate("{{ kv('k', errorOnMissing=false) }}", functions=functions) == [
        "k",
        None,
        False,
    ]
    assert evaluate("{{ max(1) }}", functions=functions) == "mine1"
    with pytest.raises(ExpressionError, match="has no argument 'errorOnMising'"):
        evaluate("{{ kv('k', errorOnMising=false) }}", functions=functions)


def test_function_may_receive_the_scope(evaluate):
    @with_scope
    def whoami(scope: Scope, suffix=""):
        return f"{scope.variables['name']}{suffix}"

    assert evaluate("{{ whoami('!') }}", {"name": "x"}, functions={"whoami": whoami}) == "x!"


def test_errors_of_functions_get_a_place(evaluate):
    def read(path):
        raise ExpressionError(f"There is no file {path!r}.")

    with pytest.raises(ExpressionError) as caught:
        evaluate("a\n  {{ read('x') }}", functions={"read": read})
    assert (caught.value.line, caught.value.column) == (2, 6)


def test_other_errors_of_functions_pass_through(evaluate):
    class OfflineError(Exception):
        pass

    def http(uri):
        raise OfflineError(uri)

    with pytest.raises(OfflineError):
        evaluate("{{ http('x') }}", functions={"http": http})


def test_coalescing_does_not_hide_errors_of_functions(evaluate):
    def secret(key):
        raise ExpressionError(f"There is no secret {key!r}.")

    with pytest.raises(ExpressionError, match="no secret"):
        evaluate("{{ secret('k') ?? 'd' }}", functions={"secret": secret})

    def missing(key):
        raise UndefinedError(key)

    assert evaluate("{{ kv('k') ?? 'd' }}", functions={"kv": missing}) == "d"


def test_yaml_aliases_do_not_explode(render):
    text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 10)}]\n" for i in range(9)
    )
    with pytest.raises(LimitError):
        render("{{ yaml(t) }}", {"t": text})
