"""Functions that a provider offers to configurations, and the calls about them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from penstock_provider.framework import protocol
from penstock_provider.framework.diagnostics import Failure
from penstock_provider.framework.message import value_of
from penstock_provider.framework.protocol import Message
from penstock_provider.framework.record import record
from penstock_provider.framework.resource import Provider, named
from penstock_provider.framework.schema import type_bytes
from penstock_provider.framework.values import Type, Value, pack

_MARKDOWN = 1


@record(frozen=True)
class Parameter:
    """One argument of a function; Terraform itself answers for null and unknown ones by default."""

    name: str
    type: Type
    description: str
    null: bool = False
    """True when the function takes null; otherwise Terraform refuses it."""
    unknown: bool = False
    """True when the function takes unknown values; otherwise the result is unknown."""


class ArgumentError(Exception):
    """A function's refusal of its argument number ``index`` (from 0)."""

    def __init__(self, index: int, text: str) -> None:
        super().__init__(text)
        self.index = index


class Function(ABC):
    """A function for configurations: the same arguments must give the same result in one run."""

    summary: ClassVar[str]
    description: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]]
    variadic: ClassVar[Parameter | None] = None
    """The parameter of all further arguments, if there may be some."""
    returns: ClassVar[Type]

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    @abstractmethod
    async def call(self, *arguments: Value) -> Value:
        """The result; raises ``ArgumentError``. The provider may not be configured."""

    @classmethod
    def to_message(cls) -> Message:
        """The function's description as a protocol message."""
        message = protocol.types["Function"](
            summary=cls.summary, description=cls.description, description_kind=_MARKDOWN
        )
        for parameter in cls.parameters:
            message.parameters.add(**_parameter(parameter))
        if cls.variadic is not None:
            message.variadic_parameter.CopyFrom(
                protocol.types["Parameter"](**_parameter(cls.variadic))
            )
        # The field is called "return", which Python keeps for itself.
        getattr(message, "return").type = type_bytes(cls.returns)
        return message

    @classmethod
    def each_parameter(cls, count: int) -> Iterator[Parameter]:
        """The parameters of that many arguments; ``Failure`` when so many do not fit."""
        fixed = len(cls.parameters)
        if count < fixed or (count > fixed and cls.variadic is None):
            raise Failure("The number of arguments is wrong", f"{fixed} are needed.")
        yield from cls.parameters
        for _ in range(count - fixed):
            if cls.variadic is not None:
                yield cls.variadic


def _parameter(parameter: Parameter) -> dict[str, object]:
    return {
        "name": parameter.name,
        "type": type_bytes(parameter.type),
        "allow_null_value": parameter.null,
        "allow_unknown_values": parameter.unknown,
        "description": parameter.description,
        "description_kind": _MARKDOWN,
    }


class Functions:
    """The calls about functions."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def get_functions(self, _: Message, told: Message) -> None:
        """All functions."""
        for name, function in self._provider.functions().items():
            told.functions.add(key=name, value=function.to_message())

    async def call_function(self, asked: Message, told: Message) -> None:
        """Calls a function; its error is bound to the argument."""
        function = named(self._provider.functions(), asked.name)
        kinds = [*function.each_parameter(len(asked.arguments))]
        values = [
            value_of(data, kind.type) for data, kind in zip(asked.arguments, kinds, strict=True)
        ]
        try:
            told.result.msgpack = pack(await function(self._provider).call(*values))
        except ArgumentError as error:
            # Terraform puts a full stop behind it.
            told.error.text = str(error).removesuffix(".")
            told.error.function_argument = error.index
