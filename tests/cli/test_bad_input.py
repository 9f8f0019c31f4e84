"""The list of bad input at the first door: place, cause and cure on stderr, nothing written."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("server")

HEAD = "id: f\nnamespace: NAMESPACE\ntasks:\n"
LOG = "  - id: say\n    type: core.log.Log\n    message: x\n"
TRIGGER = "triggers:\n  - id: t\n    type: core.trigger.Schedule\n    cron: '61 * * * *'\n"
MISTAKES = {
    "unknown type": (
        HEAD + LOG.replace("Log\n", "Lgo\n"),
        "5:11: error [unknown-type]: Unknown task type `core.log.Lgo`.",
        "Did you mean `core.log.Log`?",
    ),
    "unknown property": (
        HEAD + LOG.replace("message", "mesage"),
        "6:5: error [unknown-property]: `core.log.Log` has no property `mesage`.",
        "Did you mean `message`?",
    ),
    "wrong type": (
        HEAD + "  - id: say\n    type: core.flow.Sleep\n    duration: [1]\n",
        "6:15: error [wrong-type]: `tasks[0].duration` is a list; expected a duration",
        "For example `duration: PT30S`.",
    ),
    "duplicate id": (
        HEAD + LOG + LOG,
        "7:9: error [duplicate-id]: Duplicate task id `say`; it is also at line 4.",
        "A task id is unique in the whole flow.",
    ),
    "no cron": (
        HEAD + LOG + TRIGGER,
        "10:11: error [invalid-value]: Invalid cron expression '61 * * * *': '61' is no minute.",
        "For example `cron:",
    ),
    "no YAML": (
        HEAD + "  - id: say\n   type: core.log.Log\n",
        "5:4: error [yaml-syntax]: This line is indented like the list above it",
        "Begin it with `- `",
    ),
    "no expression": (
        HEAD + LOG.replace("x", '"hi {{ inputs.a | }}"'),
        "6:32: error [invalid-expression]: Expected the name of a filter but found `}}`.",
        "{% raw %}",
    ),
}
DANGLING = {
    "subflow": (
        HEAD + "  - id: a\n    type: core.flow.Subflow\n    namespace: a.b\n    flowId: gone\n",
        "7:13: error [unknown-subflow]: There is no flow a.b/gone.",
        "Write it first, or in the same set.",
    ),
    "secret": (
        HEAD + LOG.replace("x", "\"{{ secret('GONE') }}\""),
        "6:14: error [missing-secret]: The secret `GONE` is neither in NAMESPACE nor above it.",
        "penstock secret put NAMESPACE/GONE",
    ),
}


def check(ran, where: str, how: str) -> None:
    assert ran.code == 1
    assert f"bad.yaml:{where}" in ran.err
    assert how in ran.err
    assert re.search(r"^ +\d+ \| .*\n +\| +\^$", ran.err, re.MULTILINE), "the line and a caret"
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_said_by_validate_plan_and_apply(penstock, ns, mistake):
    source, where, how = MISTAKES[mistake]
    Path("bad.yaml").write_text(source.replace("NAMESPACE", ns))
    for command in ("validate", "plan", "apply"):
        check(penstock(command, "bad.yaml"), where, how)
    assert penstock("--output", "json", "flow", "list", "--namespace", ns).json == []


@pytest.mark.parametrize("thing", DANGLING)
def test_what_is_missing_in_the_target_stops_a_complete_set(penstock, ns, thing):
    source, where, how = (text.replace("NAMESPACE", ns) for text in DANGLING[thing])
    Path("bad.yaml").write_text(source)
    assert penstock("validate", "bad.yaml").code == 0, "nobody knows the target offline"
    for command in ("plan", "apply"):
        check(penstock(command, "--complete", "bad.yaml"), where, how)
    assert penstock("--output", "json", "flow", "list", "--namespace", ns).json == []


def test_a_body_over_the_limit_is_said_and_nothing_is_written(penstock, ns):
    text = (HEAD + LOG).replace("NAMESPACE", ns)
    Path("good.yaml").write_text(text.replace("id: f", "id: g"))
    for name in ("large", "larger"):
        body = text.replace("id: f", f"id: {name}")
        Path(f"{name}.yaml").write_text(f"description: {'x' * 700_000}\n{body}")
    for command in ("plan", "apply"):
        ran = penstock(command, "good.yaml", "large.yaml", "larger.yaml")
        assert ran.code == 1
        assert "The body is larger than the limit of 1300000 bytes." in ran.err
        assert "PENSTOCK_MAX_SET_BODY" in ran.err
    assert penstock("--output", "json", "flow", "list", "--namespace", ns).json == []


def test_a_wrong_token_is_said(penstock, monkeypatch):
    monkeypatch.setenv("PENSTOCK_TOKEN", "wrong")
    ran = penstock("flow", "list")
    assert ran.code == 1
    assert "This token is not known here" in ran.err
    assert "penstock token put" in ran.err
