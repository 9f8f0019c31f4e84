"""A text is read once for all who need it, and memory for texts is bounded."""

from penstock.model.flow import content_hash
from penstock.service.services import Parses


def text(number: int, padding: int = 0) -> str:
    return (
        f"id: f{number}\nnamespace: a.b\ntasks:\n"
        f"  - {{id: t, type: core.log.Log, message: hi}}\n#{'x' * padding}\n"
    )


def test_a_text_is_read_once():
    parses = Parses()
    first = parses.get(text(1))
    assert parses.get(text(1)) is first
    assert parses.get(text(1), content_hash(text(1))) is first
    assert parses.get(text(2)) is not first


def test_the_texts_used_last_are_kept_up_to_a_size():
    parses = Parses(most=10_000)
    first, second = parses.get(text(1, 4_000)), parses.get(text(2, 4_000))
    parses.get(text(1, 4_000))
    parses.get(text(3, 4_000))
    assert parses.get(text(1, 4_000)) is first
    assert parses.get(text(2, 4_000)) is not second


def test_a_text_beyond_the_size_is_read_and_not_kept():
    parses = Parses(most=1_000)
    small = parses.get(text(2))
    found = parses.get(text(1, 4_000))
    assert found.flow is not None
    assert parses.get(text(1, 4_000)) is not found
    assert parses.get(text(2)) is small, "nor does it drive others out"


def test_planning_and_executing_share_what_was_read(server, ns):
    source = f"id: f\nnamespace: {ns}\ntasks:\n  - {{id: t, type: core.log.Log, message: hi}}\n"
    server.put_flow(source)
    server.run(ns, "f")
    services = server.application.services
    with services.database.read() as tx:
        version = services.flows.latest(tx, "main", ns, "f")
    assert version.flow is services.parses.get(source).flow


def test_places_are_known_after_the_tree_is_gone():
    reading = Parses().get(text(1))
    for number in range(2, 40):
        Parses().get(text(number)).place("tasks")
    assert reading.place("tasks[0].type") == (4, 19)
