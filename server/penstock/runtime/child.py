"""Executions that a Subflow task starts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from penstock.engine.start import child_execution
from penstock.engine.step import ChildRequest
from penstock.errors import InvalidInputs
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.runtime.flows import FlowVersion, FlowVersions, InvalidFlow
from penstock.runtime.rendering import Renderer
from penstock.service.beginning import seen
from penstock.service.inputs import Given, resolved
from penstock.service.isolation import Isolation, NamespaceDenied
from penstock.store.session import Database


class ChildRefused(Exception):
    """The flow cannot be executed; the calling task fails with the sentence."""


class Children:
    """Finds flows and builds executions for requests of the engine."""

    def __init__(self, database: Database, flows: FlowVersions, isolation: Isolation) -> None:
        self._database = database
        self._isolation = isolation
        self.flows = flows

    def latest(self, tenant: str, namespace: str, flow_id: str) -> FlowVersion | None:
        """A flow's present revision; None when it is gone or no longer parses."""
        try:
            with self._database.read() as tx:
                return self.flows.latest(tx, tenant, namespace, flow_id)
        except InvalidFlow:
            return None

    def make(
        self, request: ChildRequest, parent: Execution, renderer: Renderer, now: datetime
    ) -> tuple[Execution, FlowVersion]:
        """The execution that a request asks for. Raises `ChildRefused`."""
        version = self._find(parent, request)
        if version.disabled or version.flow.disabled:
            raise ChildRefused("Cannot execute a flow which is disabled")
        inputs = self._inputs(version, request, renderer)
        mask = renderer.masker.text
        labels = {key: mask(value) for key, value in request.labels.items()}
        child = child_execution(
            replace(request, labels=labels),
            parent,
            version.flow,
            revision=version.revision,
            content_hash=version.content_hash,
            now=now,
            inputs=inputs,
            source=version.source,
        )
        return child, version

    def _find(self, parent: Execution, request: ChildRequest) -> FlowVersion:
        tenant = parent.tenant
        namespace, id_, revision = request.namespace, request.flow_id, request.revision
        try:
            with self._database.read() as tx:
                self._isolation.check(tx, tenant, parent.namespace, target=namespace, what="flows")
                found = (
                    self.flows.latest(tx, tenant, namespace, id_)
                    if revision is None
                    else self.flows.at(tx, tenant, namespace, id_, revision)
                )
        except NamespaceDenied as error:
            raise ChildRefused(error.message) from None
        except InvalidFlow as error:
            raise ChildRefused(f"Cannot execute an invalid flow: {error}") from None
        if found is None:
            suffix = "" if revision is None else f" with revision '{revision}'"
            raise ChildRefused(f"Unable to find flow '{namespace}'.'{id_}'{suffix}")
        return found

    def _inputs(
        self, version: FlowVersion, request: ChildRequest, renderer: Renderer
    ) -> dict[str, Json]:
        flow = version.flow
        given = Given(request.inputs, seen(flow, version.revision), is_rendered=True)
        try:
            return resolved(flow, given, renderer)
        except InvalidInputs as error:
            sentences = " ".join(problem.sentence() for problem in error.problems)
            raise ChildRefused(sentences or error.message) from None
