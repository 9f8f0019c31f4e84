"""Properties of sets over generated ones: order-free, idempotent, all or nothing, chained audit."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from penstock.errors import InUse, InvalidObject
from penstock.security.caller import Caller
from penstock.service import apply, plan, state
from penstock.service.change import Change
from penstock.service.objectset import KINDS, ObjectSet, Removal, parse_set
from penstock.store import audit, flow_reference, timetable

CALLER = Caller("test", "main")
_numbers = itertools.count()
CHANGE = Change(CALLER)
# The server is one for the module: every example has namespaces of its own.
FREE = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def sets(draw):
    """Flows that call earlier ones, read secrets, and have schedules."""
    ns = f"gen.x{next(_numbers)}"
    count = draw(st.integers(1, 8))
    objects = []
    for number in range(count):
        called = (
            draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True)) if number else []
        )
        tasks = "".join(
            f"  - id: c{other}\n    type: core.flow.Subflow\n    namespace: {ns}\n    flowId: f{other}\n"
            for other in called
        )
        if draw(st.booleans()):
            tasks += f"  - id: s\n    type: core.debug.Return\n    format: \"{{{{ secret('K{number}') }}}}\"\n"
            objects.append(
                {
                    "kind": "secret",
                    "namespace": ns,
                    "id": f"K{number}",
                    "spec": {"value": draw(st.text(min_size=1, max_size=20))},
                }
            )
        tasks = tasks or "  - id: l\n    type: core.log.Log\n    message: x\n"
        source = f"id: f{number}\nnamespace: {ns}\ntasks:\n{tasks}"
        objects.append(
            {"kind": "flow", "namespace": ns, "id": f"f{number}", "spec": {"source": source}}
        )
        if draw(st.booleans()):
            spec = {
                "flowId": f"f{number}",
                "cron": draw(st.sampled_from(["@daily", "*/5 * * * *"])),
            }
            objects.append({"kind": "schedule", "namespace": ns, "id": f"s{number}", "spec": spec})
    objects.append({"kind": "namespace", "namespace": ns, "spec": {}})
    return draw(st.permutations(objects))


@FREE
@given(sets(), st.randoms(use_true_random=False))
def test_a_set_applies_in_any_order_once_and_its_plan_is_empty(server, objects, rnd):
    services = server.application.services
    wanted = parse_set({"objects": objects, "complete": True})
    first = apply.apply(services, CHANGE, wanted)
    assert {each.action for each in first.objects} == {"create"}
    random.Random(rnd.random()).shuffle(objects)
    again = parse_set({"objects": objects, "complete": True})
    planned = plan.plan(services, CHANGE, again)
    assert planned["valid"]
    assert {each["action"] for each in planned["objects"]} == {"none"}
    second = apply.apply(services, CHANGE, again)
    assert {each.action for each in second.objects} == {"none"}
    assert {str(each.reference): each.content_hash for each in first.objects} == {
        str(each.reference): each.content_hash for each in second.objects
    }
    ns = objects[0]["namespace"]
    removals = tuple(Removal(each.reference) for each in first.objects)
    gone = apply.apply(services, CHANGE, ObjectSet(removals=removals))
    assert {each.action for each in gone.objects} == {"delete"}
    assert state.everything(services, CALLER, KINDS, [ns]) == []


@FREE
@given(sets(), st.data())
def test_one_bad_member_keeps_all_of_a_set_out(server, objects, data):
    services = server.application.services
    ns = objects[0]["namespace"]
    bad = {"kind": "schedule", "namespace": ns, "id": "bad", "spec": {"flowId": "f0", "cron": "no"}}
    objects.insert(data.draw(st.integers(0, len(objects))), bad)
    with pytest.raises(InvalidObject) as caught:
        apply.apply(services, CHANGE, parse_set({"objects": objects}))
    assert {problem.object for problem in caught.value.problems} == {f"schedule/{ns}/bad"}
    assert state.everything(services, CALLER, KINDS, [ns]) == []


def test_a_set_of_more_flows_than_one_statement_takes(server):
    services, ns, count = server.application.services, "gen.large", 501

    def of(message: str):
        head = f"namespace: {ns}\ntriggers:\n  - {{id: t, type: core.trigger.Schedule, cron: '@daily'}}\n"
        child = f"  - {{id: c, type: core.flow.Subflow, namespace: {ns}, flowId: f0}}\n"
        log = f"  - {{id: l, type: core.log.Log, message: {message}}}\n"
        texts = [f"id: f{n}\n{head}tasks:\n{log}{child if n else ''}" for n in range(count)]
        members = [
            {"kind": "flow", "namespace": ns, "id": f"f{n}", "spec": {"source": text}}
            for n, text in enumerate(texts)
        ]
        return parse_set({"objects": members, "complete": True})

    for revision, wanted in enumerate((of("one"), of("two")), 1):
        planned = plan.plan(services, CHANGE, wanted)
        assert {each["revision"] for each in planned["objects"]} == {revision}
        done = apply.apply(services, CHANGE, wanted)
        assert {each.revision for each in done.objects} == {revision}
        with services.database.read() as tx:
            names = [(ns, f"f{n}") for n in range(count)]
            assert len(flow_reference.callers(tx, "main", names)) == count - 1
            found = timetable.of_flows(tx, "main", names)
            assert [len(found[name]) for name in names] == [1] * count
    removals = tuple(Removal(member.reference) for member in wanted.members)
    with pytest.raises(InUse):
        apply.apply(services, CHANGE, ObjectSet(removals=removals[:1]))
    apply.apply(services, CHANGE, ObjectSet(removals=removals))
    with services.database.read() as tx:
        assert flow_reference.callers(tx, "main", names) == []
        assert timetable.of_flows(tx, "main", names) == {}
    assert state.everything(services, CALLER, KINDS, [ns]) == []
    assert apply.apply(services, CHANGE, wanted).objects[0].revision == 4


def test_the_audit_is_one_chain_and_a_changed_event_breaks_it(server):
    services = server.application.services
    for number in range(3):
        member = {"kind": "namespace", "namespace": f"chain.n{number}", "spec": {}}
        apply.apply(services, CHANGE, parse_set({"objects": [member]}))
    with services.database.read() as tx:
        assert audit.broken_at(tx, "main") is None
        last = audit.page(tx, "main", limit=1_000)[-2]
    with services.database.transaction() as tx:
        tx.exec_driver_sql(f"UPDATE audit_event SET actor = 'nobody' WHERE seq = {last.seq}")
        assert audit.broken_at(tx, "main") == last.seq
        tx.exec_driver_sql(f"UPDATE audit_event SET actor = 'test' WHERE seq = {last.seq}")
        assert audit.broken_at(tx, "main") is None


def test_a_plan_of_many_flows_asks_the_database_no_oftener_than_one_of_few(server, ns):
    services = server.application.services

    def wanted(count, told, since):
        return parse_set(
            {
                "objects": [
                    {
                        "kind": "flow",
                        "namespace": f"{ns}.of{count}",
                        "id": f"f{n}",
                        "spec": {
                            "source": f"id: f{n}\nnamespace: {ns}.of{count}\ntasks:\n"
                            f"  - {{id: t, type: core.log.Log, message: {told}}}\n"
                        },
                        "since": since.get(f"f{n}", ""),
                    }
                    for n in range(count)
                ]
            }
        )

    def asked(count, told, since):
        statements = []

        def note(_connection, _cursor, statement, *_others):
            statements.append(statement)

        event.listen(services.database.engine, "before_cursor_execute", note)
        try:
            planned = plan.plan(services, CHANGE, wanted(count, told, since))
        finally:
            event.remove(services.database.engine, "before_cursor_execute", note)
        return len(statements), [row["changes"] for row in planned["objects"]]

    few, many = (asked(count, "one", {}) for count in (3, 60))
    assert few[0] == many[0]
    assert many[1] == ["new: 1 task (t)"] * 60
    hashes = {}
    for count in (3, 60):
        done = apply.apply(services, CHANGE, wanted(count, "one", {}))
        hashes[count] = {each.reference.id: each.content_hash for each in done.objects}
    few, many = (asked(count, "two", hashes[count]) for count in (3, 60))
    assert few[0] == many[0]
    assert many[1] == ["1 task changed: t (message)"] * 60
