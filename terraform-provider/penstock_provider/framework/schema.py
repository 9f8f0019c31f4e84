"""Schemas: what a provider, resource, data source or ephemeral resource takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from penstock_provider.framework.diagnostics import Path
from penstock_provider.framework.nesting import forgotten, has_default, parts, written
from penstock_provider.framework.protocol import Message, types
from penstock_provider.framework.record import field, record
from penstock_provider.framework.values import (
    State,
    Type,
    Value,
    list_of,
    map_of,
    object_of,
    set_of,
)

_NESTED = {"single": 1, "list": 2, "set": 3, "map": 4}
_MARKDOWN = 1


@record(frozen=True)
class Attribute:
    """One attribute. What Terraform knows comes first, what the default plan does after it."""

    type: Type
    description: str
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    write_only: bool = False
    deprecated: bool = False
    nested: Mapping[str, Attribute] | None = None
    nesting: str = "single"
    default: Value = None
    """Taken when the configuration gives none (the attribute is optional and computed)."""
    replace: bool = False
    """A change makes a new object."""
    volatile: bool = False
    """Computed, and may change whenever anything else does."""
    equal: Callable[[Value, Value], bool] | None = None
    """True when two known values mean the same: then the prior one stays."""
    check: Callable[[Value], str | None] | None = None
    """A sentence about what is wrong with a known value, or None."""

    def says(self, value: Value) -> bool:
        """True when a configuration must say this value to have it."""
        is_input = self.required or self.optional
        is_hidden = self.write_only or self.deprecated
        return is_input and not is_hidden and (self.required or value != self.default)


def nested(
    attributes: Mapping[str, Attribute],
    description: str,
    *,
    nesting: str = "single",
    required: bool = False,
) -> Attribute:
    """An optional (or required) attribute with attributes of its own."""
    inner = object_of({name: attribute.type for name, attribute in attributes.items()})
    wrap = {"single": lambda of: of, "list": list_of, "set": set_of, "map": map_of}[nesting]
    return Attribute(
        wrap(inner),
        description,
        required=required,
        optional=not required,
        nested=attributes,
        nesting=nesting,
    )


@record(frozen=True)
class Schema:
    """Attributes and nested single blocks, with the version of the state that they describe."""

    description: str
    attributes: Mapping[str, Attribute]
    blocks: Mapping[str, Schema] = field(default_factory=dict)
    version: int = 0

    @cached_property
    def type(self) -> Type:
        """The object type of a whole value."""
        fields = {name: attribute.type for name, attribute in self.attributes.items()}
        fields.update({name: block.type for name, block in self.blocks.items()})
        return object_of(fields)

    @cached_property
    def write_only(self) -> tuple[str, ...]:
        """Names of the attributes whose values are never kept."""
        return tuple(name for name, attribute in self.attributes.items() if attribute.write_only)

    @cached_property
    def secret(self) -> tuple[str, ...]:
        """Names of the attributes whose values are for nobody's eyes."""
        return tuple(
            name
            for name, attribute in self.attributes.items()
            if attribute.sensitive or attribute.write_only
        )

    def forget(self, state: State) -> None:
        """Takes the write-only values out of a state."""
        for name in self.write_only:
            state[name] = None
        for name in self._nested:
            state[name] = forgotten(self.attributes[name], state.get(name))

    def parts(self, config: State) -> Iterator[tuple[Path, Attribute, Value]]:
        """Every attribute's value with its path, those of nested ones too."""
        for name, attribute in self.attributes.items():
            yield from parts(attribute, config.get(name), (name,))

    @cached_property
    def _nested(self) -> tuple[str, ...]:
        return tuple(name for name, attribute in self.attributes.items() if attribute.nested)

    def configurable(self, state: State) -> State:
        """What a configuration with this state says: nothing computed, secret or by default."""
        return {
            name: value
            if (attribute := self.attributes.get(name)) is None
            else written(attribute, value)
            for name, value in state.items()
        }

    @cached_property
    def has_defaults(self) -> bool:
        """True when leaving an attribute out may change it."""
        return any(map(has_default, self.attributes.values()))

    def complete(self, values: Mapping[str, Value]) -> State:
        """``values`` with every absent attribute null."""
        fields = self.type.fields or {}
        return {name: values.get(name) for name in fields}

    def problems(self, config: State) -> Iterator[tuple[Path, str]]:
        """Path and sentence for each configured value that its attribute's check refuses."""
        for path, attribute, value in self.parts(config):
            if attribute.check is not None and value is not None:
                problem = attribute.check(value)
                if problem is not None:
                    yield path, problem

    def to_message(self) -> Message:
        """The schema as a protocol message."""
        return types["Schema"](version=self.version, block=_block(self))


def _block(schema: Schema) -> Message:
    block = types["Block"](
        version=schema.version, description=schema.description, description_kind=_MARKDOWN
    )
    block.attributes.extend(_attribute(*item) for item in schema.attributes.items())
    for name, inner in schema.blocks.items():
        block.block_types.add(type_name=name, block=_block(inner), nesting=_NESTED["single"])
    return block


def _attribute(name: str, attribute: Attribute) -> Message:
    message = types["Attribute"](
        name=name,
        description=attribute.description,
        description_kind=_MARKDOWN,
        required=attribute.required,
        optional=attribute.optional,
        computed=attribute.computed,
        sensitive=attribute.sensitive,
        write_only=attribute.write_only,
        deprecated=attribute.deprecated,
    )
    if attribute.nested is None:
        message.type = type_bytes(attribute.type)
    else:
        message.nested_type.nesting = _NESTED[attribute.nesting]
        message.nested_type.attributes.extend(
            _attribute(*item) for item in attribute.nested.items()
        )
    return message


def type_bytes(of: Type) -> bytes:
    """A type as it stands in schemas."""
    return of.text.encode()
