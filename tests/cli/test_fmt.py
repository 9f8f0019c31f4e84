"""`penstock fmt` on files."""

from pathlib import Path

OLD = "id: f  \nnamespace: a.b\ntasks:\n  - id: a # first\n    type: io.kestra.core.tasks.log.Log\n    message: x\n"
NEW = "id: f\nnamespace: a.b\ntasks:\n  - id: a # first\n    type: core.log.Log\n    message: x\n"


def test_upgrade_rewrites_and_says_what(penstock):
    Path("flows").mkdir()
    Path("flows/old.yaml").write_text(OLD)
    Path("flows/new.yaml").write_text(NEW)
    checked = penstock("fmt", "--upgrade", "--check", "flows")
    assert checked.code == 1
    assert "  5: io.kestra.core.tasks.log.Log → core.log.Log" in checked.out
    assert checked.out.endswith("1 file would change\n")
    assert Path("flows/old.yaml").read_text() == OLD
    assert penstock("fmt", "--upgrade", "flows").code == 0
    assert Path("flows/old.yaml").read_text() == NEW
    assert penstock("fmt", "--upgrade", "--check", "flows").code == 0


def test_without_upgrade_only_white_space_changes(penstock):
    Path("old.yaml").write_text(OLD)
    assert penstock("fmt", "old.yaml").code == 0
    assert Path("old.yaml").read_text() == OLD.replace("f  \n", "f\n")


def test_what_is_no_yaml_stays_as_it_is(penstock):
    Path("odd.yaml").write_bytes(b"a: [  \n")
    assert penstock("fmt", "--upgrade", "odd.yaml").code == 0
    assert Path("odd.yaml").read_bytes() == b"a: [  \n"
