"""What a caller gives becomes what a flow declares."""

import pytest
from pydantic import TypeAdapter, ValidationError

from penstock.errors import InvalidInputs
from penstock.expression import Scope, render_deep
from penstock.language.inputs import resolve_inputs, unknown_inputs
from penstock.model.input import INPUTS, Input

ADAPTER = TypeAdapter(tuple[Input, ...])


def render(value, inputs):
    return render_deep(
        value, Scope(variables={"flow": {"id": "orders"}, "inputs": inputs}), typed=True
    )


def resolve(declared, given):
    return resolve_inputs(ADAPTER.validate_python(declared), given, render, seal=lambda text: text)


GOOD = [
    ({"type": "STRING"}, "x", "x"),
    ({"type": "STRING"}, 5, "5"),
    ({"type": "STRING"}, True, "true"),
    ({"type": "STRING"}, "", ""),
    ({"type": "STRING", "validator": "[a-z]+"}, "abc", "abc"),
    ({"type": "INT"}, 5, 5),
    ({"type": "INT"}, " -5 ", -5),
    ({"type": "INT"}, 5.0, 5),
    ({"type": "INT", "min": 1, "max": 3}, 3, 3),
    ({"type": "FLOAT"}, "0.5", 0.5),
    ({"type": "FLOAT", "min": 0.5}, 1, 1.0),
    ({"type": "BOOL"}, True, True),
    ({"type": "BOOL"}, "TRUE", True),
    ({"type": "BOOLEAN"}, "yes", False),
    ({"type": "JSON"}, '{"a": [1]}', {"a": [1]}),
    ({"type": "JSON"}, [1, {"a": None}], [1, {"a": None}]),
    ({"type": "SELECT", "values": ["a", {"label": "B", "value": "b"}]}, "b", "b"),
    ({"type": "ENUM", "values": ["1", "2"]}, 2, "2"),
    ({"type": "SELECT", "values": ["a"], "allowCustomValue": True}, "z", "z"),
    ({"type": "SELECT", "expression": "{{ ['a', 'b'] }}"}, "b", "b"),
    ({"type": "SELECT", "values": ["a", "b"], "isRadio": True}, "a", "a"),
    ({"type": "SELECT", "values": ["a", "b"], "autoSelectFirst": True}, None, "a"),
    ({"type": "MULTISELECT", "values": ["a", "b"]}, ["b", "a"], ["b", "a"]),
    ({"type": "MULTISELECT", "values": ["a", "b"]}, '["b"]', ["b"]),
    ({"type": "MULTISELECT", "options": ["a", "b"]}, [], []),
    ({"type": "MULTISELECT", "values": ["1", "2"], "itemType": "INT"}, ["2"], [2]),
    ({"type": "MULTISELECT", "values": ["a"], "allowCustomValue": True}, ["z"], ["z"]),
    ({"type": "MULTISELECT", "values": ["a", "b"], "autoSelectFirst": True}, None, ["a"]),
    ({"type": "MULTISELECT", "expression": "{{ ['x', 'y'] }}"}, ["y"], ["y"]),
    ({"type": "DATETIME"}, "2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z"),
    ({"type": "DATETIME"}, "2026-01-31T08:00:00.5+02:00", "2026-01-31T06:00:00.500000Z"),
    (
        {"type": "DATETIME", "after": "2026-01-01T00:00:00Z"},
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z",
    ),
    ({"type": "DATE"}, "2026-02-28", "2026-02-28"),
    ({"type": "DATE", "before": "2026-02-28"}, "2026-02-28", "2026-02-28"),
    ({"type": "TIME"}, "08:30", "08:30:00"),
    ({"type": "TIME", "after": "08:00"}, "08:30:15", "08:30:15"),
    ({"type": "DURATION"}, "PT1H30M", "PT1H30M"),
    ({"type": "DURATION", "min": "PT1S", "max": "P1D"}, "P1D", "P1D"),
    ({"type": "FILE"}, "kestra:///a/b.csv", "penstock:///a/b.csv"),
    ({"type": "FILE"}, "nsfile:///a/b.csv", "nsfile:///a/b.csv"),
    ({"type": "FILE"}, "file:///data/b.csv", "file:///data/b.csv"),
    (
        {"type": "FILE", "allowedFileExtensions": [".csv"]},
        "penstock:///a/B.CSV",
        "penstock:///a/B.CSV",
    ),
    ({"type": "JSON", "jsonSchema": '{"required": ["a"]}'}, {"a": 1}, {"a": 1}),
    ({"type": "JSON", "jsonSchema": {"type": "array"}}, "[1]", [1]),
    ({"type": "YAML"}, "a: [1, 2026-01-01]\n1: x", {"a": [1, "2026-01-01"], "1": "x"}),
    ({"type": "YAML"}, {"a": 1}, {"a": 1}),
    ({"type": "URI"}, "https://example.com/a?b=c#d", "https://example.com/a?b=c#d"),
    ({"type": "URI"}, "urn:isbn:123", "urn:isbn:123"),
    ({"type": "SECRET"}, "hush", "hush"),
    ({"type": "SECRET", "validator": "[a-z]+"}, "hush", "hush"),
    ({"type": "EMAIL"}, "ada@example.com", "ada@example.com"),
    ({"type": "EMAIL"}, "", ""),
    ({"type": "ARRAY", "itemType": "INT"}, [1, "2"], [1, 2]),
    ({"type": "ARRAY", "itemType": "STRING"}, '["a", 1]', ["a", "1"]),
    ({"type": "ARRAY", "itemType": "DATE"}, ["2026-01-01"], ["2026-01-01"]),
    ({"type": "ARRAY", "itemType": "JSON"}, [{"a": 1}], [{"a": 1}]),
    ({"type": "ARRAY", "itemType": "BOOL"}, [], []),
]


@pytest.mark.parametrize(("declared", "given", "value"), GOOD, ids=range(len(GOOD)))
def test_values(declared, given, value):
    result = resolve([{"id": "x", **declared}], {} if given is None else {"x": given})
    assert result == {"x": value}
    assert type(result["x"]) is type(value)


DEEP = "it is nested more than 100 levels deep; make it flatter"
BAD = [
    ({"type": "STRING"}, [1], "expected a text, found a list"),
    ({"type": "STRING", "validator": "[a-z]+"}, "abc1", "it must match the pattern `[a-z]+`"),
    ({"type": "INT"}, "few", 'For input string: "few"'),
    ({"type": "INT"}, 1.5, "expected a number, found the number 1.5"),
    ({"type": "INT"}, True, "expected a number, found true"),
    ({"type": "INT"}, 2**31, "the number 2147483648 does not fit in 32 bits"),
    ({"type": "INT", "min": 3}, 2, "it must be more than `3`"),
    ({"type": "INT", "max": 3}, 4, "it must be less than `3`"),
    ({"type": "FLOAT"}, "x", 'For input string: "x"'),
    ({"type": "FLOAT"}, "nan", "the number must be finite"),
    ({"type": "FLOAT", "max": 0.5}, 0.6, "it must be less than `0.5`"),
    ({"type": "BOOL"}, [], "expected a text, found a list"),
    ({"type": "JSON"}, "{", "Invalid JSON content"),
    ({"type": "SELECT", "values": ["a", "b"]}, "c", "it must match the values `[a, b]`"),
    ({"type": "STRING", "defaults": "{{ nope }}"}, None, "Unable to find `nope`"),
    (
        {"type": "SELECT", "expression": "{{ nope }}"},
        "a",
        "Cannot render 'expression'. Cause: Unable to find `nope`",
    ),
    (
        {"type": "SELECT", "expression": "{{ 'a' }}"},
        "a",
        "Invalid expression result. Expected a list of values",
    ),
    ({"type": "SELECT", "expression": "{{ ['a'] }}"}, "b", "it must match the values `[a]`"),
    (
        {"type": "MULTISELECT", "values": ["a", "b"]},
        ["a", "c"],
        "value `c` doesn't match the values `[a, b]`",
    ),
    ({"type": "MULTISELECT", "values": ["a"]}, "a", "expected a list, found the text `a`"),
    (
        {"type": "MULTISELECT", "values": ["a"], "itemType": "INT"},
        ["a"],
        "Unable to parse array element as `INT` on `a`",
    ),
    ({"type": "DATETIME"}, "2026-01-31", "expected a date with a time and an offset"),
    ({"type": "DATETIME"}, "2026-01-31T08:00:00", "expected a date with a time and an offset"),
    (
        {"type": "DATETIME", "after": "2026-01-01T00:00:00Z"},
        "2025-12-31T23:59:59Z",
        "it must be after `2026-01-01T00:00:00Z`",
    ),
    (
        {"type": "DATETIME", "before": "2026-01-01T00:00:00Z"},
        "2026-01-01T00:00:01Z",
        "it must be before `2026-01-01T00:00:00Z`",
    ),
    ({"type": "DATE"}, "31.01.2026", "expected a date such as `2026-01-31`"),
    ({"type": "DATE"}, "2026-02-29", "expected a date such as `2026-01-31`"),
    ({"type": "DATE", "after": "2026-01-01"}, "2025-12-31", "it must be after `2026-01-01`"),
    ({"type": "TIME"}, "25:00", "expected a time such as `08:30:00`"),
    ({"type": "TIME", "before": "08:00:00"}, "08:00:01", "it must be before `08:00:00`"),
    ({"type": "DURATION"}, "5m", "expected a duration in ISO 8601, such as `PT1H30M`"),
    ({"type": "DURATION"}, "PT", "expected a duration in ISO 8601"),
    ({"type": "DURATION"}, "P99999999999D", "the duration is longer than can be counted"),
    ({"type": "DURATION", "min": "PT1M"}, "PT59S", "It must be more than `PT1M`"),
    ({"type": "DURATION", "max": "PT1M"}, "PT61S", "It must be less than `PT1M`"),
    ({"type": "FILE"}, "report.csv", "expected a file, or the URI of a stored one"),
    (
        {"type": "FILE", "allowedFileExtensions": [".csv", ".json"]},
        "penstock:///a/b.exe",
        "File type not allowed. Accepted extensions: .csv, .json",
    ),
    (
        {"type": "JSON", "jsonSchema": '{"type": "object"}'},
        "[1]",
        "it must match the json schema: [1] is not of type 'object'",
    ),
    (
        {"type": "JSON", "jsonSchema": {"properties": {"a": {"type": "integer"}}}},
        {"a": "x"},
        "it must match the json schema: at `$.a`: 'x' is not of type 'integer'",
    ),
    (
        {"type": "JSON", "jsonSchema": {"$ref": "https://example.com/schema"}},
        1,
        "Invalid JSON content or schema: `https://example.com/schema` is not in it",
    ),
    (
        {"type": "JSON", "jsonSchema": {"patternProperties": {"^a+$": {"type": "integer"}}}},
        {"b": "x", "aa": "x"},
        "it must match the json schema: at `$.aa`: 'x' is not of type 'integer'",
    ),
    (
        {"type": "JSON", "jsonSchema": {"items": {"pattern": "^[a-z]+$"}}},
        ["abc", "abc1"],
        "it must match the json schema: at `$[1]`: 'abc1' does not match '^[a-z]+$'",
    ),
    (
        {
            "type": "JSON",
            "jsonSchema": {"patternProperties": {"^a+$": {}}, "additionalProperties": False},
        },
        {"a": 1, "b": 1},
        "it must match the json schema: 'b' does not match any of the regexes: '^a+$'",
    ),
    (
        {"type": "JSON", "jsonSchema": {"pattern": "a*a*a*x"}},
        '"' + "a" * 5000 + '"',
        "Invalid JSON content or schema: The regular expression could take too long on a text",
    ),
    (
        {
            "type": "JSON",
            "jsonSchema": {"additionalProperties": False, "patternProperties": {"a*a*a*x": {}}},
        },
        {"a" * 5000: 1},
        "Invalid JSON content or schema: The regular expression could take too long on a text",
    ),
    (
        {"type": "STRING", "validator": "a*a*a*x"},
        "a" * 5000,
        "The regular expression could take too long on a text of 5,000 characters",
    ),
    ({"type": "JSON"}, "[" * 101 + "]" * 101, f"Invalid JSON content: {DEEP}"),
    ({"type": "YAML"}, "[" * 101 + "]" * 101, f"Invalid YAML content: {DEEP}"),
    ({"type": "YAML"}, "[" * 5000 + "]" * 5000, f"Invalid YAML content: {DEEP}"),
    ({"type": "ARRAY", "itemType": "JSON"}, "[" * 101 + "]" * 101, DEEP),
    ({"type": "YAML"}, "a: [", "Invalid YAML content"),
    ({"type": "YAML"}, "a: &x 1\nb: *x", "Invalid YAML content: aliases are not taken"),
    ({"type": "YAML"}, "!!python/object:os.system {}", "Invalid YAML content"),
    ({"type": "URI"}, "example.com/a", "Invalid URI format."),
    ({"type": "URI"}, "https://example.com/a b", "Invalid URI format."),
    ({"type": "SECRET", "validator": "[0-9]+"}, "hush", "it must match the pattern `[0-9]+`"),
    ({"type": "SECRET"}, ["hush"], "expected a text, found a list"),
    ({"type": "EMAIL"}, "ada", "The input must be a valid email"),
    ({"type": "EMAIL"}, "ada@example", "The input must be a valid email"),
    (
        {"type": "ARRAY", "itemType": "INT"},
        [1, "x"],
        "Unable to parse array element as `INT` on `x`",
    ),
    (
        {"type": "ARRAY", "itemType": "DATE"},
        ["soon"],
        "Unable to parse array element as `DATE` on `soon`",
    ),
    ({"type": "ARRAY", "itemType": "STRING"}, "a, b", "expected a list, found the text `a, b`"),
    ({"type": "ARRAY", "itemType": "STRING"}, {"a": 1}, "expected a list, found a mapping"),
]


@pytest.mark.parametrize(("declared", "given", "cause"), BAD, ids=range(len(BAD)))
def test_bad_values(declared, given, cause):
    with pytest.raises(InvalidInputs) as failed:
        resolve([{"id": "x", **declared}], {} if given is None else {"x": given})
    (problem,) = failed.value.problems
    assert problem.message.startswith(f"Invalid value for input `x`. Cause: {cause}")
    assert (problem.path, problem.code) == ("inputs.x", "invalid-input")


@pytest.mark.parametrize(
    "declared",
    [
        {"type": "STRING", "validator": "^(a+)+$"},
        {"type": "SECRET", "validator": "^(a|aa)+$"},
        {"type": "JSON", "jsonSchema": {"pattern": "^(a+)+$"}},
        {"type": "JSON", "jsonSchema": {"allOf": [{"patternProperties": {"^(a+)+$": {}}}]}},
        {"type": "JSON", "jsonSchema": '{"properties": {"x": {"pattern": "^(a+)+$"}}}'},
    ],
    ids=range(5),
)
def test_a_pattern_that_may_take_forever_is_refused_where_it_is_written(declared):
    with pytest.raises(ValidationError, match="could take forever"):
        ADAPTER.validate_python([{"id": "x", **declared}])


@pytest.mark.parametrize("kind", ["JSON", "YAML"])
def test_a_hundred_levels_are_taken(kind):
    text = "[" * 100 + "]" * 100
    assert resolve([{"id": "x", "type": kind}], {"x": text})["x"] is not None


def test_every_bad_input_is_named():
    with pytest.raises(InvalidInputs) as failed:
        resolve(
            [
                {"id": "a", "type": "STRING"},
                {"id": "b", "type": "INT", "description": "How many rows."},
                {"id": "c", "type": "INT"},
                {"id": "ok", "type": "BOOL"},
            ],
            {"b": "x", "c": "", "ok": True},
        )
    assert failed.value.message == (
        'Missing required input:a\nInvalid value for input `b`. Cause: For input string: "x"\n'
        "Missing required input:c"
    )
    assert [one.path for one in failed.value.problems] == ["inputs.a", "inputs.b", "inputs.c"]
    assert failed.value.problems[1].hint.endswith("How many rows.")


def test_defaults_are_rendered_and_typed():
    assert resolve(
        [
            {"id": "a", "type": "STRING", "defaults": "{{ flow.id }}!"},
            {"id": "b", "type": "INT", "defaults": "{{ 1 + 2 }}"},
            {"id": "c", "type": "JSON", "defaults": {"k": "{{ flow.id }}"}},
            {"id": "d", "type": "BOOL", "required": False},
        ],
        {"a": None},
    ) == {"a": "orders!", "b": 3, "c": {"k": "orders"}, "d": None}


@pytest.mark.parametrize("given", [{"a.b": 1, "a.c": 2}, {"a": {"b": 1, "c": 2}}])
def test_dots_are_maps(given):
    declared = [{"id": "a.b", "type": "INT"}, {"id": "a.c", "type": "INT"}]
    assert resolve(declared, given) == {"a": {"b": 1, "c": 2}}


def test_unknown_inputs_are_warnings():
    declared = ADAPTER.validate_python(
        [{"id": "day", "type": "STRING"}, {"id": "a.b", "type": "INT"}]
    )
    (warning,) = unknown_inputs(declared, {"dya": 1, "a": {"b": 1}, "day": "x"})
    assert not warning.is_error
    assert (warning.path, warning.hint) == ("inputs.dya", "Did you mean `day`?")


def test_each_type_has_good_and_bad_values():
    good, bad = ({declared["type"] for declared, *_ in table} for table in (GOOD, BAD))
    values = {name for name in INPUTS if name != "FORM"}
    assert good == values
    assert bad | {"BOOLEAN", "ENUM"} == values


FORM = [
    {"id": "contact", "type": "FORM", "inputs": [
        {"id": "name", "type": "STRING"},
        {"id": "mail", "type": "EMAIL", "dependsOn": {"inputs": ["name"], "condition": "{{ inputs.contact.name != 'nobody' }}"}},
    ]},
]  # fmt: skip


@pytest.mark.parametrize(
    "given",
    [
        {"contact.name": "Ada", "contact.mail": "a@b.c"},
        {"contact": {"name": "Ada", "mail": "a@b.c"}},
    ],
)
def test_a_form_is_a_map(given):
    assert resolve(FORM, given) == {"contact": {"name": "Ada", "mail": "a@b.c"}}
    assert unknown_inputs(ADAPTER.validate_python(FORM), given) == ()


def test_a_form_names_its_inputs():
    assert resolve(FORM, {"contact": {"name": "nobody", "mail": "x"}}) == {
        "contact": {"name": "nobody"}
    }
    with pytest.raises(InvalidInputs) as failed:
        resolve(FORM, {"contact": {"name": "Ada", "mail": "x"}})
    assert (
        failed.value.message
        == "Invalid value for input `contact.mail`. Cause: The input must be a valid email"
    )
    (warning,) = unknown_inputs(ADAPTER.validate_python(FORM), {"contact": {"nmae": 1}})
    assert (warning.path, warning.hint) == ("inputs.contact.nmae", "Did you mean `contact.name`?")


DEPENDENT = [
    {"id": "region", "type": "SELECT", "expression": "{{ inputs.cloud == 'aws' ? ['us', 'eu'] : ['fra'] }}",
     "dependsOn": {"inputs": ["cloud"]}},
    {"id": "bucket", "type": "STRING", "defaults": "{{ inputs.cloud }}-{{ inputs.region }}",
     "dependsOn": {"inputs": ["cloud", "region"], "condition": "{{ inputs.region != 'us' }}"}},
    {"id": "cloud", "type": "SELECT", "values": ["aws", "gcp"], "required": False},
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ({"cloud": "aws", "region": "eu"}, {"region": "eu", "bucket": "aws-eu", "cloud": "aws"}),
        ({"cloud": "aws", "region": "us", "bucket": "x"}, {"region": "us", "cloud": "aws"}),
        ({"cloud": "gcp", "region": "fra"}, {"region": "fra", "bucket": "gcp-fra", "cloud": "gcp"}),
        ({}, {"cloud": None}),
    ],
)
def test_inputs_depend_on_others(given, values):
    assert resolve(DEPENDENT, given) == values
    assert list(resolve(DEPENDENT, given)) == list(values)


def test_what_depends_on_a_bad_input_is_not_told():
    with pytest.raises(InvalidInputs) as failed:
        resolve(DEPENDENT, {"cloud": "azure"})
    assert [one.path for one in failed.value.problems] == ["inputs.cloud"]


def test_a_default_sees_only_what_it_depends_on():
    with pytest.raises(InvalidInputs, match="Unable to find `a`"):
        resolve(
            [
                {"id": "a", "type": "STRING"},
                {"id": "b", "type": "STRING", "defaults": "{{ inputs.a }}"},
            ],
            {"a": "x"},
        )


def test_a_condition_that_cannot_be_rendered_is_told():
    with pytest.raises(InvalidInputs) as failed:
        resolve(
            [{"id": "a", "type": "STRING", "dependsOn": {"condition": "{{ nope }}"}}], {"a": "x"}
        )
    assert (
        "input `a`. Cause: Cannot render the condition of 'dependsOn'. Unable to find `nope`"
        in failed.value.message
    )


def test_no_secret_without_a_key():
    declared = ADAPTER.validate_python([{"id": "token", "type": "SECRET"}])
    with pytest.raises(InvalidInputs) as failed:
        resolve_inputs(declared, {"token": "hush"}, render)
    assert failed.value.message == (
        "Invalid value for input `token`. Cause: Unable to use a `SECRET` input/output as "
        "encryption is not configured"
    )
