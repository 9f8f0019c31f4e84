"""The published schema of flow files and what the language accepts are one thing."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from penstock import registry
from penstock.docs.task import about_of
from penstock.language.parse import parse
from penstock.language.schema import flow_schema
from penstock.language.yaml import read

TESTS = Path(__file__).parents[1]
SHIPPED = sorted(
    [
        *(TESTS / "flows/valid").rglob("*.yaml"),
        *(TESTS / "language/valid").glob("*.yaml"),
        *(TESTS.parent / "demo").rglob("*.yaml"),
    ]
)
HEAD = "id: a\nnamespace: b.c\n"
LOG = "tasks:\n  - {id: t, type: core.log.Log, message: x%s}\n"


@pytest.fixture(scope="module")
def schema():
    made = flow_schema(registry, registry)
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def flows() -> list[tuple[str, str]]:
    found = [(path.name, path.read_text()) for path in SHIPPED]
    for name in registry.names():
        kind = registry.load(name)
        assert kind is not None
        found.append((name, about_of(kind).example))
    return [
        (name, text)
        for name, text in found
        if (root := read(text).root) and isinstance(root.value, dict) and "tasks" in root.value
    ]


@pytest.mark.parametrize(("name", "text"), flows(), ids=lambda value: value[:40])
def test_C01_the_schema_takes_every_flow_that_we_ship(name, text, schema):
    root = read(text).root
    assert root is not None
    assert [error.message for error in schema.iter_errors(root.value)] == [], name


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (HEAD + LOG % ", mesage: x", "Did you mean `message`?"),
        (HEAD + "lables: {a: b}\n" + LOG % "", "Did you mean `labels`?"),
        (HEAD + LOG.replace("core.log.Log", "core.log.Lag") % "", "Did you mean `core.log.Log`?"),
        (HEAD + LOG % ", retry: {type: constant, intervall: PT1S}", "Did you mean `interval`?"),
        (HEAD + "concurrency: {limit: 1, behaviour: FAIL}\n" + LOG % "", "`behavior`"),
        (HEAD + "inputs: [{id: x, type: STRING, default: a}]\n" + LOG % "", "`defaults`"),
    ],
)
def test_C01_an_unknown_key_is_an_error_with_the_nearest_name(text, hint, schema):
    root = read(text).root
    assert root is not None
    assert list(schema.iter_errors(root.value))
    (problem, *_) = [each for each in parse(text, registry).problems if each.is_error]
    assert problem.hint is not None
    assert hint in problem.hint


def test_C01_the_server_publishes_it(server):
    answer = server.api.get(f"{server.url}/api/v1/schemas/flow")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.json() == flow_schema(registry, registry)


def test_every_spelling_of_a_type_is_in_it(schema):
    for kind in ("io.kestra.core.tasks.log.Log", "io.kestra.plugin.core.log.Log", "core.log.Log"):
        assert kind in schema.schema["$defs"]["task"]["properties"]["type"]["enum"]
