"""Files and functions stay small enough to be read at once."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for root in ("server/penstock", "terraform-provider/penstock_provider", "cdktf-app")
    for path in (ROOT / root).rglob("*.py")
    # A migration is one long list of columns by nature.
    if "versions" not in path.parts
)
FILE_LINES = 400
FUNCTION_LINES = 60


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_sizes(path: Path):
    text = path.read_text()
    assert text.count("\n") <= FILE_LINES, "this file asks to be two"
    long = [
        f"{node.name} at line {node.lineno} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []


FORBIDDEN = {"utils", "helpers", "common", "manager", "misc", "util", "helper"}


def test_no_folder_or_file_is_a_drawer():
    assert [str(p.relative_to(ROOT)) for p in SOURCES if {p.stem, *p.parts} & FORBIDDEN] == []


def test_only_the_session_ends_transactions():
    calls = []
    for path in SOURCES:
        if path.name == "session.py" and path.parent.name == "store":
            continue
        calls.extend(
            f"{path.relative_to(ROOT)}:{node.lineno}"
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"commit", "rollback"}
            and "migrations" not in path.parts
        )
    assert calls == []
