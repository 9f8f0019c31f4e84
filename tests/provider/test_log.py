"""What is secret is in no log line and in no diagnostic."""

import json

import pytest

from penstock_provider.framework import log as module
from penstock_provider.framework.diagnostics import Diagnostic, diagnostic_message
from penstock_provider.framework.message import hide_secrets, unexpected
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import STRING


@pytest.fixture(autouse=True)
def empty(monkeypatch):
    monkeypatch.setattr(module, "_hidden", {})


def test_secret_attributes_are_hidden_wherever_they_turn_up(capsys):
    schema = Schema(
        "x",
        {
            "token": Attribute(STRING, "x", optional=True, sensitive=True),
            "value_wo": Attribute(STRING, "x", optional=True, write_only=True),
            "name": Attribute(STRING, "x", optional=True),
        },
    )
    assert schema.secret == ("token", "value_wo")
    hide_secrets(schema, {"token": 'tok"en-1', "value_wo": 'tok"en-1 and more', "name": "visible"})
    module.log("info", 'with tok"en-1', url='https://x/tok"en-1 and more', count=3, name="visible")
    line = json.loads(capsys.readouterr().err)
    assert line["@message"] == "with ******"
    assert line["url"] == "https://x/******", "the longer one first"
    assert (line["count"], line["name"]) == (3, "visible")
    message = diagnostic_message(Diagnostic('No tok"en-1', 'Because of tok"en-1.'))
    assert (message.summary, message.detail) == ("No ******", "Because of ******.")


def test_texts_that_are_in_many_words_are_not_hidden(capsys):
    module.hide("value")
    module.log("info", "`value_wo` of it")
    assert json.loads(capsys.readouterr().err)["@message"] == "`value_wo` of it"


def test_an_exception_is_told_by_its_place_alone(capsys):
    try:
        int("a s3cret that is no number")
    except ValueError as error:
        said = unexpected(error, "a call")
    out = capsys.readouterr().err
    assert "test_log.py" in out
    assert "s3cret" not in out + said.detail + said.summary
