"""`core.http.SseRequest`, and streams of events."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.plugins.core.http import _exchange
from penstock.plugins.core.http._events import EventDecoder, ServerSentEvent
from penstock.plugins.core.http.sse_request import SseRequest
from penstock.sdk.task import TaskFailed

TYPE = "core.http.SseRequest"
STREAM = (
    b"\xef\xbb\xbf: hello\n\nid: 1\r\nevent: add\r\ndata: one\r\n\r\n"
    b"data:two\rdata: lines\r\rretry: 5\n\n: why\ndata\n\ndata: \xc3\xbc\xe2\x80\xa8x\n\ndata: cut"
)
EVENTS = [
    ServerSentEvent("one", name="add", id="1"),
    ServerSentEvent("two\nlines"),
    ServerSentEvent("", comment="why"),
    ServerSentEvent("ü\u2028x"),
]


@given(st.lists(st.integers(min_value=1, max_value=20), max_size=40))
def test_events_are_the_same_however_their_bytes_arrive(sizes: list[int]) -> None:
    decoder, rest, found = EventDecoder(), STREAM, []
    for size in [*sizes, len(STREAM)]:
        found.extend(decoder.feed(rest[:size]))
        rest = rest[size:]
    assert found == EVENTS


def test_a_long_line_is_read_once() -> None:
    decoder, size = EventDecoder(), 50_000
    assert list(decoder.feed(b"data:")) == []
    for _ in range(size):
        assert list(decoder.feed(b"x" * 100)) == []
    (event,) = decoder.feed(b"\n\n")
    assert len(event.data) == size * 100


def test_gives_all_events_of_a_stream_that_closes(run, service) -> None:
    service.answers["/events"] = (200, {"Content-Type": "text/event-stream"}, STREAM)
    found = run(TYPE, uri=f"{service.url}/events", method="POST", body={"stream": True})
    assert [event["data"] for event in found["events"]] == [event.data for event in EVENTS]
    assert found["events"][0] == {"data": "one", "name": "add", "id": "1", "comment": None}
    assert (found["size"], found["result"]) == (4, None)
    assert found["uri"] == f"{service.url}/events"
    assert service.seen[0]["headers"]["accept"] == "text/event-stream"
    assert service.seen[0]["body"] == '{"stream": true}'


def test_a_refusal_is_told_with_its_first_bytes(run, service) -> None:
    service.answers["/no"] = (429, {}, b"slow down")
    with pytest.raises(TaskFailed, match="answered 429: slow down"):
        run(TYPE, uri=f"{service.url}/no")


def test_a_stream_is_bounded(run, service, monkeypatch) -> None:
    monkeypatch.setattr(_exchange, "MAX_BODY_BYTES", 100)
    service.answers["/much"] = (200, {}, b"data: x\n\n" * 100)
    with pytest.raises(TaskFailed, match="more than an output may hold"):
        run(TYPE, uri=f"{service.url}/much")


def test_a_stream_that_never_closes_ends_with_the_task(context, service) -> None:
    service.answers["/stream"] = (200, {}, b"data: one\n\n")
    task = SseRequest.model_validate({"id": "s", "type": TYPE, "uri": f"{service.url}/stream"})
    failed: list[TaskFailed] = []

    def call() -> None:
        try:
            task.run(context)
        except TaskFailed as error:
            failed.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    assert service.arrived.wait(30)
    context.cancel()
    thread.join(30)
    assert not thread.is_alive()
    assert "asked to stop" in failed[0].message


def test_a_stream_that_falls_silent_is_left(run, service) -> None:
    service.answers["/stream"] = (200, {}, b"data: one\n\n")
    with pytest.raises(TaskFailed, match="timed out"):
        run(TYPE, uri=f"{service.url}/stream", options={"timeout": {"readIdleTimeout": "PT0.1S"}})
