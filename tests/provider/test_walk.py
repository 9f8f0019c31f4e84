"""What one process of a run writes down for the next: names, for this user only."""

from __future__ import annotations

import os
import stat

import pytest

from penstock_provider.framework.loop import Loop
from penstock_provider.framework.peer import Peer
from penstock_provider.pattern import Pattern, serving
from penstock_provider.run_file import Record
from penstock_provider.walk import Chance, Walk

HERE = Peer(os.getpid())


@pytest.fixture
def loop():
    made = Loop()
    yield made
    made.close()


PATTERNS = [
    Pattern("secret", None, "KEY"),
    Pattern("flow", "company.team", None),
    Pattern("namespace", "company"),
    Pattern("variable", "company", "bucket"),
]


def test_what_is_appended_is_read_by_the_next_process(tmp_path):
    folder = tmp_path / "records"
    first = Record(HERE, folder)
    first.append(PATTERNS[:2])
    first.append(PATTERNS[2:])
    first.close()
    assert Record(HERE, folder).read() == PATTERNS
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_another_run_reads_nothing(tmp_path):
    written = Record(HERE, tmp_path / "records")
    written.append(PATTERNS)
    written.close()
    assert Record(Peer(os.getppid()), tmp_path / "records").read() is None
    assert Record(None, tmp_path / "records").read() is None


def test_records_of_runs_that_have_ended_are_removed(tmp_path):
    folder = tmp_path / "records"
    folder.mkdir(mode=0o700)
    gone = folder / "run-999999999-1"
    gone.write_text("")
    record = Record(HERE, folder)
    record.append(PATTERNS)
    record.close()
    assert not gone.exists()


@pytest.mark.parametrize("prepare", ["open", "link"])
def test_a_folder_that_others_may_have_made_is_not_used(tmp_path, prepare):
    folder = tmp_path / "records"
    if prepare == "open":
        folder.mkdir()
        folder.chmod(0o777)
    else:
        (tmp_path / "other").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "other")
    record = Record(HERE, folder)
    record.append(PATTERNS)
    assert record.read() is None
    assert not [*folder.iterdir()]


def test_namespaces_above_serve_secrets_and_variables():
    assert [*serving("secret/a.b.c/KEY")] == ["secret/a.b.c/KEY", "secret/a.b/KEY", "secret/a/KEY"]
    assert [*serving("flow/a.b/x")] == ["flow/a.b/x"]


@pytest.mark.parametrize(
    ("need", "chance"),
    [
        ("secret/company.team/KEY", Chance.SURE),
        ("secret/company.team/OTHER", Chance.NONE),
        ("flow/company.team/x", Chance.SOME),
        ("flow/company.other/x", Chance.NONE),
        ("variable/company.team/bucket", Chance.SURE),
        ("variable/company.team/bocket", Chance.NONE),
        ("namespace/company.team", Chance.SURE),
        ("namespace/other", Chance.NONE),
    ],
)
def test_the_chance_that_something_is_planned_yet(tmp_path, loop, need, chance):
    record = Record(HERE, tmp_path / "records")
    record.append(PATTERNS)
    record.close()
    walk: Walk[str] = Walk(loop, HERE, record)
    assert walk.chance(need, by_leaving=False) is chance


def test_without_a_record_anything_may_come(tmp_path, loop):
    walk: Walk[str] = Walk(loop, None, Record(None, tmp_path / "records"))
    assert walk.chance("flow/a/x", by_leaving=False) is Chance.SOME


def test_the_process_that_applies_knows_what_the_plan_has_seen(tmp_path, loop):
    first = Record(HERE, tmp_path / "records")
    first.append([Pattern("secret", None, None)])
    walk: Walk[str] = Walk(loop, HERE, first)
    walk.note(["secret/company/KEY", "namespace/company"])
    first.close()
    following: Walk[str] = Walk(loop, HERE, Record(HERE, tmp_path / "records"))
    assert following.chance("secret/company/KEY", by_leaving=False) is Chance.SURE
    assert following.chance("secret/company/OTHER", by_leaving=False) is Chance.SOME
    assert following.chance("namespace/company", by_leaving=False) is Chance.SURE


def test_a_part_is_not_written_down_for_the_whole(tmp_path, loop):
    record = Record(HERE, tmp_path / "records")
    walk: Walk[str] = Walk(loop, HERE, record)
    walk.note(["secret/company/KEY"])
    record.close()
    assert Record(HERE, tmp_path / "records").read() is None
