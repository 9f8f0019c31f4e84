"""What a provider is made of: resources, data sources and ephemeral resources."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from penstock_provider.framework.diagnostics import Diagnostics, Failure
from penstock_provider.framework.loop import Loop
from penstock_provider.framework.peer import Peer
from penstock_provider.framework.plan import Plan, Private
from penstock_provider.framework.record import field, record
from penstock_provider.framework.schema import Schema
from penstock_provider.framework.values import JsonValue, State

if TYPE_CHECKING:
    from datetime import datetime

    from penstock_provider.framework.action import Action
    from penstock_provider.framework.function import Function
    from penstock_provider.framework.listing import ListResource

JsonState = dict[str, JsonValue]
Upgrade = Callable[[JsonState], JsonState]
K = TypeVar("K")


@record
class Change:
    """One object to create (``prior`` None), update, or delete (``planned`` empty)."""

    prior: State | None
    planned: State
    config: State
    """As written, write-only values included."""
    private: Private = field(default_factory=dict)
    """Kept beside the state, unseen by the user; what is written into it is stored."""
    diagnostics: Diagnostics = field(default_factory=Diagnostics)


@record
class Reading:
    """One object whose state is to be refreshed."""

    state: State
    private: Private = field(default_factory=dict)
    diagnostics: Diagnostics = field(default_factory=Diagnostics)


@record(frozen=True)
class Origin:
    """A type of another provider whose state a resource takes over by a ``moved`` block."""

    addresses: tuple[str, ...]
    """Source addresses of that provider, such as ``registry.terraform.io/acme/acme``."""
    type: str
    take: Upgrade
    """From that provider's state to as much of ours as ``read`` needs. Never take a secret."""


@record
class Leaving:
    """One object that is planned to be deleted."""

    prior: State
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

    async def leave(self, leaving: Leaving) -> None:
        """Adds what speaks against a planned deletion."""

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
    identified_by: ClassVar[tuple[str, ...]] = ()
    """The attributes that say together which object it is, and from which ``read`` finds it."""
    upgrades: ClassVar[Mapping[int, Upgrade]] = {}
    """Schema version → what makes a state of the next version out of one of it."""
    origins: ClassVar[tuple[Origin, ...]] = ()
    """Whose states become this resource's by a ``moved`` block."""

    def written(self, state: State) -> State:
        """The configuration that has this state: what the user would leave out is null.

        Called with the state without what a configuration cannot have.
        """
        return state


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


@record(frozen=True)
class Renewal:
    """Until when something lives; ``private`` is what the next call gets."""

    renew_at: datetime | None = None
    """When to ask again; it ends with the run when it is None."""
    private: Private = field(default_factory=dict)


@record(frozen=True)
class Opened:
    """An ephemeral result that must be renewed, or that ``close`` must know again."""

    result: State
    renewal: Renewal = field(default_factory=Renewal)


class EphemeralResource(ABC, Generic[P]):
    """A value that exists only while Terraform runs."""

    schema: ClassVar[Schema]

    def __init__(self, provider: P) -> None:
        self.provider = provider

    async def validate(self, config: State, diagnostics: Diagnostics) -> None:
        """Checks a configuration without any server."""

    @abstractmethod
    async def open(self, config: State, diagnostics: Diagnostics) -> State | Opened:
        """The whole result for a configuration that is wholly known."""

    async def renew(self, private: Private) -> Renewal:  # noqa: ARG002 (for overriding)
        """Prolongs what ``open`` gave; called when the time has come that it named."""
        raise Failure("It cannot be renewed", "This is a mistake in the provider: report it.")

    async def close(self, private: Private) -> None:
        """Gives back what ``open`` took; Terraform hands over what ``open`` has remembered."""


class Provider(ABC):
    """A provider: its own schema, and the classes it offers by their full type names."""

    schema: ClassVar[Schema]
    peer: Peer | None = None
    """Who has opened the connection."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop

    def checked(self, config: State) -> None:  # noqa: B027 (most need none)
        """Takes notice of the provider's own block before it is configured, with unknown values."""

    def validated(self, resource: Resource, config: State) -> None:  # noqa: B027 (likewise)
        """Takes notice of a resource block, with unknown values in it."""

    async def unchanged(  # noqa: B027 (likewise)
        self, resource: Resource, read: Callable[[], State], diagnostics: Diagnostics
    ) -> None:
        """Takes notice of an object that is planned to stay; ``read`` gives its state."""

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

    def list_resources(self) -> Mapping[str, type[ListResource]]:
        """All list resources; each has the name of the resource whose objects it lists."""
        return {}

    def actions(self) -> Mapping[str, type[Action]]:
        """All actions."""
        return {}

    def recorded_schemas(self) -> bytes | None:
        """The answer with all schemas, where it has been worked out before."""
        return None

    def addresses(self) -> Sequence[str]:
        """The provider's own source addresses: states move freely between them."""
        return ()

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


def named(kinds: Mapping[str, K], name: str) -> K:
    """The class of that name; ``Failure`` when there is none."""
    kind = kinds.get(name)
    if kind is None:
        raise Failure(f"There is no {name}", f"This provider has: {', '.join(sorted(kinds))}.")
    return kind
