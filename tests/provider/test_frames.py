"""The two halves of our HTTP/2 without a socket, against the library h2 as the client."""

from __future__ import annotations

import h2.config
import h2.connection
import h2.events
import h2.settings
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock_provider.framework import frames
from penstock_provider.framework.frames import frame
from penstock_provider.framework.hpack import encode
from penstock_provider.framework.incoming import STREAMS, WINDOW, Incoming
from penstock_provider.framework.outgoing import Outgoing

HEADERS = b"\x88" + encode([(b"content-type", b"application/grpc")])
TRAILERS = encode([(b"grpc-status", b"0")])
REQUEST = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/t/Echo"),
    (":authority", "localhost"),
    ("content-type", "application/grpc"),
    ("te", "trailers"),
]
PLAIN = encode([(name.encode(), value.encode()) for name, value in REQUEST])
SETTINGS = frames.PREFACE + frame(frames.SETTINGS, 0, 0)


class Echo:
    """Answers each complete request with its own bytes, in one piece or in several."""

    def __init__(self, *, pieces: bool = False, silent: bool = False) -> None:
        self.outgoing = Outgoing()
        self.incoming = Incoming(self, self.outgoing)
        self.pieces = pieces
        self.silent = silent
        self.paths = []

    def begun(self, stream) -> None:
        self.paths.append(stream.path)

    def grown(self, stream) -> None:
        pass

    def complete(self, stream) -> None:
        if self.silent:
            return
        data = b"".join(stream.parts)
        if not self.pieces:
            self.outgoing.answer(stream, data, headers=HEADERS, trailers=TRAILERS)
            return
        self.outgoing.begin(stream, HEADERS)
        half = len(data) // 2
        self.outgoing.send(stream, data[:half])
        self.outgoing.send(stream, data[half:])
        self.outgoing.finish(stream, TRAILERS)

    def take(self) -> bytes:
        data = b"".join(self.outgoing.out)
        self.outgoing.out.clear()
        return data


class Client:
    """The library as a client, with what it was answered."""

    def __init__(self, server: Echo, *, window: int = 65_535, frame_size: int = 16_384) -> None:
        self.server = server
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        codes = h2.settings.SettingCodes
        self.h2.local_settings = h2.settings.Settings(
            client=True,
            initial_values={codes.INITIAL_WINDOW_SIZE: window, codes.MAX_FRAME_SIZE: frame_size},
        )
        self.h2.max_inbound_frame_size = self.h2.incoming_buffer.max_frame_size = frame_size
        self.h2.initiate_connection()
        self.answers: dict[int, bytearray] = {}
        self.ended: set[int] = set()
        self.statuses: dict[int, str] = {}

    def exchange(self, cuts=()) -> None:
        """Passes bytes to and fro until both are silent; what the client says comes in pieces."""
        cuts = list(cuts)
        while True:
            data = self.h2.data_to_send()
            while data:
                size = cuts.pop() if cuts else len(data)
                self.server.incoming.receive(data[:size])
                data = data[size:]
            answered = self.server.take()
            if not answered:
                return
            for event in self.h2.receive_data(answered):
                self._heard(event)

    def _heard(self, event) -> None:
        if isinstance(event, h2.events.DataReceived):
            self.answers.setdefault(event.stream_id, bytearray()).extend(event.data)
            if event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            self.statuses[event.stream_id] = dict(event.headers)[b"grpc-status"].decode()
        elif isinstance(event, h2.events.StreamEnded):
            self.ended.add(event.stream_id)
        else:
            assert not isinstance(event, h2.events.ConnectionTerminated)

    def call(self, body: bytes, *, padding: int | None = None) -> int:
        number = self.h2.get_next_available_stream_id()
        self.h2.send_headers(number, REQUEST, end_stream=not body)
        while body:
            room = min(self.h2.local_flow_control_window(number), self.h2.max_outbound_frame_size)
            size = room - (0 if padding is None else padding + 1)
            assert size > 0
            part, body = body[:size], body[size:]
            self.h2.send_data(number, part, end_stream=not body, pad_length=padding)
        return number


@given(
    bodies=st.lists(st.integers(0, 70_000), min_size=1, max_size=5),
    window=st.sampled_from([1, 100, 65_535, 2**20]),
    frame_size=st.sampled_from([16_384, 16_385, 2**20]),
    padding=st.sampled_from([None, 0, 255]),
    cuts=st.lists(st.integers(1, 3000), max_size=60),
    pieces=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_answers_arrive_whatever_the_windows_are(bodies, window, frame_size, padding, cuts, pieces):
    if window < 100:
        bodies = [size % 100 for size in bodies]
    client = Client(Echo(pieces=pieces), window=window, frame_size=frame_size)
    client.exchange()
    sent = {}
    for size in bodies:
        body = bytes(range(256)) * (size // 256 + 1)
        sent[client.call(body[:size], padding=padding)] = body[:size]
    client.exchange(cuts)
    assert client.ended == sent.keys()
    assert {number: bytes(client.answers.get(number, b"")) for number in sent} == sent
    assert set(client.statuses.values()) == {"0"}
    assert client.server.outgoing.streams == {}


def test_windows_are_granted_anew():
    """More than the first windows hold, both of one stream and of all together."""
    client = Client(Echo())
    client.exchange()
    number = client.h2.get_next_available_stream_id()
    client.h2.send_headers(number, REQUEST)
    total = 3 * WINDOW
    for at in range(0, total, 16_384):
        assert client.h2.local_flow_control_window(number) >= 16_384
        client.h2.send_data(number, b"\x01" * 16_384, end_stream=at + 16_384 == total)
        client.exchange()
    assert len(client.answers[number]) == total


def test_a_smaller_window_after_the_fact():
    server = Echo()
    server.incoming.receive(SETTINGS + request(1, b"x" * 70_000))
    first = server.take()
    # 65,535 have gone; the window shrinks below nothing, then grows until all fits.
    shrink = frame(frames.SETTINGS, 0, 0, (frames.INITIAL_WINDOW_SIZE << 32 | 1).to_bytes(6, "big"))
    server.incoming.receive(shrink + update(0, 100_000) + update(1, 65_533))
    assert server.take().count(b"x" * 100) == 0
    server.incoming.receive(update(1, 5_000))
    assert first.count(b"x") + server.take().count(b"x") == 70_000


def test_settings_change_the_windows_of_open_streams():
    server = Echo()
    server.incoming.receive(SETTINGS + request(1, b"x" * 70_000) + update(0, 100_000))
    server.take()
    wide = (frames.INITIAL_WINDOW_SIZE << 32 | 70_000).to_bytes(6, "big")
    server.incoming.receive(frame(frames.SETTINGS, 0, 0, wide))
    assert b"grpc-status" in server.take()


def test_a_peer_without_a_table_is_told_so():
    server = Echo()
    none = (frames.HEADER_TABLE_SIZE << 32).to_bytes(6, "big")
    server.incoming.receive(frames.PREFACE + frame(frames.SETTINGS, 0, 0, none))
    server.take()
    server.incoming.receive(request(1, b"x") + request(3, b"y"))
    answer = server.take()
    assert answer.count(b"\x20" + HEADERS) == 1
    assert answer.count(HEADERS) == 2


def test_a_ping_is_answered_and_an_answer_is_not():
    server = Echo()
    server.incoming.receive(SETTINGS)
    server.take()
    server.incoming.receive(frame(frames.PING, frames.ACK, 0, b"abcdefgh"))
    assert server.take() == b""
    server.incoming.receive(frame(frames.PING, 0, 0, b"12345678"))
    assert server.take() == frame(frames.PING, frames.ACK, 0, b"12345678")


def request(number: int, body: bytes, *, flags: int = frames.END_HEADERS) -> bytes:
    parts = [frame(frames.HEADERS, flags, number, PLAIN)]
    parts += [
        frame(frames.DATA, 0, number, body[at : at + 16_384]) for at in range(0, len(body), 16_384)
    ]
    return b"".join([*parts, frame(frames.DATA, frames.END_STREAM, number)])


def update(number: int, more: int) -> bytes:
    return frame(frames.WINDOW_UPDATE, 0, number, more.to_bytes(4, "big"))


def setting(key: int, value: int) -> bytes:
    return frame(frames.SETTINGS, 0, 0, (key << 32 | value).to_bytes(6, "big"))


def heard(data: bytes) -> list[tuple[int, int, int, bytes]]:
    """Frames as (kind, flags, stream, payload)."""
    found = []
    while data:
        size = int.from_bytes(data[:3], "big")
        found.append((data[3], data[4], int.from_bytes(data[5:9], "big"), data[9 : 9 + size]))
        data = data[9 + size :]
    return found


OPEN = frame(frames.HEADERS, frames.END_HEADERS, 1, PLAIN)
HALF = frame(frames.HEADERS, 0, 1, PLAIN[:10])


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", frames.PROTOCOL_ERROR),
        (frames.PREFACE[:10] + b"nonsense", frames.PROTOCOL_ERROR),
        (frames.PREFACE + OPEN, frames.PROTOCOL_ERROR),
        (frames.PREFACE + frame(frames.SETTINGS, frames.ACK, 0), frames.PROTOCOL_ERROR),
        (SETTINGS + frame(99, 0, 0, b"x" * 16_385), frames.FRAME_SIZE_ERROR),
        (SETTINGS + frame(frames.DATA, 0, 0, b"x"), frames.PROTOCOL_ERROR),
        (SETTINGS + frame(frames.DATA, 0, 1, b"x"), frames.PROTOCOL_ERROR),
        (SETTINGS + OPEN + frame(frames.DATA, 0, 2, b"x"), frames.PROTOCOL_ERROR),
        (SETTINGS + frame(frames.HEADERS, 4, 0, PLAIN), frames.PROTOCOL_ERROR),
        (SETTINGS + frame(frames.HEADERS, 4, 2, PLAIN), frames.PROTOCOL_ERROR),
        (SETTINGS + frame(frames.HEADERS, 4 | 8, 1, b"\x05abcd"), frames.PROTOCOL_ERROR),
        (SETTINGS + frame(frames.HEADERS, 4 | 8, 1, b""), frames.PROTOCOL_ERROR),
        (SETTINGS + frame(frames.HEADERS, 4 | 32, 1, b"\x05abc"), frames.FRAME_SIZE_ERROR),
        (SETTINGS + frame(frames.HEADERS, 4, 1, b"\xff\xff\x00"), frames.COMPRESSION_ERROR),
        (SETTINGS + OPEN + OPEN, frames.PROTOCOL_ERROR),
        (SETTINGS + frame(frames.HEADERS, 4, 5, PLAIN) + OPEN, frames.PROTOCOL_ERROR),
        (SETTINGS + HALF + OPEN, frames.PROTOCOL_ERROR),
        (SETTINGS + HALF + frame(frames.CONTINUATION, 4, 3, b""), frames.PROTOCOL_ERROR),
        (SETTINGS + HALF + frame(99, 0, 1, b""), frames.PROTOCOL_ERROR),
        (SETTINGS + frame(frames.CONTINUATION, 4, 1, PLAIN), frames.PROTOCOL_ERROR),
        (
            SETTINGS + HALF + frame(frames.CONTINUATION, 0, 1, b"\0" * 16_384) * 4,
            frames.ENHANCE_YOUR_CALM,
        ),
        (SETTINGS + HALF + frame(frames.CONTINUATION, 0, 1) * 8000, frames.ENHANCE_YOUR_CALM),
        (SETTINGS + frame(frames.PRIORITY, 0, 0, b"\0" * 5), frames.PROTOCOL_ERROR),
        (SETTINGS + frame(frames.PRIORITY, 0, 1, b"\0" * 4), frames.FRAME_SIZE_ERROR),
        (SETTINGS + frame(frames.RST_STREAM, 0, 0, b"\0" * 4), frames.PROTOCOL_ERROR),
        (SETTINGS + frame(frames.RST_STREAM, 0, 1, b"\0" * 4), frames.PROTOCOL_ERROR),
        (SETTINGS + OPEN + frame(frames.RST_STREAM, 0, 1, b"\0" * 3), frames.FRAME_SIZE_ERROR),
        (SETTINGS + frame(frames.SETTINGS, 0, 1), frames.PROTOCOL_ERROR),
        (SETTINGS + frame(frames.SETTINGS, 0, 0, b"\0" * 5), frames.FRAME_SIZE_ERROR),
        (SETTINGS + frame(frames.SETTINGS, 1, 0, b"\0" * 6), frames.FRAME_SIZE_ERROR),
        (SETTINGS + setting(frames.ENABLE_PUSH, 2), frames.PROTOCOL_ERROR),
        (SETTINGS + setting(frames.INITIAL_WINDOW_SIZE, 2**31), frames.FLOW_CONTROL_ERROR),
        (SETTINGS + setting(frames.MAX_FRAME_SIZE, 16_383), frames.PROTOCOL_ERROR),
        (SETTINGS + setting(frames.MAX_FRAME_SIZE, 2**24), frames.PROTOCOL_ERROR),
        (SETTINGS + frame(frames.PUSH_PROMISE, 4, 1, b"\0" * 4), frames.PROTOCOL_ERROR),
        (SETTINGS + frame(frames.PING, 0, 0, b"1234567"), frames.FRAME_SIZE_ERROR),
        (SETTINGS + frame(frames.PING, 0, 1, b"12345678"), frames.PROTOCOL_ERROR),
        (SETTINGS + frame(frames.GOAWAY, 0, 1, b"\0" * 8), frames.PROTOCOL_ERROR),
        (SETTINGS + frame(frames.GOAWAY, 0, 0, b"\0" * 7), frames.FRAME_SIZE_ERROR),
        (SETTINGS + update(0, 0), frames.PROTOCOL_ERROR),
        (SETTINGS + update(0, 2**31 - 1), frames.FLOW_CONTROL_ERROR),
        (SETTINGS + update(1, 1), frames.PROTOCOL_ERROR),
        (SETTINGS + frame(frames.WINDOW_UPDATE, 0, 0, b"\0" * 3), frames.FRAME_SIZE_ERROR),
        (
            SETTINGS + OPEN + update(1, 2**30) + setting(frames.INITIAL_WINDOW_SIZE, 2**31 - 1),
            frames.FLOW_CONTROL_ERROR,
        ),
    ],
)
def test_a_broken_connection_gets_goaway_with_its_code(sent, code):
    server = Echo(silent=True)
    server.incoming.receive(sent)
    assert server.incoming.over
    kind, _, number, payload = heard(server.take())[-1]
    assert (kind, number) == (frames.GOAWAY, 0)
    assert int.from_bytes(payload[4:8], "big") == code
    assert payload[8:].decode()
    server.incoming.receive(request(7, b"nobody listens any more"))
    assert server.take() == b""


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(frames.HEADERS, 4 | 1, 1, b"\x82"), frames.PROTOCOL_ERROR),
        (OPEN + update(1, 0), frames.PROTOCOL_ERROR),
        (OPEN + update(1, 2**31 - 1), frames.FLOW_CONTROL_ERROR),
        (OPEN + frame(frames.DATA, 1, 1) + frame(frames.DATA, 1, 1), frames.STREAM_CLOSED),
    ],
)
def test_a_broken_stream_is_reset_and_the_others_go_on(sent, code):
    server = Echo(silent=True)
    server.incoming.receive(SETTINGS)
    server.take()
    server.incoming.receive(sent)
    assert heard(server.take()) == [(frames.RST_STREAM, 0, 1, code.to_bytes(4, "big"))]
    server.silent = False
    server.incoming.receive(request(3, b"abc"))
    assert b"abc" in server.take()


def test_a_stream_beyond_the_most_is_refused():
    server = Echo(silent=True)
    server.incoming.receive(SETTINGS)
    for number in range(1, 2 * STREAMS, 2):
        server.incoming.receive(frame(frames.HEADERS, 5, number, PLAIN))
    server.take()
    server.incoming.receive(frame(frames.HEADERS, 5, 2 * STREAMS + 1, PLAIN))
    refused = frames.REFUSED_STREAM.to_bytes(4, "big")
    assert heard(server.take()) == [(frames.RST_STREAM, 0, 2 * STREAMS + 1, refused)]


def test_who_sends_more_than_a_stream_may_is_cut_off():
    server = Echo(silent=True)
    server.incoming.receive(SETTINGS + OPEN)
    server.outgoing.streams[1].granted = 10
    server.take()
    server.incoming.receive(frame(frames.DATA, 0, 1, b"x" * 11))
    assert heard(server.take())[-1][3] == frames.FLOW_CONTROL_ERROR.to_bytes(4, "big")


def test_headers_in_pieces_with_padding_and_priority():
    server = Echo()
    padded = b"\x03" + b"\0\0\0\0\x10" + PLAIN[:9] + b"\0\0\0"
    server.incoming.receive(
        SETTINGS
        + frame(frames.HEADERS, frames.PADDED | frames.WITH_PRIORITY, 1, padded)
        + frame(frames.CONTINUATION, 0, 1, PLAIN[9:20])
        + frame(frames.CONTINUATION, 0, 1)
        + frame(frames.CONTINUATION, frames.END_HEADERS, 1, PLAIN[20:])
        + frame(frames.PRIORITY, 0, 1, b"\0" * 5)
        + frame(200, 255, 1, b"of another version")
        + frame(frames.DATA, frames.END_STREAM | frames.PADDED, 1, b"\x02hello\0\0")
    )
    assert server.paths == ["/t/Echo"]
    assert b"hello" in server.take()


def test_a_reset_stream_is_forgotten_and_late_frames_are_let_pass():
    server = Echo(silent=True)
    server.incoming.receive(SETTINGS + OPEN + frame(frames.RST_STREAM, 0, 1, b"\0\0\0\x08"))
    server.take()
    assert server.outgoing.streams == {}
    trailers = frame(frames.HEADERS, 5, 1, encode([(b"x", b"y")]))
    server.incoming.receive(frame(frames.DATA, 0, 1, b"late") + update(1, 5) + trailers)
    assert not server.incoming.over
    assert server.take() == b""


def test_trailers_end_a_request():
    server = Echo()
    trailers = frame(frames.HEADERS, 5, 1, encode([(b"x", b"y")]))
    server.incoming.receive(SETTINGS + OPEN + frame(frames.DATA, 0, 1, b"abc") + trailers)
    assert b"abc" in server.take()


some_frames = st.builds(
    frame,
    st.integers(0, 12),
    st.integers(0, 255),
    st.sampled_from([0, 1, 2, 3, 5, 2**31 - 1]),
    st.binary(max_size=40)
    | st.just(PLAIN)
    | st.integers(0, 2**32 - 1).map(lambda n: n.to_bytes(4, "big")),
)


@given(st.lists(some_frames | st.binary(max_size=30), max_size=12), st.booleans())
@settings(max_examples=500, deadline=None)
def test_any_frames_are_heard_without_an_exception(sent, silent):
    server = Echo(silent=silent)
    server.incoming.receive(SETTINGS)
    for data in sent:
        server.incoming.receive(data)
    answers = heard(server.take())
    assert answers[0][0] == frames.SETTINGS
    assert server.incoming.over or all(kind != frames.GOAWAY for kind, _, _, _ in answers)
