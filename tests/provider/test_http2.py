"""Our HTTP/2 server against grpcio, a client that shares no code with it."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from penstock_provider.framework import http2
from penstock_provider.framework.http2 import Connection
from penstock_provider.framework.loop import Loop

PATIENCE = 60
"""Seconds after which an answer that never comes is a failure."""
SLOW = threading.Event()
SENT: list[int] = []


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Serves /t/Echo, /t/Fail, /t/Slow (waits for SLOW) and the open stream /t/Open."""
    loop = Loop()
    path = str(tmp_path_factory.mktemp("h2") / "socket")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    listener.setblocking(False)
    connections = []

    async def echo(data: bytes) -> bytes:
        return data[::-1]

    async def fail(_: bytes) -> bytes:
        raise RuntimeError("a value that nobody may see")

    async def slow(data: bytes) -> bytes:
        await loop.in_thread(SLOW.wait)
        return data

    async def grow(data: bytes) -> bytes:
        return b"x" * int(data)

    async def count(data: bytes, send) -> None:
        told = 0
        for number in range(int(data)):
            if not send(str(number).encode()):
                break
            told += 1
            if number % 100 == 99:
                await loop.in_thread(lambda: None)
        SENT.append(told)

    async def stumble(data: bytes, send) -> None:
        send(data)
        raise RuntimeError("a value that nobody may see")

    streams = {"/t/Count": count, "/t/Stumble": stumble}
    handlers = {"/t/Echo": echo, "/t/Fail": fail, "/t/Slow": slow, "/t/Grow": grow}

    def accept() -> None:
        sock, _ = listener.accept()
        sock.setblocking(False)
        connections.append(
            Connection(
                loop,
                sock,
                handlers=handlers,
                streams=streams,
                open_streams=frozenset({"/t/Open"}),
                on_close=lambda: None,
            )
        )

    loop.watch(listener, accept)
    thread = threading.Thread(target=loop.run)
    thread.start()
    yield f"unix:{path}"
    loop.stop()
    thread.join()
    for connection in connections:
        connection.close()
    listener.close()
    loop.close()


@pytest.fixture
def channel(address):
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(address, options) as opened:
        yield opened


def test_echo_of_many_sizes(channel):
    call = channel.unary_unary("/t/Echo")
    for size in (0, 1, 5, 16_383, 16_384, 16_385, 65_535, 65_536, 1_000_000, 20_000_000):
        data = bytes(range(256)) * (size // 256 + 1)
        assert call(data[:size], timeout=PATIENCE) == data[:size][::-1]


def test_large_answers_at_once(channel):
    call = channel.unary_unary("/t/Grow")
    with ThreadPoolExecutor(8) as pool:
        sizes = [3_000_000 + n for n in range(8)]
        answers = list(pool.map(lambda size: call(str(size).encode(), timeout=PATIENCE), sizes))
    assert [len(answer) for answer in answers] == sizes


def test_messages_that_are_too_large_are_refused(channel, monkeypatch):
    monkeypatch.setattr(http2, "_LARGEST_MESSAGE", 1_000_000)
    call = channel.unary_unary
    for path, body in (("/t/Echo", b"x" * 30_000_000), ("/t/Grow", b"1000001")):
        with pytest.raises(grpc.RpcError) as error:
            call(path)(body, timeout=PATIENCE)
        assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "larger than" in error.value.details()
    assert len(call("/t/Grow")(b"1000000", timeout=PATIENCE)) == 1_000_000


def test_slow_calls_do_not_hold_up_others(channel):
    SLOW.clear()
    slow, echo = channel.unary_unary("/t/Slow"), channel.unary_unary("/t/Echo")
    waiting = [slow.future(str(n).encode(), timeout=PATIENCE) for n in range(40)]
    for n in range(200):
        assert echo(str(n).encode(), timeout=PATIENCE) == str(n).encode()[::-1]
    assert not any(call.done() for call in waiting)
    SLOW.set()
    assert [call.result() for call in waiting] == [str(n).encode() for n in range(40)]


def test_cancelled_calls_are_forgotten(channel):
    SLOW.clear()
    call = channel.unary_unary("/t/Slow").future(b"x", timeout=PATIENCE)
    call.cancel()
    assert channel.unary_unary("/t/Echo")(b"ab", timeout=PATIENCE) == b"ba"
    SLOW.set()
    assert channel.unary_unary("/t/Echo")(b"cd", timeout=PATIENCE) == b"dc"


def test_failures_have_a_status_and_tell_no_value(channel):
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary("/t/Fail")(b"", timeout=PATIENCE)
    assert error.value.code() is grpc.StatusCode.INTERNAL
    assert error.value.details() == "RuntimeError"
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary("/t/None")(b"", timeout=PATIENCE)
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("count", [0, 1, 5000])
def test_streams_send_every_answer_in_order(channel, count):
    answers = channel.unary_stream("/t/Count")(str(count).encode(), timeout=PATIENCE)
    assert [int(answer) for answer in answers] == list(range(count))


def test_a_stream_learns_that_nobody_listens_any_more(channel):
    SENT.clear()
    stream = channel.unary_stream("/t/Count")(b"2000000", timeout=PATIENCE)
    assert next(stream) == b"0"
    stream.cancel()
    while not SENT:
        assert channel.unary_unary("/t/Echo")(b"ab", timeout=PATIENCE) == b"ba"
    assert SENT[0] < 2_000_000


def test_a_stream_that_fails_keeps_what_it_sent(channel):
    stream = channel.unary_stream("/t/Stumble")(b"first", timeout=PATIENCE)
    assert next(stream) == b"first"
    with pytest.raises(grpc.RpcError) as error:
        next(stream)
    assert (error.value.code(), error.value.details()) == (
        grpc.StatusCode.INTERNAL,
        "RuntimeError",
    )


def test_open_streams_stay_open(channel):
    stream = channel.unary_stream("/t/Open")(b"", timeout=PATIENCE)
    stream.initial_metadata()
    assert channel.unary_unary("/t/Echo")(b"ab", timeout=PATIENCE) == b"ba"
    assert stream.is_active()
    stream.cancel()
    assert channel.unary_unary("/t/Echo")(b"ab", timeout=PATIENCE) == b"ba"


def test_garbage_only_ends_its_own_connection(address, channel):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(address.removeprefix("unix:"))
        sock.settimeout(PATIENCE)
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n" + b"\0" * 100)
        while sock.recv(4096):
            pass
    assert channel.unary_unary("/t/Echo")(b"ab", timeout=PATIENCE) == b"ba"
