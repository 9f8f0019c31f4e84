"""What `penstock fmt` does to texts, and that it never changes what they mean."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from penstock import registry
from penstock.language.form import tidied, upgraded
from penstock.language.parse import parse
from penstock.language.yaml import read
from penstock.model.flow import Flow, content_hash
from penstock.model.input import OLD_NAMES

HERE = Path(__file__).parent
VALID = sorted(HERE.parent.glob("flows/valid/*.yaml"))
OLD = """\
# Flows of the old days.
id: old   # the id
namespace: company.team

taskDefaults:
  - type: io.kestra.core.tasks.log.Log
    values: {'message': "said"}   # for all
inputs:
  - name: flag # was a name
    type: "BOOLEAN"
  - {name: kind, type: 'ENUM', values: [a, b]}
tasks:


  - id: hello
    "type": io.kestra.core.tasks.log.Log
    runIf: "{{ inputs.flag }}"  # runIf stays in comments
    message: >-
      runIf {{ inputs.kind | json }}
      and {{ json('{"a": 1}').a }}
    retry: {type: constant, interval: PT1S, maxAttempt: 3}
  - {id: each, type: core.flow.ForEach, values: [x], tasks: [{id: v, type: core.flow.Absent}]}
triggers:
  - id: daily
    type: 'io.kestra.core.models.triggers.types.Schedule'
    cron: "@daily"
    inputs: {flag: true, kind: a}
"""
NEW = """\
# Flows of the old days.
id: old   # the id
namespace: company.team

pluginDefaults:
  - type: core.log.Log
    values: {'message': "said"}   # for all
inputs:
  - id: flag # was a name
    type: "BOOL"
  - {id: kind, type: 'SELECT', values: [a, b]}
tasks:


  - id: hello
    "type": core.log.Log
    when: "{{ inputs.flag }}"  # runIf stays in comments
    message: >-
      runIf {{ inputs.kind | toJson }}
      and {{ fromJson('{"a": 1}').a }}
    retry: {type: constant, interval: PT1S, maxAttempts: 3}
triggers:
  - id: daily
    type: 'core.trigger.Schedule'
    cron: "@daily"
    inputs: {flag: true, kind: a}
"""


def without_the_absent(text: str) -> str:
    return re.sub(r"  - \{id: each.*\n", "", text)


def meaning(flow: Flow) -> object:
    """A flow as plain values, whatever the spelling."""

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {
                key: OLD_NAMES.get(item, registry.canonical(item))
                if key == "type" and isinstance(item, str)
                else plain(item)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [plain(item) for item in value]
        text = getattr(value, "value", value)
        if not isinstance(text, str):
            return str(text)
        return re.sub(r"\bjson\(", "fromJson(", re.sub(r"\| json\b", "| toJson", text))

    # What defaults give is in the tasks.
    return plain(flow.model_dump(serialize_as_any=True, exclude={"plugin_defaults"}))


def comments(text: str) -> list[str]:
    return re.findall(r"(?:^|\s)(#.*?)\s*$", text, re.MULTILINE)


def test_C03_old_names_are_accepted_with_a_warning_and_rewritten_with_comments_kept():
    text = without_the_absent(OLD)
    before = parse(text, registry)
    assert before.ok
    hints = {problem.hint for problem in before.warnings}
    assert "Write `core.trigger.Schedule`." in hints
    assert {f"Write `{new}`." for new in ("when", "maxAttempts", "pluginDefaults", "BOOL")} <= hints
    after = upgraded(text, registry)
    assert after.text == NEW
    assert comments(after.text) == comments(text)
    assert parse(after.text, registry).problems == ()
    assert ("runIf", "when", 18) in [(old, new, 18) for old, new, _ in after.renamed]
    assert upgraded(after.text, registry).text == after.text


def test_a_text_with_mistakes_is_upgraded_where_it_can_be():
    after = upgraded(OLD, registry).text
    assert "core.flow.Absent" in after
    assert "maxAttempts: 3" in after


def test_a_key_in_both_spellings_is_left_alone():
    text = (
        "id: a\nnamespace: b\ntasks:\n  - id: t\n    type: io.kestra.core.tasks.log.Log\n"
        "    message: x\n    when: a\n    runIf: b\n"
    )
    after = upgraded(text, registry).text
    assert after == text.replace("io.kestra.core.tasks.log.Log", "core.log.Log")


def test_hundreds_of_old_names_are_all_rewritten():
    task = "  - {id: t%s, type: io.kestra.core.tasks.log.Log, message: x, runIf: 'true'}\n"
    text = "id: a\nnamespace: b\ntasks:\n" + "".join(task % n for n in range(300))
    after = upgraded(text, registry)
    assert len(after.renamed) == 600
    assert "runIf" not in after.text


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("a: 1  \nb: 2\t\n\n\n", "a: 1\nb: 2\n"),
        ("a: 1", "a: 1\n"),
        ("a: 1\r\nb: 2\r\n", "a: 1\nb: 2\n"),
        ("a: |\n  x  \n  y\n", "a: |\n  x  \n  y\n"),
        ("a: |+\n  x\n\n", "a: |+\n  x\n\n"),
        ("# c   \na: 'x  \n  y'   # d  \n", "# c\na: 'x  \n  y'   # d\n"),
        ("a: [\n", "a: [\n"),
        ("", ""),
    ],
)
def test_white_space_outside_of_texts_is_tidied(text, tidy):
    assert tidied(text) == tidy
    assert tidied(tidy) == tidy


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_C07_parse_emit_parse_is_identity_with_comments(path: Path):
    """What is written back is the text itself, whatever is parsed in between."""
    text = path.read_text()
    before = parse(text, registry)
    after = upgraded(tidied(text), registry).text
    again = parse(after, registry)
    assert (before.flow is None) == (again.flow is None)
    if before.flow is not None and again.flow is not None:
        assert meaning(again.flow) == meaning(before.flow)
    assert comments(after) == comments(text)
    assert upgraded(tidied(after), registry).text == after
    if not any(problem.rename for problem in before.problems):
        assert after == text


@pytest.mark.parametrize("path", VALID[::7], ids=lambda path: path.stem)
def test_C07_the_order_of_keys_has_no_meaning(path: Path):
    parsed = parse(path.read_text(), registry)
    value = read(path.read_text()).root
    assert value is not None

    def turned(one: object) -> object:
        if isinstance(one, list):
            return [turned(item) for item in one]
        if isinstance(one, dict):
            return {key: turned(one[key]) for key in reversed(one)}
        return one

    again = parse(json.dumps(turned(value.value), ensure_ascii=False), registry)
    assert (again.flow is None) == (parsed.flow is None)
    if parsed.flow is not None and again.flow is not None:
        assert again.flow.id == parsed.flow.id
        assert [task.id for task in again.flow.tasks] == [task.id for task in parsed.flow.tasks]


def test_C07_hashes_are_stable_across_versions():
    golden = json.loads((HERE / "hashes.json").read_text())
    found = {
        path.name: content_hash(path.read_bytes().decode())
        for path in sorted((HERE / "valid").glob("*.yaml"))
    }
    assert found == golden


NAMES = st.sampled_from(["runIf", "when"])
TYPES = st.sampled_from(
    ["core.log.Log", "io.kestra.core.tasks.log.Log", "io.kestra.plugin.core.log.Log"]
)
TEXTS = st.text(alphabet=" abc#:{}\"'|>-\n\\", max_size=20)


@st.composite
def flows(draw: st.DrawFn) -> str:
    lines = ["id: a", "namespace: b", "tasks:"]
    for number in range(draw(st.integers(1, 4))):
        text = draw(TEXTS)
        written = draw(
            st.sampled_from([json.dumps(text), yaml.safe_dump(text, default_style="'").strip()])
        )
        written = written.replace("\n", "\n      ")
        lines += [
            f"  - id: t{number}{draw(st.sampled_from(['', ' ', '  # id']))}",
            f"    type: {draw(TYPES)}{draw(st.sampled_from(['', '  # runIf: x']))}",
            f"    {draw(NAMES)}: 'true'",
            f"    message: {written}",
        ]
        lines += [""] * draw(st.integers(0, 2))
    return "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n"]))


@given(flows())
def test_it_never_changes_the_meaning(text):
    before = parse(text, registry)
    after = upgraded(tidied(text), registry).text
    again = parse(after, registry)
    assert (before.flow is None) == (again.flow is None)
    if before.flow is not None and again.flow is not None:
        assert meaning(again.flow) == meaning(before.flow)
        assert not [problem for problem in again.problems if problem.rename]
    assert upgraded(tidied(after), registry).text == after
