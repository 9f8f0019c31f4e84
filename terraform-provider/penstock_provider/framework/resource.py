"""What a provider is made of: resources, data sources, ephemeral resources, functions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar

from penstock_provider.framework.diagnostics import Diagnostics, Failure
from penstock_provider.framework.loop import Loop
from penstock_provider.framework.plan import Plan, Private
from penstock_provider.framework.schema import Schema
from penstock_provider.framework.values import State, Type, Value


@dataclass
class Change:
    """One object to create (``prior`` None), update, or delete (``planned`` empty)."""

    prior: State | None
    planned: State
    config: State
    """As written, write-only values included."""
    private: Private = field(default_factory=dict)
    """Kept beside the state, unseen by the user; what is written into it is stored."""
    diagnostics: Diagnostics = field(default_factory=Diagnostics)


@dataclass
class Reading:
    """One object whose state is to be refreshed."""

    state: State
    private: Private = field(default_factory=dict)
    diagnostics: Diagnostics = field(default_factory=Diagnostics)


P = TypeVar("P", bound="Provider")


class Resource(ABC, Generic[P]):
    """A kind of managed object. Every method may raise ``Failure``."""

    schema: ClassVar[Schema]

    def __init__(self, provider: P) -> None:
        self.provider = provider

    async def validate(self, config: State, diagnostics: Diagnostics) -> None:
        """Checks a configuration without any server; values may be unknown."""

    async def plan(self, plan: Plan) -> None:
        """Alters the default plan; called only when something changes or might."""

    @abstractmethod
    async def create(self, change: Change) -> State:
        """Makes the object and returns its whole state."""

    @abstractmethod
    async def read(self, reading: Reading) -> State | None:
        """The state as it really is, or None when the object is gone."""

    @abstractmethod
    async def update(self, change: Change) -> State:
        """Changes the object in place and returns its whole state."""

    @abstractmethod
    async def delete(self, change: Change) -> None:
        """Removes the object; one that is already gone is a success."""

    @abstractmethod
    async def imported(self, identity: str) -> State:
        """As much of the state as ``read`` needs to find the object with that import id."""

    always_plan: ClassVar[bool] = False
    """True when ``plan`` is wanted though prior state and configuration are the same."""

    async def upgrade(self, version: int, state: State) -> State:  # noqa: ARG002 (for overriding)
        """Brings a state of an older schema version to the present one."""
        raise Failure(
            f"State version {version} is not known",
            "The state was written by a newer provider. Install that version or a later one.",
        )


class DataSource(ABC, Generic[P]):
    """Something to look up."""

    schema: ClassVar[Schema]

    def __init__(self, provider: P) -> None:
        self.provider = provider

    async def validate(self, config: State, diagnostics: Diagnostics) -> None:
        """Checks a configuration without any server."""

    @abstractmethod
    async def read(self, config: State, diagnostics: Diagnostics) -> State:
        """The whole state for a configuration that is wholly known."""


class EphemeralResource(ABC, Generic[P]):
    """A value that exists only while Terraform runs."""

    schema: ClassVar[Schema]

    def __init__(self, provider: P) -> None:
        self.provider = provider

    async def validate(self, config: State, diagnostics: Diagnostics) -> None:
        """Checks a configuration without any server."""

    @abstractmethod
    async def open(self, config: State, diagnostics: Diagnostics) -> State:
        """The whole result for a configuration that is wholly known."""

    async def close(self, private: bytes) -> None:
        """Gives back what ``open`` took."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a function."""

    name: str
    type: Type
    description: str


class ArgumentError(Exception):
    """A function's refusal of its argument number ``index`` (from 0)."""

    def __init__(self, index: int, text: str) -> None:
        super().__init__(text)
        self.index = index


class Function(ABC):
    """A pure function for configurations."""

    summary: ClassVar[str]
    description: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]]
    returns: ClassVar[Type]

    @abstractmethod
    def call(self, *arguments: Value) -> Value:
        """The result; raises ``ArgumentError``."""


class Provider(ABC):
    """A provider: its own schema, and the classes it offers by their full type names."""

    schema: ClassVar[Schema]

    def __init__(self, loop: Loop) -> None:
        self.loop = loop

    @abstractmethod
    def resources(self) -> Mapping[str, type[Resource]]:
        """All resources."""

    @abstractmethod
    def data_sources(self) -> Mapping[str, type[DataSource]]:
        """All data sources."""

    @abstractmethod
    def ephemeral_resources(self) -> Mapping[str, type[EphemeralResource]]:
        """All ephemeral resources."""

    def functions(self) -> Mapping[str, type[Function]]:
        """All functions, by name without prefix."""
        return {}

    @abstractmethod
    async def configure(
        self, config: State, diagnostics: Diagnostics, *, terraform_version: str
    ) -> None:
        """Takes the configuration; nothing else but ``validate`` runs before."""

    @abstractmethod
    def stop(self) -> None:
        """Ends all waiting as soon as may be: the user pressed Ctrl-C."""

    @abstractmethod
    def close(self) -> None:
        """The peer has gone."""
