"""Triggers that ask an HTTP service: a virtual clock, and a real service on loopback."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from structlog.testing import capture_logs

from penstock.model.sealed import holds_sealed
from penstock.model.state import State
from penstock.runtime.clock import VirtualClock
from penstock.runtime.poller import Poller
from penstock.service.trigger_rows import rows_of
from penstock.store import trigger as trigger_store
from penstock.store.trigger import Override, TriggerKey

from .stand import TENANT, Stand

START = datetime(2026, 3, 27, 12, tzinfo=UTC)
KEY = TriggerKey(TENANT, "a.b", "order", "price")
SAY = "{id: say, type: core.log.Log, message: '{{ trigger.code }} {{ trigger.body }}'}"
PAUSE = "{id: hold, type: core.flow.Pause}"


class Service:
    """Answers every request with `status` and `body`; waits before that while `hold` is clear."""

    def __init__(self) -> None:
        self.status, self.body = 200, "10"
        self.seen: list[str] = []
        self.hold, self.arrived = threading.Event(), threading.Event()
        self.hold.set()
        made = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                made.seen.append(f"{self.path} {self.headers.get('x-token')}")
                made.arrived.set()
                made.hold.wait(60)
                self.send_response(made.status)
                self.send_header("Content-Length", str(len(made.body)))
                self.end_headers()
                self.wfile.write(made.body.encode())

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/price"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def close(self) -> None:
        self.hold.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def service():
    made = Service()
    yield made
    made.close()


@pytest.fixture
def clock():
    return VirtualClock(START)


@pytest.fixture
def stand(tmp_path, clock):
    made = Stand(tmp_path, clock=clock)
    made.executor.start()
    yield made
    made.close()


@pytest.fixture
def poller(stand):
    made = Poller(stand.world, stand.flows, stand.executor, stand.bench)
    yield made
    made.stop()


def deploy(stand, url, trigger="", task=SAY):
    version = stand.put(
        f"id: order\nnamespace: a.b\nlabels: {{team: shop}}\ntasks:\n  - {task}\ntriggers:\n"
        f"  - id: price\n    type: core.http.Trigger\n    uri: {url}\n{trigger}"
    )
    rows = rows_of(TENANT, version.flow, stand.clock.now())
    with stand.database.transaction() as tx:
        trigger_store.declare(tx, TENANT, {("a.b", "order"): rows})


def pass_(poller, clock, seconds=60):
    """Lets time pass, and the poller look."""
    clock.advance(timedelta(seconds=seconds))
    look(poller)


def look(poller):
    poller.tick()
    assert poller.join(30)


def row(stand):
    with stand.database.read() as tx:
        return trigger_store.find(tx, KEY)


def ended(stand):
    assert stand.executor.join_idle(30)
    return stand.all()


def test_it_fires_when_the_condition_holds_and_not_before(stand, clock, poller, service):
    wanted = '    responseCondition: "{{ fromJson(response.body) < 5 }}"\n    interval: PT30S\n'
    deploy(stand, service.url, wanted + '    labels: {was: "{{ trigger.code }}"}\n')
    look(poller)
    pass_(poller, clock, 29)
    assert len(service.seen) == 1
    pass_(poller, clock, 1)
    assert (len(service.seen), stand.all()) == (2, [])
    service.body = "4"
    pass_(poller, clock, 30)
    (execution,) = ended(stand)
    assert execution.state is State.SUCCESS
    assert stand.logs(execution.id) == ["200 4"]
    assert execution.origin.variables["uri"] == service.url
    assert execution.origin.type == "core.http.Trigger"
    assert execution.labels["was"] == "200"
    assert execution.labels["system.from"] == "trigger"
    assert row(stand).last_execution_id == execution.id
    poller.tick()
    assert len(ended(stand)) == 1


def test_every_status_is_an_answer_that_the_condition_sees(stand, clock, poller, service):
    service.status = 404
    deploy(stand, service.url)
    look(poller)
    assert stand.all() == []
    deploy(stand, service.url, '    responseCondition: "{{ response.statusCode == 404 }}"\n')
    pass_(poller, clock)
    assert stand.logs(ended(stand)[0].id) == ["404 10"]


def test_it_does_not_ask_while_its_last_execution_runs(stand, clock, poller, service):
    deploy(stand, service.url, task=PAUSE)
    look(poller)
    (first,) = stand.all()
    pass_(poller, clock)
    assert len(service.seen) == 1
    stand.executor.kill(TENANT, first.id, "enough").result(30)
    pass_(poller, clock)
    assert (len(service.seen), len(stand.all())) == (2, 2)


def test_with_allow_concurrent_it_does(stand, clock, poller, service):
    deploy(stand, service.url, "    allowConcurrent: true\n", task=PAUSE)
    look(poller)
    pass_(poller, clock)
    assert len(stand.all()) == 2


def test_a_second_server_does_not_ask_and_a_lost_lease_starts_nothing(
    stand, clock, poller, service
):
    deploy(stand, service.url)
    service.hold.clear()
    poller.tick()
    assert service.arrived.wait(30)
    other = Poller(stand.world, stand.flows, stand.executor, stand.bench)
    clock.advance(timedelta(seconds=50))
    poller.tick()
    clock.advance(timedelta(seconds=50))
    look(other)
    assert len(service.seen) == 1
    # The first one is not heard of any more: the other asks, and only its answer counts.
    clock.advance(timedelta(seconds=20))
    service.arrived.clear()
    other.tick()
    assert service.arrived.wait(30)
    service.hold.set()
    assert other.join()
    assert poller.join()
    assert (len(service.seen), len(ended(stand))) == (2, 1)
    other.stop()


def test_a_service_that_is_not_there_is_told_and_asked_again(stand, clock, poller, service):
    deploy(stand, "http://127.0.0.1:1/")
    with capture_logs() as lines:
        look(poller)
    (line,) = [each for each in lines if each["log_level"] == "error"]
    assert line["flow"] == "a.b/order"
    assert line["reason"].startswith("The trigger 'price' cannot start the flow: GET http://127")
    assert row(stand).next_at == START + timedelta(seconds=60)
    deploy(stand, service.url)
    pass_(poller, clock)
    assert len(ended(stand)) == 1


def test_with_fail_on_trigger_error_an_execution_says_it(stand, poller):
    deploy(stand, "http://127.0.0.1:1/", "    failOnTriggerError: true\n    stopAfter: [FAILED]\n")
    look(poller)
    (execution,) = ended(stand)
    assert execution.state is State.FAILED
    assert "The trigger 'price' cannot start the flow: GET" in execution.failure.message
    assert execution.task_runs == {}


def test_after_a_state_of_stop_after_it_asks_no_more(stand, clock, poller, service):
    deploy(stand, service.url, "    stopAfter: [SUCCESS]\n")
    look(poller)
    assert len(ended(stand)) == 1
    pass_(poller, clock)
    assert (len(service.seen), row(stand).is_off) == (1, True)


def test_one_that_is_off_or_gone_asks_nothing(stand, clock, poller, service):
    deploy(stand, service.url, "    disabled: true\n")
    look(poller)
    deploy(stand, service.url)
    off = Override(disabled=True, reason="trial", actor="ann", at=START)
    with stand.database.transaction() as tx:
        trigger_store.set_override(tx, KEY, off)
    pass_(poller, clock)
    with stand.database.transaction() as tx:
        trigger_store.remove_of_flows(tx, TENANT, [("a.b", "order")])
    pass_(poller, clock)
    assert service.seen == []


@pytest.mark.parametrize("change", ["off", "gone"])
def test_what_is_switched_off_meanwhile_starts_nothing(stand, poller, service, change):
    deploy(stand, service.url)
    service.hold.clear()
    poller.tick()
    assert service.arrived.wait(30)
    with stand.database.transaction() as tx:
        if change == "off":
            off = Override(disabled=True, reason="trial", actor="ann", at=START)
            trigger_store.set_override(tx, KEY, off)
        else:
            trigger_store.remove_of_flows(tx, TENANT, [("a.b", "order")])
    service.hold.set()
    assert poller.join()
    assert stand.all() == []


def test_secrets_are_used_and_never_kept(stand, poller, service):
    stand.secrets.values["TOKEN"] = "t0ken-of-day"
    service.body = "you said t0ken-of-day"
    deploy(stand, service.url, "    headers: {X-Token: \"{{ secret('TOKEN') }}\"}\n")
    look(poller)
    (execution,) = ended(stand)
    assert service.seen == ["/price t0ken-of-day"]
    assert execution.origin.variables["body"] == "you said ******"


def test_an_encrypted_body_is_plain_in_expressions_only(stand, poller, service):
    service.body = "t0ken-of-day"
    deploy(
        stand,
        service.url,
        "    encryptBody: true\n",
        task="{id: say, type: core.log.Log, message: '{{ trigger.encryptedBody | length }}'}",
    )
    look(poller)
    (execution,) = ended(stand)
    assert holds_sealed(execution.origin.variables)
    assert "t0ken" not in str(execution.origin.variables)
    assert stand.logs(execution.id) == ["12"]
