"""List resources: finding what exists, and the calls about them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from typing import ClassVar, Generic, TypeVar

from penstock_provider.framework import protocol
from penstock_provider.framework.diagnostics import Diagnostics, diagnostic_message
from penstock_provider.framework.identity import put_identity
from penstock_provider.framework.message import check, state_of, tell
from penstock_provider.framework.protocol import Message
from penstock_provider.framework.record import field, record
from penstock_provider.framework.resource import Provider, named
from penstock_provider.framework.schema import Schema
from penstock_provider.framework.values import State, pack

P = TypeVar("P", bound="Provider")


@record(frozen=True)
class Query:
    """What is asked for."""

    config: State
    whole: bool
    """True when whole states are wanted, not only names."""
    limit: int
    """Nobody listens to more than so many."""


@record(frozen=True)
class Listed:
    """One object that exists: at least its identity, all of it when the query wants that."""

    state: State
    name: str
    """For people."""
    diagnostics: Diagnostics = field(default_factory=Diagnostics)


class ListResource(ABC, Generic[P]):
    """Finds objects of the managed resource of the same name."""

    schema: ClassVar[Schema]

    def __init__(self, provider: P) -> None:
        self.provider = provider

    async def validate(self, config: State, diagnostics: Diagnostics) -> None:
        """Checks a configuration without any server; values may be unknown."""

    @abstractmethod
    def find(self, query: Query) -> AsyncIterator[Listed]:
        """What exists, in a steady order. May raise ``Failure``."""


class Lists:
    """The calls about list resources."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def validate_list_resource_config(self, asked: Message, told: Message) -> None:
        """Checks a list block."""
        lists = self._list(asked.type_name)
        config = state_of(asked.config, lists.schema) or {}
        diagnostics = Diagnostics()
        check(lists.schema, config, diagnostics)
        await lists.validate(config, diagnostics)
        tell(told, diagnostics.items)

    async def list_resource(self, asked: Message, send: Callable[[Message], bool]) -> None:
        """Sends what exists, until all of it or the limit is told."""
        lists = self._list(asked.type_name)
        resource = named(self._provider.resources(), asked.type_name)
        whole = asked.include_resource_object
        query = Query(state_of(asked.config, lists.schema) or {}, whole, asked.limit)
        count = 0
        async for listed in lists.find(query):
            event = protocol.types["ListResourceEvent"](display_name=listed.name)
            put_identity(resource, listed.state, event.identity)
            if whole:
                event.resource_object.msgpack = pack(resource.schema.complete(listed.state))
            event.diagnostic.extend(map(diagnostic_message, listed.diagnostics.items))
            count += 1
            if not send(event) or count == query.limit:
                return

    def _list(self, name: str) -> ListResource:
        return named(self._provider.list_resources(), name)(self._provider)
