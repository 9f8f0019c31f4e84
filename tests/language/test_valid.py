"""Flows that hold: a corpus, and the example in the documentation of every type."""

import inspect
import textwrap
from pathlib import Path

import pytest
import yaml

from penstock import registry
from penstock.language import yaml as reader
from penstock.language.parse import parse
from penstock.language.references import references

VALID = sorted((Path(__file__).parent / "valid").glob("*.yaml"))


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_corpus(path):
    parsed = parse(path.read_bytes().decode(), registry)
    assert parsed.problems == ()
    assert parsed.identity == (parsed.flow.namespace, parsed.flow.id)
    references(parsed.flow)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_the_parser_without_c_gives_the_same(path, monkeypatch):
    text = path.read_bytes().decode()
    fast = parse(text, registry).flow
    monkeypatch.setattr(reader, "_LOADER", yaml.SafeLoader)
    assert parse(text, registry).flow == fast


@pytest.mark.parametrize("name", registry.names())
def test_the_example_of_each_type_holds(name):
    documentation = inspect.getdoc(registry.load(name))
    _, _, example = documentation.partition("Example:\n")
    lines = []
    for line in example.split("\n"):
        if line and not line.startswith(" "):
            break
        lines.append(line)
    found = parse(textwrap.dedent("\n".join(lines)), registry).problems
    # An older type is told so, also in its own example.
    assert [each.sentence() for each in found if each.code != "deprecated"] == []
