"""Writes the demo's raw data: a small shop's orders, customers and payments, with real dirt.

`python demo/data/generate.py [FOLDER]` writes the three CSV files beside this one (or to FOLDER).
The seed is fixed: the same bytes come out on every machine, and a test holds them against the
files in the repository. What is wrong with the rows is what goes wrong in such exports:

- the same order twice, the second time with a newer status (2 %), or byte for byte (1 %);
- orders that arrive days late (4 %), and a few from the future (clock of a till, 0.3 %);
- amounts with decimal commas, thousands separators, a currency sign, or none at all;
- currencies in lower case, spelled out, unknown, missing;
- customers without id, twice under different spellings, with blanks around the e-mail;
- payments of unknown orders, paid twice, refunds, and some that never arrive.
"""

from __future__ import annotations

import csv
import io
import random
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

SEED = 20261001
FIRST, LAST = date(2026, 8, 1), date(2026, 10, 31)
CUSTOMERS, ORDERS = 620, 3200
_NAMES = ("Ada", "Bo", "Chloé", "Dmitri", "Eva", "Farid", "Grace", "Håkon", "Ines", "Jürgen", "Kim")
_SURNAMES = ("Lovelace", "Núñez", "O'Hara", "Petrov", "Quist", "Rossi", "Şahin", "Tanaka", "Weiß")
_COUNTRIES = ("DE", "FR", "IT", "NO", "ES", "PL", "de", "")
_PRODUCTS = ("kettle", "lamp", "desk", "chair", "shelf", "rug, wool", 'screen 24"', "mug")
_CURRENCIES = ("EUR",) * 16 + ("USD", "GBP", "eur", " EUR", "Euro", "XXX", "")
_STATUSES = ("paid", "paid", "paid", "shipped", "shipped", "open", "cancelled")

Row = Sequence[str]


def customers(chance: random.Random) -> list[Row]:
    """Rows ``customer_id,name,email,country,registered_on``."""
    rows: list[Row] = []
    for number in range(1, CUSTOMERS + 1):
        name = f"{chance.choice(_NAMES)} {chance.choice(_SURNAMES)}"
        email = f"c{number}@example.com"
        day = FIRST - timedelta(days=chance.randrange(1, 900))
        country = chance.choice(_COUNTRIES)
        rows.append((f"C{number:04}", name, email, country, day.isoformat()))
        if chance.random() < 0.02:
            rows.append((f"C{number:04}", name.upper(), f" {email.upper()} ", country, ""))
        if chance.random() < 0.01:
            rows.append(("", name, email, country, day.isoformat()))
    return rows


def orders(chance: random.Random) -> list[Row]:
    """Rows ``order_id,customer_id,product,quantity,amount,currency,status,ordered_at,arrived_at``.

    In the order in which they arrived.
    """
    rows: list[tuple[datetime, Row]] = []
    days = (LAST - FIRST).days + 1
    for number in range(1, ORDERS + 1):
        at = datetime.combine(FIRST, datetime.min.time()) + timedelta(
            days=chance.randrange(days), seconds=chance.randrange(86_400)
        )
        if chance.random() < 0.003:
            at += timedelta(days=3650)
        late = timedelta(days=chance.randrange(2, 9)) if chance.random() < 0.04 else timedelta()
        arrived = at + late + timedelta(minutes=chance.randrange(1, 90))
        row = (
            f"O{number:05}",
            "" if chance.random() < 0.01 else f"C{chance.randrange(1, CUSTOMERS + 9):04}",
            chance.choice(_PRODUCTS),
            str(chance.choice((1, 1, 1, 2, 3, 12))),
            _amount(chance),
            chance.choice(_CURRENCIES),
            chance.choice(_STATUSES),
            at.isoformat(sep=" "),
        )
        rows.append((arrived, (*row, arrived.isoformat(sep=" "))))
        if chance.random() < 0.02:
            again = arrived + timedelta(hours=chance.randrange(1, 40))
            rows.append((again, (*row[:6], "shipped", row[7], again.isoformat(sep=" "))))
        if chance.random() < 0.01:
            rows.append(rows[-1])
    return [row for _, row in sorted(rows)]


def payments(chance: random.Random, ordered: Iterable[Row]) -> list[Row]:
    """Rows ``payment_id,order_id,amount,currency,method,paid_at``."""
    rows: list[Row] = []
    seen: set[str] = set()
    for order in ordered:
        if order[0] in seen or order[6] in ("open", "cancelled"):
            continue
        seen.add(order[0])
        if chance.random() < 0.03:
            continue
        at = datetime.fromisoformat(order[7]) + timedelta(minutes=chance.randrange(1, 4000))
        number = f"P{len(rows) + 1:05}"
        method = chance.choice(("card", "card", "transfer", "paypal", "CARD", ""))
        row = (number, order[0], order[4], order[5], method, at.isoformat(sep=" "))
        rows.append(row)
        if chance.random() < 0.01:
            rows.append((f"P{len(rows) + 1:05}", *row[1:]))
        if chance.random() < 0.015:
            rows.append((f"P{len(rows) + 1:05}", row[1], f"-{row[2]}", *row[3:]))
        if chance.random() < 0.005:
            rows.append((f"P{len(rows) + 1:05}", "O99999", *row[2:]))
    return rows


def _amount(chance: random.Random) -> str:
    cents = chance.randrange(190, 190_000)
    plain = f"{cents // 100}.{cents % 100:02}"
    kind = chance.random()
    if kind < 0.08:
        return plain.replace(".", ",")
    if kind < 0.11:
        return f"€ {plain}"
    if kind < 0.13:
        return f"{cents // 100:,}.{cents % 100:02}"
    if kind < 0.145:
        return chance.choice(("", "NULL", "n/a"))
    if kind < 0.15:
        return f"-{plain}"
    return plain


def _text(header: str, rows: Iterable[Row]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return file.getvalue()


def files() -> dict[str, str]:
    """The three files, name → text; the same on every call."""
    chance = random.Random(SEED)
    people, bought = customers(chance), orders(chance)
    paid = payments(chance, bought)
    return {
        "customers.csv": _text("customer_id,name,email,country,registered_on", people),
        "orders.csv": _text(
            "order_id,customer_id,product,quantity,amount,currency,status,ordered_at,arrived_at",
            bought,
        ),
        "payments.csv": _text("payment_id,order_id,amount,currency,method,paid_at", paid),
    }


def main() -> None:
    """Writes the files and says how long they are."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
        print(f"{folder / name}: {text.count(chr(10)) - 1} rows, {len(text.encode())} bytes")


if __name__ == "__main__":
    main()
