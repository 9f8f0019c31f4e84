import contextlib
import time

import pytest

from penstock.expression import ExpressionError, LimitError, Limits, Scope, compile_template
from penstock.runtime.query.process import QUERIES, Queries

DOCUMENT = {
    "a": [{"n": "x", "v": 3}, {"n": "y", "v": 1}],
    "s": "he-llo",
    "m": {"k": 1, "j": None},
    "nested": [1, [2, [3]]],
    "my-key": True,
}

CASES = [
    (".", [DOCUMENT]),
    (".a[0].n", ["x"]),
    (".a[-1].n", ["y"]),
    (".a[].v", [3, 1]),
    (".a[1:]", [[{"n": "y", "v": 1}]]),
    (".s[0:2]", ["he"]),
    ('.["my-key"], ."my-key"', [True, True]),
    (".missing", [None]),
    (".missing.deeper[0]", [None]),
    (".a.n?", []),
    ("[.a[] | select(.v > 1) | .n]", [["x"]]),
    (".a | map(.v) | add", [4]),
    (".a | map({(.n): .v}) | add", [{"x": 3, "y": 1}]),
    ('{n: .a[0].n, s, "k": .m.k}', [{"n": "x", "s": "he-llo", "k": 1}]),
    ("{v: .a[].v}", [{"v": 3}, {"v": 1}]),
    ('.missing // "d"', ["d"]),
    (".m.j // .m.k", [1]),
    ('"<\\(.s)> \\(.m.k)"', ["<he-llo> 1"]),
    ('if .m.k == 1 then "one" elif .m.k == 2 then "two" else 3 end', ["one"]),
    ("reduce .a[] as $x (0; . + $x.v)", [4]),
    (".m.k as $k | .a[] | .v + $k", [4, 2]),
    (".a[] as $r | {$r}", [{"r": {"n": "x", "v": 3}}, {"r": {"n": "y", "v": 1}}]),
    ("1 + 2 * 3, (1 + 2) * 3, 7 / 2, 7 % 3, -1 - -2", [7, 9, 3.5, 1, 1]),
    ("true and false, true or false, (null | not)", [False, True, True]),
    ("[1, 2] + [3] - [2]", [[1, 3]]),
    ('{"a": {"b": 1}} * {"a": {"c": 2}}', [{"a": {"b": 1, "c": 2}}]),
    ('null < false and false < 0 and 0 < "" and "" < [] and [] < {}', [True]),
    (".m | keys, keys_unsorted, length", [["j", "k"], ["k", "j"], 2]),
    (".m | to_entries | from_entries", [{"k": 1, "j": None}]),
    (".m | with_entries(select(.value != null))", [{"k": 1}]),
    (".m | map_values(. // 0)", [{"k": 1, "j": 0}]),
    (".a | sort_by(.v) | .[0].n", ["y"]),
    (".a | group_by(.v > 2) | length", [2]),
    (".a | max_by(.v).n, min_by(.v).n", ["x", "y"]),
    ("[3, 1, 2, 1] | sort, unique, min, max, reverse", [[1, 1, 2, 3], [1, 2, 3], 1, 3, [1, 2, 1, 3]]),
    (".nested | flatten, flatten(1)", [[1, 2, 3], [1, 2, [3]]]),
    ('.s | split("-") | join("+")', ["he+llo"]),
    ('.s | test("^he"), startswith("he"), endswith("x"), contains("-")', [True, True, False, True]),
    ('.s | gsub("l+"; "$1"), ascii_upcase, ltrimstr("he-"), length', ["he-$1o", "HE-LLO", "llo", 6]),
    (".a | any(.v > 2), all(.v > 2)", [True, False]),
    (".a | first(.[]), last(.[]) | .n", ["x", "y"]),
    ("[range(3)], [range(1; 3)], [limit(2; range(9))]", [[0, 1, 2], [1, 2], [0, 1]]),
    ('"12" | tonumber + 1', [13]),
    ('[1, "a", null] | map(type)', [["number", "string", "null"]]),
    ("[.. | numbers]", [[3, 1, 1, 1, 2, 3]]),
    ('"{\\"a\\": 1}" | fromjson.a', [1]),
    (".m | tojson", ['{"k":1,"j":null}']),
    ("[.a[].n, 1, null] | @csv", ['"x","y",1,']),
    ('"hi" | @base64', ["aGk="]),
    ('.m | has("k"), has("z")', [True, False]),
    ("[1.7 | floor, ceil, round]", [[1, 2, 2]]),
    ("empty", []),
    ("", [DOCUMENT]),
    (".s # a comment", ["he-llo"]),
]  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), CASES)
def test_jq(evaluate, query, expected):
    assert evaluate("{{ d | jq(q) }}", {"d": DOCUMENT, "q": query}) == expected


def test_jq_reads_a_text_as_json(evaluate):
    assert evaluate("{{ '[{\"a\": 1}]' | jq('.[0].a') | first }}") == 1
    assert evaluate("{{ nothing | jq('.') }}", {"nothing": None}) is None


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (".a.n", "Cannot index array with"),
        (".s[]", "Cannot iterate over string"),
        (".a |", "syntax error"),
        ("selct(.a)", "selct/1 is not defined at line 1"),
        (".a / 0", "cannot be divided"),
        ('1 + "a"', "number and string cannot be added"),
        ("$x", "$x is not defined"),
        ('error("stop")', "fails: stop"),
        ('import "x" as x; .', "module not found"),
        ("input", "No more inputs"),
    ],
)
def test_misuse(evaluate, query, message):
    with pytest.raises(ExpressionError) as caught:
        evaluate("{{ d | jq(q) }}", {"d": DOCUMENT, "q": query})
    assert message in caught.value.message
    assert caught.value.offset is not None


@pytest.mark.parametrize(
    "query",
    [
        "[range(99999999)]",
        "reduce range(99999999) as $x (0; . + 1)",
        "reduce range(99999999) as $x ([]; . + [1])",
        'reduce range(60) as $x ("ab"; . + .)',
        "reduce range(60) as $x (1; [., .]) | tojson",
        "reduce range(60) as $x (1; [., .]) | flatten | length",
        "[reduce range(60) as $x (1; [., .]), reduce range(60) as $x (1; [., .])] | unique",
        "reduce range(60) as $x (1; [., .]) | [..] | length",
        '"ab" * 99999999999',
        '[range(1000)] | map($s | test("a*a*x"))',
        '("a" * 9000) as $s | [range(1000)] | map($s | test("a.*x"))',
        "[" * 5000,
        "." + ".a" * 5000,
        "if 1 then 1 " + "elif 1 then 1 " * 5000 + "end",
        '"' + "\\(" * 5000,
    ],
)
def test_bombs_are_defused(query):
    start = time.process_time()
    with pytest.raises(ExpressionError):
        compile_template("{{ d | jq(q) }}").evaluate(Scope({"d": {}, "q": query}, queries=QUERIES))
    assert time.process_time() - start < 5


def test_a_query_sees_no_environment_no_file_and_no_other_input(evaluate):
    queries = "[$ENV, env, input_filename]"
    assert evaluate("{{ d | jq(q) }}", {"d": 1, "q": queries}) == [[{}, {}, None]]
    for query in ('import "/etc/passwd" as $d; $d', 'include "/etc/hosts"; .', "input"):
        with pytest.raises(ExpressionError):
            evaluate("{{ d | jq(q) }}", {"d": 1, "q": query})


def test_whole_language(evaluate):
    variables = {"d": DOCUMENT}
    for query, expected in [
        (".a[0].v = 9 | .a[0].v", [9]),
        (".m.k |= . + 1 | .m.k", [2]),
        ("def twice(f): f | f; 3 | twice(. * 2)", [12]),
        ('try error("x") catch .', ["x"]),
        ("[foreach .a[].v as $v (0; . + $v)]", [[3, 4]]),
        ("del(.a) | keys", [["m", "my-key", "nested", "s"]]),
        ('[paths(type == "number")] | length', [6]),
        ('"2024-01-02T03:04:05Z" | fromdate', [1704164645]),
    ]:
        assert evaluate("{{ d | jq(q) }}", variables | {"q": query}) == expected


def test_each_limit_has_its_error_and_the_next_query_works():
    queries = Queries()
    try:
        with pytest.raises(LimitError, match=r"more than 0.1 s of processor time"):
            queries("[limit(9e9; repeat(1))] | length", "1", Limits())
        with pytest.raises(LimitError, match="makes more than 100 characters"):
            queries("range(1000)", "1", Limits(output_bytes=100))
        with pytest.raises(LimitError, match="too much memory"):
            queries('reduce range(40) as $i ("abcdefgh"; . + .)', "1", Limits(cpu_seconds=20))
        assert queries(".", "[1, 2]", Limits()) == "[[1,2]]"
    finally:
        queries.close()


def test_messages_hold_no_piece_of_a_value():
    with pytest.raises(ExpressionError) as caught:
        QUERIES(".a + 1", '{"a": "hunter2-and-a-long-secret"}', Limits())
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ExpressionError) as caught:
        QUERIES(".a | tonumber", '{"a": "hunter2) and-a-long-secret"}', Limits())
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "query", ["(" * 5000 + "1" + ")" * 5000, "1" + " + 1" * 5000, "-" * 5000 + "1"]
)
def test_deep_queries_end_soon_and_harm_nothing_else(query):
    start = time.perf_counter()
    with contextlib.suppress(ExpressionError):
        QUERIES(query, "1", Limits())
    assert QUERIES(".", "1", Limits()) == "[1]"
    assert time.perf_counter() - start < 30
