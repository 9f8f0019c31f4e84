"""Declared tests of flows, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select
from sqlmodel import Field, SQLModel

from penstock.model.frozen import Json
from penstock.model.provenance import Provenance
from penstock.store.bulk import table_of
from penstock.store.column import Instant, JsonText
from penstock.store.declared import Declared, DeclaredTable, record

_KEPT = 100
"""Results of one suite; older ones go."""


class FlowTestTable(Declared, table=True):
    """A suite of tests of one flow of its namespace, as its text."""

    __tablename__ = "flow_test"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    id: str = Field(primary_key=True, max_length=100)
    flow_id: str = Field(index=True, max_length=100)
    source: str
    description: str | None = None


class FlowTestResultTable(SQLModel, table=True):
    """One run of a suite against exactly one content of its flow."""

    __tablename__ = "flow_test_result"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    tenant: str = Field(primary_key=True, max_length=100)
    namespace: str = Field(primary_key=True, max_length=150)
    test_id: str = Field(primary_key=True, max_length=100)
    id: str = Field(primary_key=True, max_length=32)
    at: datetime = Field(sa_type=Instant)
    actor: str
    flow_id: str = Field(max_length=100)
    flow_hash: str = Field(index=True, max_length=64)
    test_hash: str = Field(max_length=64)
    passed: int
    failed: int
    skipped: int
    seconds: float
    cases: list[Json] = Field(sa_type=JsonText)


_test = table_of(FlowTestTable)
_result = table_of(FlowTestResultTable)


@dataclass(frozen=True, slots=True)
class FlowTestRow:
    """A declared suite as stored."""

    tenant: str
    namespace: str
    id: str
    flow_id: str
    source: str
    owner: str
    revision: int
    content_hash: str
    created_at: datetime
    updated_at: datetime
    provenance: Provenance = field(default_factory=Provenance)
    description: str | None = None


ROWS = DeclaredTable(_test, FlowTestRow)
# As functions of the module, as in the other files of this package.
find, page, put = ROWS.find, ROWS.page, ROWS.put


@dataclass(frozen=True, slots=True)
class FlowTestResult:
    """What became of a suite."""

    tenant: str
    namespace: str
    test_id: str
    id: str
    at: datetime
    actor: str
    flow_id: str
    flow_hash: str
    test_hash: str
    passed: int
    failed: int
    skipped: int
    seconds: float
    cases: list[Json]


def of_flow(tx: Connection, tenant: str, namespace: str, flow_id: str) -> list[FlowTestRow]:
    """The suites of a flow."""
    statement = select(_test).where(
        _test.c.tenant == tenant, _test.c.namespace == namespace, _test.c.flow_id == flow_id
    )
    return [record(FlowTestRow, row) for row in tx.execute(statement.order_by(_test.c.id))]


def add_result(tx: Connection, result: FlowTestResult) -> None:
    """Keeps what became of a suite, and lets the oldest beyond a hundred go."""
    of_suite = (
        _result.c.tenant == result.tenant,
        _result.c.namespace == result.namespace,
        _result.c.test_id == result.test_id,
    )
    values = {name: getattr(result, name) for name in FlowTestResult.__slots__}
    tx.execute(_result.insert().values(**values))
    old: Iterable[str] = tx.execute(
        select(_result.c.id).where(*of_suite).order_by(_result.c.at.desc()).offset(_KEPT)
    ).scalars()
    gone = list(old)
    if gone:
        tx.execute(_result.delete().where(*of_suite, _result.c.id.in_(gone)))


def results(
    tx: Connection,
    tenant: str,
    namespace: str,
    test_id: str,
    *,
    flow_hash: str | None = None,
    limit: int,
) -> list[FlowTestResult]:
    """Results of a suite, the latest first; `flow_hash` keeps those for one content of the flow."""
    statement = select(_result).where(
        _result.c.tenant == tenant,
        _result.c.namespace == namespace,
        _result.c.test_id == test_id,
    )
    if flow_hash is not None:
        statement = statement.where(_result.c.flow_hash == flow_hash)
    statement = statement.order_by(_result.c.at.desc(), _result.c.id).limit(limit)
    return [record(FlowTestResult, row) for row in tx.execute(statement)]
