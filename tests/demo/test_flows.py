from __future__ import annotations

from pathlib import Path

import pytest

from penstock import registry
from penstock.language.parse import parse

FLOWS = Path(__file__).resolve().parents[2] / "cdktf-app" / "flows"


@pytest.mark.parametrize("path", sorted(FLOWS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_flow_of_the_repository_holds(path: Path) -> None:
    parsed = parse(path.read_text(), registry)
    assert [problem.sentence() for problem in parsed.problems] == []
    assert parsed.flow is not None
    folders = path.relative_to(FLOWS).parent.parts
    assert (parsed.flow.namespace, parsed.flow.id) == (".".join(folders), path.stem)
