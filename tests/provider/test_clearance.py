"""Plans that an earlier process of the same run has had answered are not asked for again."""

from __future__ import annotations

import os
import stat

import pytest

from penstock_provider.clearance import Clearances
from penstock_provider.framework.peer import Peer
from penstock_provider.object_set import Item
from penstock_provider.reference import Reference

FLOW = Item(Reference("flow", "a.b", "x"), {"source": "id: x\nnamespace: a.b\n"})
ROW = {"changes": "new: 1 task (t)", "calls": [], "contentHash": "0"}
ANSWER = {"ref": "flow/a.b/x", **ROW, "diff": "+id: x\n+namespace: a.b\n"}


def run(tmp_path, pid: int | None = None) -> Clearances:
    """As in a process of the run of that (living) Terraform."""
    return Clearances(Peer(pid or os.getpid()), tmp_path / "runs")


def test_the_next_process_knows_and_another_run_does_not(tmp_path):
    assert run(tmp_path).of(FLOW) is None
    first = run(tmp_path)
    first.add([(FLOW, ANSWER)])
    first.close()
    assert run(tmp_path).of(FLOW) == ROW
    assert run(tmp_path, os.getppid()).of(FLOW) is None
    changed = Item(FLOW.reference, {"source": "id: x\nnamespace: a.b\n# another\n"})
    assert run(tmp_path).of(changed) is None
    other = Item(Reference("flow", "a.b", "y"), FLOW.spec)
    assert run(tmp_path).of(other) is None
    (file,) = (tmp_path / "runs").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "namespace: a.b" not in file.read_text()


@pytest.mark.parametrize(
    "item",
    [
        Item(Reference("secret", "a.b", "K"), {"value": "kanarienvogel"}),
        Item(Reference("kv", "a.b", "k"), {"value": "kanarienvogel", "type": "STRING"}),
    ],
)
def test_what_may_be_secret_is_not_written_down(tmp_path, item):
    noted = run(tmp_path)
    noted.add([(item, ROW)])
    noted.close()
    assert run(tmp_path).of(item) is None
    assert all(path.read_text() == "" for path in (tmp_path / "runs").iterdir())


@pytest.mark.parametrize("damage", ["", "nonsense", "{}\n\n", "[1]"])
def test_a_damaged_file_only_means_asking_again(tmp_path, damage):
    first = run(tmp_path)
    first.add([(FLOW, ROW)])
    first.close()
    (file,) = (tmp_path / "runs").iterdir()
    file.write_text(file.read_text().split(" ")[0] + " " + damage)
    assert run(tmp_path).of(FLOW) in (None, {})


def test_an_apply_checks_each_flow_once(terraform, fake):
    terraform.write(
        'locals {\n  flows = { for n in range(40) : "f${n}" => "id: f${n}\\nnamespace: a.b\\n" }\n}\n'
        'resource "penstock_flow" "many" {\n  for_each = local.flows\n  source = each.value\n}\n'
    )
    terraform.apply()
    assert len(fake.objects) == 40
    asked = [path.rpartition("/")[2] for _, path in fake.requests]
    assert "plan" in asked
    assert "plan" not in asked[asked.index("apply") :]
    terraform.plan(0)
