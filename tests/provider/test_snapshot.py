"""Staleness rules of listings, and the queue that bundles operations."""

import pytest

from penstock_provider.bulk import Queue
from penstock_provider.framework.loop import Loop
from penstock_provider.reference import Reference, parse_reference
from penstock_provider.snapshot import Snapshot


class Server:
    def __init__(self) -> None:
        self.flows = {"x": 1, "y": 1}
        self.asked: list[str | None] = []

    async def request(self, *_, etag=None):
        self.asked.append(etag)
        now = str(sorted(self.flows.items()))
        if etag == now:
            return {"notModified": True}
        rows = [
            {"kind": "flow", "namespace": "a.b", "id": k, "revision": v}
            for k, v in self.flows.items()
        ]
        return {"objects": rows, "etag": now}


@pytest.fixture
def loop():
    made = Loop()
    yield made
    made.close()


def wait(loop, task):
    future = loop.spawn(task)
    loop.run(until=future)
    return future.result()


X, Y = Reference("flow", "a.b", "x"), Reference("flow", "a.b", "y")


def test_listing_is_fetched_once_and_revalidated_when_old(loop):
    server, clock = Server(), [0.0]
    snapshot = Snapshot(server.request, now=lambda: clock[0])
    wait(loop, snapshot.cover([X, Y]))
    wait(loop, snapshot.cover([X]))
    assert server.asked == [None]
    assert snapshot.get(X)["revision"] == 1
    clock[0] = 61
    wait(loop, snapshot.cover([X]))
    assert server.asked[1] is not None
    assert snapshot.get(X)["revision"] == 1
    server.flows["x"] = 2
    clock[0] = 122
    wait(loop, snapshot.cover([X]))
    assert snapshot.get(X)["revision"] == 2


def test_own_writes_correct_the_listing(loop):
    server = Server()
    snapshot = Snapshot(server.request)
    snapshot.put(X, {"revision": 9})
    assert snapshot.get(X) is None
    wait(loop, snapshot.cover([X]))
    snapshot.put(X, {"revision": 9})
    snapshot.put(Y, None)
    assert snapshot.get(X) == {"revision": 9}
    assert snapshot.get(Y) is None
    assert wait(loop, snapshot.listing("flow", "a.b")) == [{"revision": 9}]


def test_many_namespaces_are_few_requests(loop):
    server = Server()
    snapshot = Snapshot(server.request)
    wait(loop, snapshot.cover([Reference("flow", f"n{i}", "x") for i in range(250)]))
    assert len(server.asked) == 3


def test_queue_collects_while_one_is_under_way(loop):
    batches = []

    async def send(items):
        batches.append(list(items))
        await loop.in_thread(lambda: None)
        return [item * 2 if item != 13 else ValueError("no") for item in items]

    queue = Queue(loop, send)

    async def one(number):
        return await queue.submit(number)

    async def many():
        first = [loop.spawn(one(n)) for n in range(3)]
        assert await first[0] == 0
        rest = [loop.spawn(one(n)) for n in range(10, 15)]
        results = [await r for r in rest if r is not rest[3]]
        with pytest.raises(ValueError, match="no"):
            await rest[3]
        return results

    assert wait(loop, many()) == [20, 22, 24, 28]
    assert batches == [[0, 1, 2], [10, 11, 12, 13, 14]]
    queue.close()


def test_queue_limits_size_and_shares_failures(loop):
    batches = []

    async def send(items):
        batches.append(len(items))
        raise OSError("gone")

    queue = Queue(loop, send, size=lambda _: 3_000_000)

    async def one():
        try:
            await queue.submit(1)
        except OSError as error:
            return str(error)

    async def many():
        waiting = [loop.spawn(one()) for _ in range(3)]
        return [await item for item in waiting]

    assert wait(loop, many()) == ["gone"] * 3
    assert batches == [1, 1, 1]


@pytest.mark.parametrize(
    "reference", [X, Reference("namespace", "a.b"), Reference("secret", "a", "K")]
)
def test_references_round_trip(reference):
    assert parse_reference(reference.ref) == reference


def test_no_reference():
    assert parse_reference("flow") is None
    assert parse_reference("flow/x") is None
