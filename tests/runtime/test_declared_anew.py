"""What servers remember of declared objects is never older than the last change."""

import threading
from datetime import UTC, datetime

from penstock.service.present import PresentFlows
from penstock.service.surroundings import PluginDefaults
from penstock.store import namespace as namespace_store
from penstock.store.namespace import NamespaceRow

from .stand import TENANT

FLOW = """
id: flow
namespace: a.b
tasks: [{id: say, type: core.debug.Return}]
"""


def declare(stand, **spec) -> None:
    now = datetime.now(UTC)
    with stand.database.transaction() as tx:
        namespace_store.put(tx, NamespaceRow(TENANT, "a.b", "test", 1, "", now, now, **spec))


def meanwhile(monkeypatch, owner, name: str, then) -> None:
    """Lets `then` happen once, when a reader has read and not yet remembered it."""
    real = getattr(owner, name)

    def read(*args):
        found = real(*args)
        monkeypatch.setattr(owner, name, real)
        thread = threading.Thread(target=then)
        thread.start()
        thread.join()
        return found

    monkeypatch.setattr(owner, name, read)


def test_variables_that_change_while_they_are_read_are_not_remembered(stand, monkeypatch):
    stand.declare("a.b", variables={"x": "old"})

    def change():
        stand.declare("a.b", variables={"x": "new"})

    meanwhile(monkeypatch, namespace_store, "variables", change)
    assert stand.world.environment_of(TENANT, "a.b").namespace["x"] == "old"
    assert stand.world.environment_of(TENANT, "a.b").namespace["x"] == "new"


def test_flows_that_change_while_they_are_read_are_not_remembered(stand, monkeypatch):
    stand.put(FLOW)
    present = PresentFlows(stand.database, stand.flows)

    def change():
        stand.put(FLOW + "description: new")
        present.forget()

    meanwhile(monkeypatch, stand.flows, "latest", change)
    assert present.get(TENANT, "a.b", "flow").revision == 1
    assert present.get(TENANT, "a.b", "flow").revision == 2


def test_plugin_defaults_of_a_view_from_before_the_change_are_not_remembered(stand):
    defaults = PluginDefaults(monotonic=lambda: 100.0)

    def formats(tx) -> list:
        inherited = defaults.present(tx, TENANT).declared.get("a.b", ())
        return [each["values"]["format"] for each in inherited]

    def declared(text: str) -> None:
        values = {"type": "core.debug.Return", "values": {"format": text}}
        declare(stand, plugin_defaults=[values])
        defaults.forget()

    declared("old")
    with stand.database.read() as before:
        assert stand.flows.latest(before, TENANT, "a.b", "flow") is None
        declared("new")
        assert formats(before) == ["old"]
    with stand.database.read() as after:
        assert formats(after) == ["new"]
