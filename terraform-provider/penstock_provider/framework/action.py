"""Actions: what a run does once when it is told to, and the calls about them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

from penstock_provider.framework import protocol
from penstock_provider.framework.diagnostics import Diagnostics, diagnostic_message
from penstock_provider.framework.message import check, state_of, tell
from penstock_provider.framework.protocol import Message
from penstock_provider.framework.resource import Provider, named
from penstock_provider.framework.schema import Schema
from penstock_provider.framework.values import State

P = TypeVar("P", bound="Provider")
Progress = Callable[[str], None]
"""Shows the user one line about how far it is."""


class Action(ABC, Generic[P]):
    """Something to do; it has no state. Every method may raise ``Failure``."""

    schema: ClassVar[Schema]

    def __init__(self, provider: P) -> None:
        self.provider = provider

    async def validate(self, config: State, diagnostics: Diagnostics) -> None:
        """Checks a configuration without any server; values may be unknown."""

    async def plan(self, config: State, diagnostics: Diagnostics) -> None:
        """Checks at plan whether it could be done; values may be unknown."""

    @abstractmethod
    async def invoke(self, config: State, diagnostics: Diagnostics, *, progress: Progress) -> None:
        """Does it; the configuration is wholly known."""


class Actions:
    """The calls about actions."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def validate_action_config(self, asked: Message, told: Message) -> None:
        """Checks an action block."""
        action = self._action(asked.type_name)
        config = state_of(asked.config, action.schema) or {}
        diagnostics = Diagnostics()
        check(action.schema, config, diagnostics)
        await action.validate(config, diagnostics)
        tell(told, diagnostics.items)

    async def plan_action(self, asked: Message, told: Message) -> None:
        """Checks an action that is about to be done."""
        action = self._action(asked.action_type)
        diagnostics = Diagnostics()
        await action.plan(state_of(asked.config, action.schema) or {}, diagnostics)
        tell(told, diagnostics.items)

    async def invoke_action(self, asked: Message, send: Callable[[Message], bool]) -> None:
        """Does it, with a line for each step and the findings at the end."""
        action = self._action(asked.action_type)
        event, diagnostics = protocol.types["InvokeActionEvent"], Diagnostics()

        def progress(message: str) -> None:
            told = event()
            told.progress.message = message
            send(told)

        config = state_of(asked.config, action.schema) or {}
        await action.invoke(config, diagnostics, progress=progress)
        told = event()
        told.completed.CopyFrom(protocol.types["DiagnosticsResponse"]())
        told.completed.diagnostics.extend(map(diagnostic_message, diagnostics.items))
        send(told)

    def _action(self, name: str) -> Action:
        return named(self._provider.actions(), name)(self._provider)
