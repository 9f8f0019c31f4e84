"""What the services need from the layers above them, as protocols."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Protocol

from sqlalchemy import Connection

from penstock.engine.operation import Operation, Wish
from penstock.language.flow_test import ParsedSuite
from penstock.model.execution import Execution, Source
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.service.spec import NamespaceSpec
from penstock.store.audit import AuditRecord


class FlowVersion(Protocol):
    """A flow at one revision, parsed."""

    @property
    def flow(self) -> Flow:
        """The model."""
        ...

    @property
    def revision(self) -> int:
        """Its number."""
        ...

    @property
    def content_hash(self) -> str:
        """SHA-256 of its text."""
        ...

    @property
    def source(self) -> Source | None:
        """The commit that it came from."""
        ...

    @property
    def may_wait(self) -> bool:
        """Whether its start may wait for something: its checks or inputs reach beyond the text."""
        ...


class FlowVersions(Protocol):
    """Parsed flows, each content parsed once."""

    def latest(
        self,
        tx: Connection,
        tenant: str,
        namespace: str,
        id: str,  # noqa: A002 - the word of the API
    ) -> FlowVersion | None:
        """The present revision, or None when there is no such flow."""
        ...

    def at(
        self,
        tx: Connection,
        tenant: str,
        namespace: str,
        id: str,  # noqa: A002 - the word of the API
        revision: int,
    ) -> FlowVersion | None:
        """A given revision, or None."""
        ...


class Executor(Protocol):
    """What runs executions."""

    @property
    def active_count(self) -> int:
        """How many executions are not over."""
        ...

    async def accept(
        self,
        execution: Execution,
        version: FlowVersion,
        audit: AuditRecord | None = None,
        *,
        warnings: tuple[str, ...] = (),
        refusal: str | None = None,
    ) -> Execution:
        """Accepts a new execution; returns after the commit that stored it.

        `warnings` become the first lines of the execution's log. With a `refusal` it is stored as
        FAILED, for that reason.
        """
        ...

    def kill(
        self,
        tenant: str,
        execution_id: str,
        reason: str,
        *,
        audit: AuditRecord | None = None,
        cascade: bool = True,
    ) -> Future[Execution | None]:
        """Asks for the end of an execution, audited with it; the future ends after commit."""
        ...

    def submit(
        self, execution: Execution, version: FlowVersion, audit: AuditRecord | None = None
    ) -> Future[Execution | None]:
        """`accept` for threads."""
        ...

    def operate(
        self,
        tenant: str,
        execution_id: str,
        operation: Operation | Wish,
        *,
        audit: AuditRecord | None = None,
    ) -> Future[Execution | None]:
        """Carries out what somebody asks of an execution, active or ended; the future ends after
        commit, or with the `PenstockError` that says why it cannot be.
        """
        ...

    def write(self, statements: Callable[[Connection], None]) -> Future[None]:
        """Runs statements between the steps of executions, in a transaction."""
        ...

    def subscribe(self, execution_id: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back, from another thread, after each commit that touched it; returns the undo."""
        ...


class Masker(Protocol):
    """Knows the secret values that were handed out."""

    def holds(self, value: Json) -> bool:
        """Whether a secret occurs anywhere in a value."""
        ...

    def text(self, text: str) -> str:
        """The text with every secret that the expressions read so far taken out."""
        ...

    def value(self, value: dict[str, Json]) -> dict[str, Json]:
        """The same for texts anywhere in a value."""
        ...


class Renderer(Protocol):
    """Renders expressions on behalf of one execution."""

    @property
    def masker(self) -> Masker:
        """Of what was rendered."""
        ...

    def seal(self, text: str) -> Json:
        """A secret text as it is kept; from now on it is hidden. Raises `ExpressionError`."""
        ...

    def render(self, value: Json, variables: Mapping[str, Json], *, typed: bool = False) -> Json:
        """The value with its expressions rendered. Raises `ExpressionError`."""
        ...


class SuiteOutcome(Protocol):
    """What became of a suite of tests."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many cases are `passed`, `failed`, `skipped`."""
        ...

    @property
    def misses(self) -> Sequence[tuple[str, Problem]]:
        """What is otherwise than a case says, with the case."""
        ...

    def cases_json(self) -> list[Json]:
        """Every case, for results."""
        ...


class FlowTests(Protocol):
    """Runs tests of flows apart from everything else."""

    def run_suite(
        self,
        parsed: ParsedSuite,
        flows: Mapping[tuple[str, str], tuple[Flow, str]],
        namespaces: Mapping[str, NamespaceSpec],
    ) -> SuiteOutcome:
        """Runs a suite that fits, with flows, their texts, and what namespaces say. Raises
        `Conflict` while the server runs others.
        """
        ...
