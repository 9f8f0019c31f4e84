"""A delete of what is still used, while its users are deleted by the same run."""

from __future__ import annotations

import threading

import pytest

from penstock_provider.api import ApiError, Settings
from penstock_provider.client import Client
from penstock_provider.framework.loop import Loop
from penstock_provider.objects import Objects
from penstock_provider.reference import Reference

from .fake import TOKEN

FLOW = Reference("flow", "a.b", "x")
SCHEDULES = [Reference("schedule", "a.b", f"s{number}") for number in range(12)]


class Run:
    """A run whose pauses are as long as the test says."""

    def __init__(self, fake) -> None:
        fake.write("flow", "a.b", "x", {"source": "id: x\nnamespace: a.b\n"}, "terraform:default")
        for each in SCHEDULES:
            spec = {"flowId": "x", "cron": "0 1 * * *"}
            fake.write("schedule", "a.b", each.id, spec, "terraform:default")
        self.loop = Loop()
        self.client = Client(Settings(fake.url, TOKEN))
        self.objects = Objects(self.loop, self.client)
        self.pauses: list[float] = []

    def delete_flow(self) -> None:
        deleted = self.loop.spawn(self.objects.delete(FLOW))
        self.loop.run(until=deleted)
        deleted.result()


@pytest.fixture
def run(fake):
    made = Run(fake)
    yield made
    made.objects.close()
    made.loop.close()


def test_as_long_as_users_leave_it_is_tried_again(run, fake, monkeypatch):
    begins, gone = threading.Semaphore(0), threading.Semaphore(0)

    def pause(seconds: float) -> None:
        """As long as one of the users takes to go."""
        run.pauses.append(seconds)
        begins.release()
        gone.acquire()

    async def leave() -> None:
        for each in SCHEDULES:
            await run.loop.in_thread(begins.acquire)
            await run.objects.delete(each)
            gone.release()

    monkeypatch.setattr(run.client, "pause", pause)
    run.loop.spawn(leave())
    run.delete_flow()
    assert fake.objects == {}
    assert len(run.pauses) == len(SCHEDULES)


def test_when_nobody_leaves_any_more_it_is_refused(run, fake, monkeypatch):
    monkeypatch.setattr(run.client, "pause", run.pauses.append)
    with pytest.raises(ApiError) as refused:
        run.delete_flow()
    assert refused.value.code == "in-use"
    assert run.pauses == [*Objects.PAUSES]
