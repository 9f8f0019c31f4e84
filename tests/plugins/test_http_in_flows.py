"""HTTP tasks within flows: queries on events, secret answers, downloaded records."""

from __future__ import annotations

import pytest

from penstock import registry
from penstock.language.parse import parse
from penstock.model.sealed import holds_sealed
from penstock.model.state import State
from penstock.runtime.local import LocalRunner, Patience


@pytest.fixture(scope="module")
def runner():
    with LocalRunner(workers=2) as made:
        yield made


@pytest.fixture
def flow(runner, service):
    def execute(tasks: str):
        source = f"id: f\nnamespace: company.team\ntasks:\n{tasks}".replace("URL", service.url)
        parsed = parse(source, registry)
        assert parsed.flow is not None, [problem.sentence() for problem in parsed.problems]
        runner.store.add([(parsed.flow, source)])
        execution, version = runner.prepare("company.team", "f", {})
        lines: list[str] = []

        def on_line(by, line) -> None:
            if by.id == execution.id:
                lines.append(line.message)

        ran = runner.run(execution, version, on_line=on_line, patience=Patience(60))
        return ran.execution, lines

    return execute


def test_what_a_query_finds_in_events_is_joined(flow, service) -> None:
    service.answers["/llm"] = (
        200,
        {},
        b"\n".join(
            b"data: %s\n" % data
            for data in (
                b'{"choices":[{"delta":{"content":"Hel"}}]}',
                b'{"choices":[{"delta":{"content":"lo"}}]}',
                b'{"choices":[{"delta":{}}]}',
                b"[DONE]",
            )
        )
        + b"\n",
    )
    task = (
        "  - id: ask\n    type: core.http.SseRequest\n    uri: URL/llm\n"
        "    concatJqExpression: .choices[0].delta.content\n"
    )
    execution, lines = flow(
        f"{task}    failedOnMissingJq: false\n"
        "  - {id: show, type: core.log.Log, message: '{{ outputs.ask.result }}'}\n"
    )
    assert execution.state is State.SUCCESS, execution.failure
    assert lines == ["Hello"]
    execution, _ = flow(task)
    assert "finds nothing in event 3. If that may be" in execution.failure.message


def test_a_secret_answer_is_plain_in_expressions_only(flow, service) -> None:
    service.answers["/token"] = (200, {}, b"t0ken-of-day")
    execution, lines = flow(
        "  - {id: get, type: core.http.Request, uri: URL/token, encryptBody: true}\n"
        "  - id: use\n    type: core.http.Request\n    uri: URL/use\n"
        "    headers: {X-Token: '{{ outputs.get.encryptedBody }}'}\n"
        "  - {id: show, type: core.log.Log, message: 'it is {{ outputs.get.encryptedBody }}'}\n"
    )
    assert execution.state is State.SUCCESS, execution.failure
    assert service.seen[1]["headers"]["x-token"] == "t0ken-of-day"
    assert lines == ["it is ******"]
    get = next(run for run in execution.task_runs.values() if run.task_id == "get")
    assert holds_sealed(get.outputs)
    assert "t0ken" not in str(get.outputs)


def test_downloaded_records_are_read_by_later_tasks(flow, service) -> None:
    service.answers["/rows.jsonl"] = (200, {}, b'{"n": 1}\n{"n": 2}\n')
    execution, lines = flow(
        "  - {id: get, type: core.http.Download, uri: URL/rows.jsonl}\n"
        "  - {id: show, type: core.log.Log, message: '{{ read(outputs.get.uri) | trim }}'}\n"
    )
    assert execution.state is State.SUCCESS, execution.failure
    assert lines == ['{"n": 1}\n{"n": 2}']
