"""One case or more for every difference between Pebble and Jinja2, by its number."""

import pytest

from penstock.expression import ExpressionError, ExpressionSyntaxError, UndefinedError

CONTEXT = {
    "n": 3,
    "zero": 0,
    "word": "abc",
    "false_text": "false",
    "blank": "",
    "nothing": None,
    "items": ["x", "y"],
    "empty": [],
    "map": {"k": "v", "1": "one"},
    "deep": {"a": {"b": None}},
}

CASES = [
    (1, "{{ n > 2 ? 'yes' : 'no' }}", "yes"),
    (1, "{{ n > 5 ? 'a' : n > 2 ? 'b' : 'c' }}", "b"),
    (2, "{{ missing.at.any.level ?? 'd' }}", "d"),
    (2, "{{ (missing.x ~ 'y' | upper) ?? 'd' }}", "d"),
    (2, "{{ deep.a.b ?? 'd' }}", "d"),
    (2, "{{ deep.a.b ??? 'd' }}", ""),
    (2, "{{ deep.a.c ??? 'd' }}", "d"),
    (3, "{{ not n == false }}", "true"),
    (3, "{{ not n == 3 }}", "false"),
    (4, "{{ 'a' ~ 'b' | upper }}", "AB"),
    (5, "{{ missing ?? 3 == 3 }}", "true"),
    (6, "{{ n == 3 is empty }}", "false"),
    (
        7,
        "{{ items contains 'x' }} {{ word contains 'b' }} {{ map contains 'k' }}",
        "true true true",
    ),
    (7, "{{ items contains ['x', 'y'] }} {{ items contains ['x', 'z'] }}", "true false"),
    (
        7,
        "{{ n equals 3 }} {{ 'x' isIn items }} {{ 'v' isIn map }} {{ 3 isIn [3] }}",
        "true true true true",
    ),
    (8, "{% if n == 1 %}1{% elseif n == 3 %}3{% else %}e{% endif %}", "3"),
    (
        9,
        "{% for i in items %}{{ loop.index }}{{ loop.revindex }}{{ loop.length }} {% endfor %}",
        "012 102 ",
    ),
    (
        9,
        "{% for i in items %}{{ loop.first }}-{{ loop.last }} {% endfor %}",
        "true-false false-true ",
    ),
    (10, "{% for e in map %}{{ e.key }}={{ e.value }};{% endfor %}", "k=v;1=one;"),
    (10, "[{% for e in nothing %}x{% else %}y{% endfor %}]", "[]"),
    (10, "[{% for e in empty %}x{% else %}y{% endfor %}]", "[y]"),
    (11, "{% set s = 0 %}{% for i in 1..3 %}{% set s = s + i %}{% endfor %}{{ s }}", "6"),
    (11, "{% for i in 1..3 %}{% set t = i %}{% endfor %}{{ t ?? 'gone' }}", "gone"),
    (12, "{{ 7 / 2 }} {{ -7 / 2 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7.0 / 2 }}", "3 -3 -1 1 3.5"),
    (13, "{{ 'a' + 1 }} {{ '2' * 3 }} {{ '7' - 2 }}", "a1 6 5"),
    (
        13,
        "{{ items + 1 }} {{ items + ['z', 'w'] }} {{ items - 'x' }} {{ items - ['x', 'y'] }}",
        '["x","y",1] ["x","y","z","w"] ["y"] []',
    ),
    (14, "{{ 1 and 'x' }} {{ 0 or '' }} {{ false_text and true }}", "true false true"),
    (15, "{{ nothing ? 'a' : 'b' }}", "b"),
    (15, "{% if word %}w{% endif %}{% if zero %}z{% endif %}{% if blank %}b{% endif %}", "w"),
    (
        16,
        "[{{ nothing }}] {{ true }} {{ items }} {{ map }}",
        '[] true ["x","y"] {"k":"v","1":"one"}',
    ),
    (
        17,
        "{{ nothing is defined }} {{ missing is defined }} {{ missing.x is not defined }} {{ n is defined }}",
        "false false true true",
    ),
    (
        18,
        "{{ blank is empty }} {{ nothing is null }} {{ map is map }} {{ empty is empty }} {{ n is empty }}",
        "true true true true false",
    ),
    (
        20,
        "{{ blank | default('d') }} {{ empty | default('d') }} {{ nothing | default('d') }} {{ a.b | default('d') }} {{ zero | default('d') }}",
        "d d d d 0",
    ),
    (
        21,
        "{{ range(0, 3) }} {{ 0..3 }} {{ 'a'..'e' }} {{ range(0, 10, 5) }}",
        '[0,1,2,3] [0,1,2,3] ["a","b","c","d","e"] [0,5,10]',
    ),
    (22, "{{ 'banana' | replace({'a': 'o', 'n': 'm'}) }}", "bomomo"),
    (
        23,
        "{{ 'a1b22c' | split('[0-9]+') | join('-') }} {{ 'abcd' | slice(1, 3) }} {{ [3, 1] | sort }} {{ 'abc' | first }} {{ nothing | length }}",
        "a-b-c bc [1,3] a 0",
    ),
    (24, "{{ '2024-02-03T04:05:06Z' | date('yyyy-MM-dd') }}", "2024-02-03"),
    (25, r"{{ 'it\'s' }} {{ 'a\nb' }} {{ 'a\\b' }}", r"it's a\nb a\\b"),
    (25, r'{{ "say \"hi\"" }}', 'say "hi"'),
    (26, "{{ \"x #{1 + 1} y\" }} {{ 'x #{1 + 1} y' }}", "x 2 y x #{1 + 1} y"),
    (26, '{{ "#{n}#{"in #{word}"}" }} {{ "a # b" }}', "3in abc a # b"),
    (27, "{{ range(start=1, end=3) }} {{ 'abcd' | slice(1, toIndex=2) }}", "[1,2,3] b"),
    (28, "{{ TRUE }} {{ FALSE }} [{{ NULL }}{{ NONE }}{{ null }}{{ none }}]", "true false []"),
    (29, "{{ [1, 2][0] }} {{ {'a': 'b'}.a }}", "1 b"),
    (30, "{{ items[1] }} {{ map[1] }} {{ items.0 }}", "y one x"),
    (
        31,
        "{{ items.size }} {{ items.size() }} {{ word.length() }} {{ map.size() }} {{ map.keySet() }}",
        '2 2 3 2 ["k","1"]',
    ),
    (32, "{% if true %}\na\n{% endif %}\n", "\na\n\n"),
    (
        33,
        "{% raw %}{{ a }}{% b %}{% endraw %}|{% verbatim %}{{ c }}{% endverbatim %}",
        "{{ a }}{% b %}|{{ c }}",
    ),
    (34, "{% block a %}{{ n }}{% endblock %}{% autoescape false %}<{% endautoescape %}", "3<"),
]


@pytest.mark.parametrize(("number", "text", "expected"), CASES)
def test_pebble_not_jinja(render, number, text, expected):
    assert render(text, CONTEXT) == expected


FAILURES = [
    (
        3,
        "{{ not items contains 'x' }}",
        ExpressionError,
        "`not` needs a boolean, a number or a text, not a list",
    ),
    (7, "{{ 'x' in items }}", ExpressionSyntaxError, "found `in`"),
    (8, "{% if n %}{% elif n %}{% endif %}", ExpressionSyntaxError, "Write `elseif`."),
    (10, "{% for k, v in map %}{% endfor %}", ExpressionSyntaxError, "`for` takes one variable"),
    (10, "{% for k in items if k %}{% endfor %}", ExpressionSyntaxError, "found `if`"),
    (12, "{{ 1 / 0 }}", ExpressionError, "divided by zero"),
    (12, "{{ 2 ** 3 }}", ExpressionSyntaxError, "cannot start an expression"),
    (
        14,
        "{{ nothing and true }}",
        ExpressionError,
        "`and` needs a boolean, a number or a text, not null",
    ),
    (14, "{{ map or true }}", ExpressionError, "not a map"),
    (15, "{% if items %}{% endif %}", ExpressionError, "The tag `if` needs a boolean"),
    (15, "{% if nothing %}{% endif %}", ExpressionError, "not null"),
    (18, "{{ missing is empty }}", UndefinedError, "Unable to find `missing`"),
    (19, "{{ n is in(items) }}", ExpressionSyntaxError, "There is no test `in`"),
    (19, "{{ n is none }}", ExpressionSyntaxError, "There is no test `none`"),
    (22, "{{ 'a' | replace('a', 'b') }}", ExpressionError, "The filter `replace` takes a map"),
    (27, "{{ range(start=1, 3) }}", ExpressionSyntaxError, "come before arguments with a name"),
    (28, "{{ True }}", UndefinedError, "Unable to find `True`"),
    (30, "{{ items[-1] }}", ExpressionError, "cannot be negative"),
    (30, "{{ items[7] }}", UndefinedError, "Unable to find `7`"),
    (31, "{{ word.__class__ }}", UndefinedError, "Unable to find `__class__`"),
    (31, "{{ items.append(1) }}", ExpressionError, "not a member of a list"),
    (34, "{% include 'a' %}", ExpressionSyntaxError, "needs other templates"),
    (34, "{% extends 'a' %}", ExpressionSyntaxError, "needs other templates"),
]


@pytest.mark.parametrize(("number", "text", "kind", "message"), FAILURES)
def test_refused_as_in_pebble(render, number, text, kind, message):
    with pytest.raises(kind) as caught:
        render(text, CONTEXT)
    assert message in str(caught.value)


def test_named_argument_messages_name_the_function(render):
    def secret(key, namespace=None):
        return f"{namespace}/{key}"

    functions = {"secret": secret}
    assert render("{{ secret('K', namespace='n') }}", functions=functions) == "n/K"
    with pytest.raises(ExpressionError, match="The 'secret' function expects an argument 'key'"):
        render("{{ secret() }}", functions=functions)


def test_every_difference_has_a_case():
    numbers = {case[0] for case in CASES} | {case[0] for case in FAILURES} | {35}
    assert numbers == set(range(1, 36))
