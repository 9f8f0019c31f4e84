"""The provider block, and the classes that the folders beside this file hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

from penstock_provider.clearance import Clearances
from penstock_provider.client import Client
from penstock_provider.examination import Examiner
from penstock_provider.executions import Executions
from penstock_provider.framework.action import Action
from penstock_provider.framework.diagnostics import Diagnostics, Failure
from penstock_provider.framework.folder import Folder
from penstock_provider.framework.function import Function
from penstock_provider.framework.listing import ListResource
from penstock_provider.framework.log import log
from penstock_provider.framework.resource import (
    DataSource,
    EphemeralResource,
    Provider,
    Resource,
)
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import NUMBER, STRING, State, Unknown, Value
from penstock_provider.objects import Objects
from penstock_provider.parallelism import parallelism
from penstock_provider.pattern import Pattern
from penstock_provider.reference import Reference
from penstock_provider.run_file import Record
from penstock_provider.sentences import tell_others
from penstock_provider.settings import endpoint_of, setting, settings_of, tenant_of
from penstock_provider.singles import Singles
from penstock_provider.tenancy import RunTenancy
from penstock_provider.walk import Walk

K = TypeVar("K", Resource, DataSource, EphemeralResource, Function, ListResource, Action)


@cache
def _classes(folder: str, kind: type[K], prefix: str) -> Mapping[str, type[K]]:
    return Folder(f"penstock_provider.{folder}", kind, prefix=prefix)


def _text(description: str, variable: str, *, sensitive: bool = False) -> Attribute:
    return Attribute(
        STRING, f"{description} Also from `{variable}`.", optional=True, sensitive=sensitive
    )


def _one_of(*words: str) -> Callable[[Value], str | None]:
    def problem(value: Value) -> str | None:
        if not isinstance(value, str) or value in words:
            return None
        return f'"{value}" is none of {", ".join(f"`{word}`" for word in words)}.'

    return problem


@runtime_checkable
class Declares(Protocol):
    """A resource that says which objects it is about."""

    def declares(self, values: State) -> Iterable[Pattern]:
        """Of a configuration or a state."""
        ...


def _names(resource: Resource, state: State) -> list[str]:
    declared = resource.declares(state) if isinstance(resource, Declares) else ()
    return [each.name for each in declared if each.name is not None]


class Penstock(Provider):
    """One configured provider: one tenant of one server."""

    schema: ClassVar[Schema] = Schema(
        "Manages what is declared on a Penstock server: namespaces, flows, their tests and "
        "schedules, secrets, key-value pairs and files, tokens and tenants.",
        {
            "endpoint": _text(
                "Address of the server, such as `https://penstock.company.com`; "
                "`http://127.0.0.1:8484` when not given.",
                "PENSTOCK_ENDPOINT",
            ),
            "token": _text("API token.", "PENSTOCK_TOKEN", sensitive=True),
            "tenant": _text("Tenant; `main` when not given.", "PENSTOCK_TENANT"),
            "owner": _text(
                "On whose behalf objects are written; another owner's objects are refused. "
                "`terraform:<workspace>` when not given.",
                "PENSTOCK_OWNER",
            ),
            "ca_file": _text(
                "PEM file with the certificate authorities to trust, instead of the system's.",
                "PENSTOCK_CA_FILE",
            ),
            "missing_references": Attribute(
                STRING,
                "What it is when something that a flow, schedule or test refers to is neither on "
                "the server nor declared by this configuration: `error`, or `warning` for those "
                "who deploy the rest by other means; `error` when not given. Also from "
                "`PENSTOCK_MISSING_REFERENCES`.",
                optional=True,
                check=_one_of("error", "warning"),
            ),
            "on_override": Attribute(
                STRING,
                "What becomes of a schedule, or of a trigger of a flow, that somebody has switched "
                "on or off on the server, for a while, when the schedule or the flow is changed: "
                "`keep` with a warning, `clear`, or `error`, which refuses the change; `keep` when "
                "not given. Also from `PENSTOCK_ON_OVERRIDE`.",
                optional=True,
                check=_one_of("keep", "clear", "error"),
            ),
            "timeout": Attribute(
                NUMBER,
                "Seconds to wait for an answer; 30 when not given. Also from `PENSTOCK_TIMEOUT`.",
                optional=True,
            ),
            "max_retries": Attribute(
                NUMBER,
                "How often a request is repeated after 429, 5xx or a lost connection; 4 when "
                "not given. "
                "Also from `PENSTOCK_MAX_RETRIES`.",
                optional=True,
            ),
        },
        {
            "source": Schema(
                "Where the configuration comes from; stored with each revision.",
                {
                    "repository": _text("Repository.", "PENSTOCK_SOURCE_REPOSITORY"),
                    "commit": _text("Commit.", "PENSTOCK_SOURCE_COMMIT"),
                },
            ),
            "run": Schema(
                "Which run applies it; stored with each revision.",
                {
                    "id": _text("Id of the run.", "PENSTOCK_RUN_ID"),
                    "url": _text("Address of the run's page.", "PENSTOCK_RUN_URL"),
                },
            ),
        },
    )

    _objects: Objects | None = None
    _examiner: Examiner | None = None
    _record: Record | None = None
    _on_override: str = ""
    _place: tuple[str | None, str | None] = None, None
    _clearances: Clearances | None = None
    _client: Client | None = None
    _singles: Singles | None = None
    _executions: Executions | None = None

    def resources(self) -> Mapping[str, type[Resource]]:
        """All files of `resources/`."""
        return _classes("resources", Resource, "penstock_")

    def data_sources(self) -> Mapping[str, type[DataSource]]:
        """All files of `data_sources/`."""
        return _classes("data_sources", DataSource, "penstock_")

    def ephemeral_resources(self) -> Mapping[str, type[EphemeralResource]]:
        """All files of `ephemeral/`."""
        return _classes("ephemeral", EphemeralResource, "penstock_")

    def recorded_schemas(self) -> bytes | None:
        """What a packed provider has been packed with."""
        from penstock_provider.recorded import recorded  # noqa: PLC0415 (one process a command asks)

        return recorded()

    def addresses(self) -> Sequence[str]:
        """What the source `penstock/penstock` means."""
        from penstock_provider.install import ADDRESSES  # noqa: PLC0415 (only moves ask for it)

        return ADDRESSES

    def functions(self) -> Mapping[str, type[Function]]:
        """All files of `functions/`."""
        return _classes("functions", Function, "")

    def list_resources(self) -> Mapping[str, type[ListResource]]:
        """All files of `list_resources/`."""
        return _classes("list_resources", ListResource, "penstock_")

    def actions(self) -> Mapping[str, type[Action]]:
        """All files of `actions/`."""
        return _classes("actions", Action, "penstock_")

    @property
    def objects(self) -> Objects:
        """The server's objects; a failure when it is not known yet where the server is."""
        if self._objects is None:
            raise _no_server()
        return self._objects

    @property
    def singles(self) -> Singles:
        """The server's objects outside of namespaces; a failure as of `objects`."""
        if self._singles is None:
            raise _no_server()
        return self._singles

    @property
    def executions(self) -> Executions:
        """The server's executions and triggers; a failure as of `objects`."""
        if self._executions is None:
            raise _no_server()
        return self._executions

    @property
    def planner(self) -> Objects | None:
        """The server's objects, or None while it is unknown: then plans go unchecked."""
        return self._objects

    @property
    def examiner(self) -> Examiner | None:
        """Who judges plans, or None while it is unknown where the server is."""
        return self._examiner

    @property
    def record(self) -> Record:
        """What the configuration of this run declares."""
        if self._record is None:
            self._record = Record(self.peer)
        return self._record

    def tell_overrides(self, references: Iterable[Reference], diagnostics: Diagnostics) -> None:
        """Warns of what people have decided against what is declared."""
        if self._objects is not None and self._examiner is not None:
            for reference in references:
                self._objects.overrides.tell(reference, diagnostics, self._examiner.walk.told)

    async def clear_overrides(self, references: Iterable[Reference]) -> None:
        """Ends that for what has been written, where the configuration wants it."""
        if self._on_override == "clear" and self._objects is not None:
            await self._objects.follow(references)

    def checked(self, config: State) -> None:
        """Notes of which server and tenant the block is, as far as that is known."""
        self._place = (
            None if isinstance(config.get("endpoint"), Unknown) else endpoint_of(config),
            None if isinstance(config.get("tenant"), Unknown) else tenant_of(config),
        )

    def validated(self, resource: Resource, config: State) -> None:
        """Writes down what a resource block declares, for the process that plans."""
        if self._objects is None and isinstance(resource, Declares):
            endpoint, tenant = self._place
            self.record.append(
                each._replace(endpoint=endpoint, tenant=tenant)
                for each in resource.declares(config)
            )

    async def unchanged(
        self, resource: Resource, read: Callable[[], State], diagnostics: Diagnostics
    ) -> None:
        """An object that stays: whatever waited for a change of it is told now."""
        if self._examiner is None:
            return
        awaited = self._examiner.walk.keep(lambda: _names(resource, read()))
        if awaited:
            tell_others(diagnostics, (await self._examiner.keep(awaited)).others)

    async def configure(
        self, config: State, diagnostics: Diagnostics, *, terraform_version: str
    ) -> None:
        """Takes the provider block; nothing is sent yet."""
        log("debug", "configuring", terraform=terraform_version)
        if any(isinstance(value, Unknown) for value in config.values()):
            return
        settings = settings_of(config, diagnostics)
        if settings is None:
            return
        log(
            "debug",
            "configured",
            endpoint=settings.endpoint,
            tenant=settings.tenant,
            owner=settings.owner,
        )
        self._client = Client(settings)
        self._client.tenancy = RunTenancy(self._client, self.record)
        arguments = () if self.peer is None else self.peer.arguments
        self._objects = Objects(
            self.loop, self._client, parallelism=parallelism(arguments, os.environ)
        )
        self._singles = Singles(self.loop, self._client)
        self._on_override = setting(config.get("on_override"), "PENSTOCK_ON_OVERRIDE")
        strictness = setting(config.get("missing_references"), "PENSTOCK_MISSING_REFERENCES")
        endpoint, tenant = settings.endpoint, settings.tenant
        self._clearances = Clearances(self.peer, place=f"{endpoint} {tenant} {settings.owner}")
        self._examiner = Examiner(
            Walk(self.loop, self.peer, self.record, endpoint=endpoint, tenant=tenant),
            self._objects.plan,
            is_strict=strictness != "warning",
            refuses_overridden=self._on_override == "error",
            clearances=self._clearances,
        )
        self._executions = Executions(self.loop, self._client)

    def stop(self) -> None:
        """Ends pauses between attempts."""
        if self._client is not None:
            self._client.stop()

    def close(self) -> None:
        """Ends everything that is under way."""
        self.stop()
        for file in (self._record, self._clearances):
            if file is not None:
                file.close()
        if self._objects is not None:
            self._objects.close()
            self._objects = self._singles = self._executions = None


def _no_server() -> Failure:
    return Failure(
        "The provider does not know its server yet",
        "`endpoint`, `token` or `tenant` depends on something that is known only when this run has "
        "made it. Apply that first, with `-target`.",
    )
