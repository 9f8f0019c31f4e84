"""What is followed, and what may be asked for only once, over connections that break."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from penstock_provider.api import ApiError, Settings
from penstock_provider.client import Client
from penstock_provider.events import Events


class Server:
    """Answers each request by the next of ``answers``, then closes the connection."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.seen: list[tuple[str, str | None]] = []
        self.hold = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                return

            def do_GET(self) -> None:
                server.seen.append((self.command, self.headers.get("Last-Event-ID")))
                answer = server.answers.pop(0)
                self.wfile.write(answer)
                self.wfile.flush()
                if answer.endswith(b": wait\n\n"):
                    server.hold.wait(10)

            do_POST = do_GET  # noqa: N815 (names that http.server wants)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.hold.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
REFUSED = b'HTTP/1.0 %d No\r\nContent-Type: application/json\r\n\r\n{"code": "no", "detail": "No."}'


@pytest.fixture
def server():
    made = Server()
    yield made
    made.stop()


@pytest.fixture
def client(server):
    url = f"http://127.0.0.1:{server.http.server_port}"
    made = Client(Settings(url, "t", max_retries=2, timeout=10))
    made.pause = lambda _: None
    yield made
    made.close()


def test_a_lost_connection_goes_on_where_it_was(server, client):
    server.answers = [
        HEAD + b'id: 3\nevent: log\ndata: {"n": 1}\n\n: still here\n\n',
        HEAD + b'id: 4\nevent: end\ndata: {"state": "SUCCESS"}\n\n',
    ]
    events = Events(client, "/x")
    first, second = events.next(), events.next()
    events.close()
    assert (first.name, first.data) == ("log", {"n": 1})
    assert (second.name, second.data) == ("end", {"state": "SUCCESS"})
    assert server.seen == [("GET", None), ("GET", "3")]
    assert events.next() is None


def test_connections_that_are_lost_again_and_again_are_given_up(server, client):
    server.answers = [HEAD] * 5
    events = Events(client, "/x")
    with pytest.raises(ApiError, match="again and again"):
        events.next()
    events.close()
    assert len(server.seen) == 3


def test_a_refusal_is_told(server, client):
    server.answers = [REFUSED % 404]
    events = Events(client, "/x")
    with pytest.raises(ApiError, match="No"):
        events.next()
    events.close()


def test_whoever_waits_is_woken_when_all_ends(server, client):
    server.answers = [HEAD + b"event: change\ndata: {}\n\n: wait\n\n"]
    events = Events(client, "/x")
    assert events.next().name == "change"
    ended = []
    thread = threading.Thread(target=lambda: ended.append(events.next()))
    thread.start()
    client.stop()
    thread.join(10)
    assert ended == [None]
    assert client.stopped
    assert client.on_stop == []


def test_what_must_not_happen_twice_is_asked_for_once(server, client):
    server.answers = [b""]
    with pytest.raises(ApiError):
        client.request("POST", "/executions", {}, once=True)
    assert len(server.seen) == 1
    server.answers = [REFUSED % 500]
    with pytest.raises(ApiError):
        client.request("POST", "/executions", {}, once=True)
    assert len(server.seen) == 2


def test_a_server_that_has_not_begun_is_asked_again(server, client):
    begun = b"HTTP/1.0 201 Created\r\nContent-Type: application/json\r\n\r\n{}"
    server.answers = [REFUSED % 503, REFUSED % 429, begun]
    assert client.request("POST", "/executions", {}, once=True).status == 201
    assert len(server.seen) == 3
