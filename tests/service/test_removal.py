"""What goes with an execution, and what stays when somebody is faster."""

from __future__ import annotations

from dataclasses import replace

import pytest

from penstock.errors import Conflict
from penstock.model.state import State
from penstock.security.caller import Caller
from penstock.service import removal
from penstock.storage.base import execution_folder, task_file
from penstock.store import execution as rows

FLOW = "id: waits\nnamespace: {ns}\ntasks:\n  - {{id: wait, type: core.flow.Pause}}\n"


def test_what_was_restarted_meanwhile_keeps_its_files(server, ns, tmp_path):
    services = server.application.services
    server.put_flow(FLOW.format(ns=ns))
    id_ = server.api.post("/executions", json={"namespace": ns, "flowId": "waits"}).json()["id"]
    (tmp_path / "kept").write_text("kept")
    uri = task_file(ns, "waits", id_, task="wait", task_run="r", name="kept")
    services.storage.put("main", uri, tmp_path / "kept")
    with services.database.read() as tx:
        found = rows.get(tx, "main", id_)
    seen = replace(found, state=State.FAILED, task_runs={})
    with pytest.raises(Conflict, match="is not over any more"):
        removal.remove(services, Caller("test", "main"), seen, removal.Removing())
    assert list(services.storage.files("main", execution_folder(ns, "waits", id_)))
