"""`core.http.Download`: what is stored, under which name, and what is refused."""

from __future__ import annotations

import pytest

from penstock.plugins.core.http import _exchange
from penstock.sdk.task import TaskFailed

TYPE = "core.http.Download"


def test_a_file_is_stored_whatever_its_size(run, service, context, monkeypatch) -> None:
    monkeypatch.setattr(_exchange, "MAX_BODY_BYTES", 1000)
    service.answers["/a/orders%20of%20May.csv"] = (200, {"X-Rows": "2"}, b"n\n" * 5000)
    found = run(TYPE, uri=f"{service.url}/a/orders%20of%20May.csv?key=hidden")
    assert context.text(found["uri"]) == "n\n" * 5000
    assert found["uri"].endswith("/orders%20of%20May.csv") or found["uri"].endswith(
        "/orders of May.csv"
    )
    assert (found["code"], found["length"]) == (200, 10_000)
    assert found["headers"]["x-rows"] == ["2"]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ('attachment; filename="report.csv"', "report.csv"),
        ("attachment; filename*=UTF-8''caf%C3%A9.csv", "café.csv"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\temp\\\\x.csv"', "x.csv"),
        ('attachment; filename=".."', "get"),
        ("inline", "get"),
    ],
)
def test_the_name_is_what_the_service_says(run, service, said, name) -> None:
    service.answers["/get"] = (200, {"Content-Disposition": said}, b"x")
    assert run(TYPE, uri=f"{service.url}/get")["uri"].rpartition("/")[2] == name


def test_the_name_can_be_given_and_is_never_missing(run, service) -> None:
    service.answers["/"] = (200, {"Content-Disposition": "attachment; filename=a.txt"}, b"x")
    assert run(TYPE, uri=service.url, saveAs="b.txt")["uri"].endswith("/b.txt")
    service.answers["/"] = (200, {}, b"x")
    assert run(TYPE, uri=service.url)["uri"].endswith("/download")


def test_an_empty_file_fails_unless_it_may_be_one(run, service, context) -> None:
    service.answers["/empty"] = (200, {}, b"")
    with pytest.raises(TaskFailed, match="without a byte"):
        run(TYPE, uri=f"{service.url}/empty")
    found = run(TYPE, uri=f"{service.url}/empty", failOnEmptyResponse=False)
    assert (context.text(found["uri"]), found["length"]) == ("", 0)


def test_a_refusal_is_no_file(run, service) -> None:
    service.answers["/no"] = (403, {}, b"not for you" + b"x" * 100_000)
    with pytest.raises(TaskFailed, match="answered 403: not for you") as caught:
        run(TYPE, uri=f"{service.url}/no")
    assert caught.value.outputs["code"] == 403
    assert run(TYPE, uri=f"{service.url}/no", options={"allowFailed": True})["code"] == 403


def test_a_silent_service_is_left_at_the_time_limit(run, service) -> None:
    with pytest.raises(TaskFailed, match="timed out"):
        run(TYPE, uri=f"{service.url}/hang", options={"timeout": {"readIdleTimeout": "PT0.05S"}})
