from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

NAMES = ("customers.csv", "orders.csv", "payments.csv")


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_data_is_what_the_generator_makes(
    generate: ModuleType, repository: Path, name: str
) -> None:
    committed = (repository / "demo" / "data" / name).read_bytes()
    assert generate.files()[name].encode() == committed


def test_the_data_is_small(repository: Path) -> None:
    assert sum((repository / "demo/data" / name).stat().st_size for name in NAMES) < 1_000_000


def test_the_data_has_the_dirt_that_it_promises(generate: ModuleType) -> None:
    files = {k: list(csv.DictReader(io.StringIO(v))) for k, v in generate.files().items()}
    orders, payments = files["orders.csv"], files["payments.csv"]
    ids = [row["order_id"] for row in orders]
    assert 2000 < len(set(ids)) < len(ids)
    assert any(row["ordered_at"] > "2030" for row in orders)
    assert any(row["arrived_at"][:10] > row["ordered_at"][:10] for row in orders)
    assert {"", "XXX", "eur", " EUR"} <= {row["currency"] for row in orders}
    assert {"", "NULL", "n/a"} <= {row["amount"] for row in orders}
    assert any("," in row["amount"] for row in orders)
    assert any(row["customer_id"] == "" for row in orders)
    assert any(row["order_id"] not in ids for row in payments)
    assert any(row["amount"].startswith("-") for row in payments)
    assert any(row["customer_id"] == "" for row in files["customers.csv"])


def test_the_program_writes_the_same_files(repository: Path, tmp_path: Path) -> None:
    program = repository / "demo/data/generate.py"
    subprocess.run([sys.executable, program, tmp_path], check=True, capture_output=True)
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == (repository / "demo/data" / name).read_bytes()
