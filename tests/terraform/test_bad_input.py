"""The list of bad input at the third door: each mistake is said at plan, with its place."""

import pytest

from ..provider.workspace import Terraform  # noqa: TID252 (no name for `tests` at run time)
from .life import block, quoted

HEAD = "id: hello\nnamespace: NAMESPACE\ntasks:\n"
LOG = "  - id: say\n    type: core.log.Log\n    message: x\n"
TRIGGER = "triggers:\n  - id: t\n    type: core.trigger.Schedule\n    cron: '61 * * * *'\n"
MISTAKES = {
    "unknown type": (
        HEAD + LOG.replace("Log\n", "Lgo\n"),
        "line 5, column 11: tasks[0].type: Unknown task type `core.log.Lgo`.",
        "Did you mean `core.log.Log`?",
    ),
    "unknown property": (
        HEAD + LOG.replace("message", "mesage"),
        "line 6, column 5: tasks[0].mesage: `core.log.Log` has no property `mesage`.",
        "Did you mean `message`?",
    ),
    "wrong type": (
        HEAD + "  - id: say\n    type: core.flow.Sleep\n    duration: [1]\n",
        "line 6, column 15: tasks[0].duration: `tasks[0].duration` is a list; expected a duration in ISO 8601.",
        "For example `duration: PT30S`.",
    ),
    "duplicate id": (
        HEAD + LOG + LOG,
        "line 7, column 9: tasks[1].id: Duplicate task id `say`; it is also at line 4.",
        "A task id is unique in the whole flow.",
    ),
    "no cron": (
        HEAD + LOG + TRIGGER,
        "line 10, column 11: triggers[0].cron: Invalid cron expression '61 * * * *': '61' is no minute.",
        "For example `cron:",
    ),
    "no YAML": (
        HEAD + "  - id: say\n   type: core.log.Log\n",
        "line 5, column 4: This line is indented like the list above it, but is no item of it.",
        "Begin it with `- `",
    ),
    "no expression": (
        HEAD + LOG.replace("x", '"hi {{ inputs.a | }}"'),
        "line 6, column 32: tasks[0].message: Expected the name of a filter but found `}}`.",
        "{% raw %}",
    ),
}
DANGLING = {
    "subflow": (
        HEAD + "  - id: a\n    type: core.flow.Subflow\n    namespace: a.b\n    flowId: gone\n",
        "line 7, column 13: tasks[0].flowId: There is no flow a.b/gone.",
    ),
    "secret": (
        HEAD + LOG.replace("x", "\"{{ secret('GONE') }}\""),
        "line 6, column 14: tasks[0].message: The secret `GONE` is neither in NAMESPACE nor above it.",
    ),
}


def sentence(out: str) -> str:
    """What Terraform printed, without its frame and its line breaks."""
    return " ".join(word for word in out.split() if word not in {"│", "╷", "╵"})


def write(terraform, namespace: str, source: str, *, is_set: bool) -> None:
    text = quoted(source.replace("NAMESPACE", namespace)).replace("%{", "%%{").replace("${", "$${")
    terraform.write(
        block("penstock_flows", namespace=quoted(namespace), sources=f"{{ hello = {text} }}")
        if is_set
        else block("penstock_flow", source=text)
    )


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("is_set", [True, False])
def test_a_mistake_is_said_at_plan(terraform, server, namespace, mistake, is_set):
    source, what, how = MISTAKES[mistake]
    write(terraform, namespace, source, is_set=is_set)
    said = sentence(terraform.plan(1))
    assert what in said
    assert how in said
    assert "on main.tf line" in said
    assert ("sources" if is_set else "source") in said
    assert "Traceback" not in said
    assert server.gone(f"/flows/{namespace}/hello")


@pytest.mark.parametrize("thing", DANGLING)
@pytest.mark.parametrize("is_set", [True, False])
def test_what_is_missing_in_the_target_is_said_at_plan(terraform, namespace, thing, is_set):
    source, what = DANGLING[thing]
    write(terraform, namespace, source, is_set=is_set)
    said = sentence(terraform.plan(1))
    assert "on main.tf line" in said
    assert what.replace("NAMESPACE", namespace) in said


def test_a_body_over_the_limit_is_said(terraform, namespace):
    path = terraform.directory / "large.yaml"
    text = f"description: |\n{'  xxxxxxx' * 1_900_000}\ntasks:"
    path.write_text((HEAD + LOG).replace("NAMESPACE", namespace).replace("tasks:", text))
    terraform.write(block("penstock_flow", source=f'file("{path}")'))
    said = sentence(terraform.plan(1))
    assert "The body is larger than the limit of 16777216 bytes." in said
    assert "PENSTOCK_MAX_SET_BODY" in said


def test_a_wrong_token_is_said(tmp_path, server, reattach, namespace):
    terraform = Terraform(tmp_path, server.url, "wrong", reattach)
    write(terraform, namespace, HEAD + LOG, is_set=False)
    said = sentence(terraform.plan(1))
    assert "This token is not known here" in said
    assert "PENSTOCK_TOKEN" in said
