"""The examples in the documentation of types are flows that hold."""

from __future__ import annotations

import inspect
import textwrap
from itertools import takewhile

import pytest

from penstock import registry
from penstock.language.parse import parse


@pytest.mark.parametrize("name", registry.names())
def test_the_example_of_each_type_is_a_valid_flow_that_uses_it(name: str) -> None:
    kind = registry.load(name)
    assert kind is not None
    _, _, below = (inspect.getdoc(kind) or "").partition("Example:\n")
    # The section ends where the text is no longer indented.
    lines = takewhile(lambda line: not line or line.startswith(" "), below.splitlines())
    parsed = parse(textwrap.dedent("\n".join(lines)), registry)
    assert [each.sentence() for each in parsed.problems if each.code != "deprecated"] == []
    assert parsed.flow is not None
    used = {task.type for task in parsed.flow.all_tasks()}
    for trigger in parsed.flow.triggers:
        used |= {trigger.type, *(condition.type for condition in trigger.conditions)}
    assert name in used
