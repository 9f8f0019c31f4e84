"""Each broken file beside the text that `penstock validate` prints for it, byte for byte.

`PENSTOCK_GOLDEN=write pytest tests/language` writes the texts anew; read the diff.
"""

import os
import re
from pathlib import Path

import pytest

from penstock import registry
from penstock.language.check import check_files
from penstock.language.excerpt import render_problems

BROKEN = Path(__file__).parent / "broken"
FILES = sorted(BROKEN.glob("*.yaml"))
ONLY_WARNINGS = {
    "historic_type_names",
    "moved_properties",
    "old_dialect",
    "password_in_the_text",
    "timeout_of_a_group",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_says_what_is_wrong(path, monkeypatch):
    monkeypatch.chdir(BROKEN)
    checked = check_files([Path(path.name)], registry)
    text = render_problems(checked.problems, checked.sources)
    golden = path.with_suffix(".txt")
    if os.environ.get("PENSTOCK_GOLDEN") == "write":
        golden.write_text(text)
    assert text == golden.read_text()
    assert checked.ok == (path.stem in ONLY_WARNINGS)
    assert all(problem.hint or problem.message for problem in checked.problems)
    assert not any("Input should" in problem.message for problem in checked.problems)


def test_C06_what_is_wrong_with_fifty_files_is_said_with_place_cause_and_cure():
    texts = {path.stem: path.with_suffix(".txt").read_text() for path in FILES}
    place_and_cause = r"{}\.yaml:\d+:\d+: (error|warning)\[[a-z-]+\]: \S.*[.?!]\n"
    # Each is held byte for byte by `test_says_what_is_wrong`; this is what all have in common.
    assert [
        name for name, text in texts.items() if not re.match(place_and_cause.format(name), text)
    ] == []
    with_cure = [text for text in texts.values() if re.search(r"\^\n  \S", text)]
    assert len(with_cure) >= 50


def test_no_text_without_its_file():
    assert {path.stem for path in BROKEN.glob("*.txt")} == {path.stem for path in FILES}
