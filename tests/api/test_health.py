"""Readiness, and what those hear who fail to say who they are."""

from __future__ import annotations

import httpx
import pytest

from penstock.runtime.executor import Executor


def test_a_server_whose_executor_died_is_alive_but_not_ready(server, monkeypatch):
    url = server.url
    assert httpx.get(f"{url}/health/ready").status_code == 200
    monkeypatch.setattr(Executor, "is_alive", property(lambda _: False))
    answer = httpx.get(f"{url}/health/ready")
    assert answer.status_code == 503
    assert "executor" in answer.json()["detail"]
    assert httpx.get(f"{url}/health/live").status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/flows"), ("POST", "/executions")])
def test_wrong_tokens_are_slowed_down_and_right_ones_are_not(server, method, path):
    headers = {"authorization": "Bearer pst_no"}
    with httpx.Client(base_url=server.api.base_url, headers=headers) as wrong:
        answers = [wrong.request(method, path) for _ in range(130)]
    assert {each.status_code for each in answers} <= {401, 429}
    late = answers[-1]
    assert (late.status_code, late.json()["code"]) == (429, "rate-limited")
    assert int(late.headers["retry-after"]) >= 1
    server.application.services.tokens.forget()
    assert server.api.get("/flows").status_code == 200
