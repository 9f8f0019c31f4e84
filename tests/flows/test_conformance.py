"""The same flows do the same in process and on a server, event for event."""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from penstock.main import Application, serve
from penstock.model.frozen import Json
from penstock.model.sealed import hidden
from penstock.model.state import State
from penstock.runtime.local import LocalRunner, Patience
from penstock.settings import Settings

from .test_valid import FLOWS, HERE, NAMESPACES, SECRETS, answer, expected, flow_of, runner

__all__ = ["runner"]

PATIENCE = 30.0
BY_CHANCE = re.compile(r"[0-9A-Za-z+/]{22,}=*|[0-9a-f]{16}|\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)?")
"""Ids, random numbers, what is encrypted, and moments: no two executions have the same."""
ELSEWHERE = "secret '"
"""In process a missing secret is mended by another command, so its sentence is another one."""
CUT = {"timeout", "sla", "killed"}
"""Time, or somebody, ended a task run: whether its worker had begun by then is chance."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server that knows what the runner in process knows."""
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        port=0,
        shutdown_seconds=0.5,
        workers=4,
        namespaces="open",
    )
    ready, stop = threading.Event(), threading.Event()
    found: list[tuple[Application, str]] = []

    def on_ready(application: Application, url: str) -> None:
        found.append((application, url))
        ready.set()

    thread = threading.Thread(target=lambda: serve(settings, on_ready, stop))
    thread.start()
    assert ready.wait(PATIENCE)
    application, url = found[0]
    headers = {"authorization": f"Bearer {application.admin_token.read_text().strip()}"}
    base = f"{url}/api/v1/tenants/main"
    with httpx.Client(base_url=base, headers=headers, trust_env=False, timeout=PATIENCE) as client:
        _fill(client)
        yield client
    stop.set()
    thread.join(PATIENCE)


def _fill(client: httpx.Client) -> None:
    for namespace, spec in NAMESPACES.items():
        assert client.put(f"/namespaces/{namespace}", json=spec).is_success
        for key, value in SECRETS.items():
            assert client.put(f"/secrets/{namespace}/{key}", json={"value": value}).is_success
    for path in sorted((HERE / "called").glob("*.yaml")):
        _put(client, path)
    for path in (HERE / "files").rglob("*"):
        if path.is_file():
            name = path.relative_to(HERE / "files").as_posix()
            kind = {"content-type": "application/octet-stream"}
            sent = client.put(
                f"/files/corpus.valid/{name}", content=path.read_bytes(), headers=kind
            )
            assert sent.is_success, sent.text


def _put(client: httpx.Client, path: Path) -> None:
    flow, source = flow_of(path)
    kind = {"content-type": "application/yaml"}
    sent = client.put(f"/flows/{flow.namespace}/{flow.id}", content=source, headers=kind)
    assert sent.is_success, sent.text


def plain(value: Json) -> Json:
    """A value without what is there by chance."""
    if isinstance(value, str):
        return BY_CHANCE.sub("*", value)
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {plain(key): "*" if key == "by" else plain(each) for key, each in value.items()}
    return value


def _over(client: httpx.Client, id_: str) -> dict[str, Any]:
    """The execution, once nothing of it works any more."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = client.get(f"/executions/{id_}").json()
        runs = found["taskRuns"]
        if found["endedAt"] and all(State(run["state"]).is_terminated for run in runs):
            return found
    raise AssertionError(f"{id_} does not end")


def on_server(client: httpx.Client, path: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Runs it, resuming its pauses, and gives what the API says of it."""
    flow, _ = flow_of(path)
    body = {"namespace": flow.namespace, "flowId": flow.id, "inputs": about.get("given", {})}
    sent = client.post("/executions", json=body)
    assert sent.status_code == 201, sent.text
    id_ = sent.json()["id"]
    answers = list(about.get("resume", []))
    with client.stream("GET", f"/executions/{id_}/follow") as stream:
        for line in stream.iter_lines():
            if line == "event: end":
                break
            if answers and client.get(f"/executions/{id_}").json()["state"] == "PAUSED":
                client.post(f"/executions/{id_}/resume", json={"inputs": answers.pop(0)})
    found = _over(client, id_)
    while found["state"] == "RETRIED":
        made = client.get("/executions", params={"originalId": id_, "limit": 1}).json()["items"]
        if made:
            found = _over(client, made[0]["id"])
    id_ = found["id"]
    events, cursor = [], None
    while True:
        page = client.get(
            f"/executions/{id_}/events",
            params={"limit": 1000, **({"cursor": cursor} if cursor else {})},
        ).json()
        events += page["items"]
        cursor = page.get("nextCursor")
        if not cursor:
            break
    return {**found, "events": events}


def in_process(made: LocalRunner, path: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Runs it without a server, and says of it what the API would."""
    flow, source = flow_of(path)
    made.store.add([(flow, source)])
    execution, version = made.prepare(flow.namespace, flow.id, about.get("given", {}))
    undo = answer(made, execution, list(about.get("resume", [])))
    found = made.run(execution, version, patience=Patience(PATIENCE)).execution
    undo()
    runs = sorted(found.task_runs.values(), key=lambda run: run.number)
    return {
        "state": found.state.value,
        "outputs": hidden(found.outputs) if found.outputs else None,
        "error": None if found.failure is None else {"message": found.failure.message},
        "taskRuns": [
            {
                "id": run.id,
                "taskId": run.task_id,
                "value": run.value,
                "state": run.state.value,
                "attempts": [{"state": each.state.value} for each in run.attempts],
                "outputs": hidden(run.outputs) if run.outputs else None,
            }
            for run in runs
        ],
        "events": [
            {"kind": each.kind, "state": str(each.state), "taskRunId": each.task_run_id}
            for each in made.events(found.id)
        ],
    }


def story(told: dict[str, Any], *, any_order: bool) -> dict[str, Any]:
    """What two executions of a flow have in common, whoever runs them.

    Of tasks that work at the same time only what each of them does has an order; whether one
    pauses while another works, so that the execution pauses too, is chance.
    """
    names = {run["id"]: (run["taskId"], run["value"]) for run in told["taskRuns"]}
    lines: dict[object, list[tuple[str, str]]] = defaultdict(list)
    order: list[object] = []
    cut = {each["taskRunId"] for each in told["events"] if each["kind"] in CUT}
    for event in told["events"]:
        kind, name = event["kind"], names.get(event["taskRunId"])
        if event["taskRunId"] in cut and kind in {"started", "killing"}:
            continue
        if name is None and any_order and kind in {"paused", "resumed"}:
            continue
        lines[name].append((kind, event["state"]))
        if kind == "created":
            order.append(name)
    runs = [
        (
            (run["taskId"], run["value"]),
            run["state"],
            [attempt["state"] for attempt in run["attempts"] if run["id"] not in cut],
            plain(run["outputs"]),
        )
        for run in told["taskRuns"]
    ]
    error = (told["error"] or {}).get("message") or ""
    return {
        "state": told["state"],
        "outputs": plain(told["outputs"]),
        "error": None if ELSEWHERE in error else plain(error),
        "runs": sorted(runs, key=repr) if any_order else runs,
        "events": sorted(lines.items(), key=repr),
        "order": sorted(order, key=repr) if any_order else order,
    }


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_the_library_and_a_server_agree(path: Path, runner: LocalRunner, api: httpx.Client):
    about = expected(path)
    _put(api, path)
    if "refused" in about:
        flow, _ = flow_of(path)
        body = {"namespace": flow.namespace, "flowId": flow.id, "inputs": about.get("given", {})}
        refused = api.post("/executions", json=body)
        assert refused.status_code == 422
        assert about["refused"] in refused.json()["detail"]
        return
    any_order = about.get("any_order", False)
    there = story(on_server(api, path, about), any_order=any_order)
    here = story(in_process(runner, path, about), any_order=any_order)
    assert there == here
