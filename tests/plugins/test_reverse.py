from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.plugins.core.storage import reverse
from penstock.sdk import records


@given(
    st.lists(st.text("xy", max_size=9), min_size=1, max_size=12),
    st.integers(min_value=1, max_value=7),
    st.sampled_from(["|", "<>", "-=+"]),
)
def test_rows_are_the_same_however_they_are_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str], step: int, end: str
) -> None:
    path = tmp_path_factory.mktemp("rows") / "given"
    path.write_text("".join(row + end for row in rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reverse, "_CHUNK", step)
        found = list(reverse._rows_from_the_end(path, end.encode()))
    assert [row.decode() for row in found] == rows[::-1]


def test_a_file_without_the_separator_is_refused(run, context, monkeypatch) -> None:
    monkeypatch.setattr(records, "_LONGEST_ROW", 2**20)
    (context.working_directory / "made").write_bytes(b"x" * (2**21))
    uri = context.store_file(context.working_directory / "made", "made.txt")
    with pytest.raises(records.NoRecords, match="A row is longer than 1 MiB"):
        run("core.storage.Reverse", **{"from": uri})
