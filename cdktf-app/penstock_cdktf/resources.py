"""One element that emits every resource of a stack, and the escaping that keeps text exact.

A construct per resource costs a round trip to Node each; this one is asked once. Text is data
unless it is a `Ref`: `${` and `%{` are doubled, so no string of a user is ever interpolated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import cast

from penstock_cdktf.compat import TerraformElement, TerraformStack
from penstock_cdktf.document import JsonValue
from penstock_cdktf.errors import AppError
from penstock_cdktf.l1 import Ephemeral, Resource


class Ref(str):
    """A Terraform expression in `${…}`, emitted as written."""

    __slots__ = ()


def escape(text: str) -> str:
    """Returns text that Terraform reads back as exactly the given one."""
    if isinstance(text, Ref):
        return str(text)
    return text.replace("${", "$${").replace("%{", "%%{")


def literal(value: object) -> JsonValue:
    """Returns any value of a resource as Terraform JSON: escaped, without None in dataclasses."""
    if value is None:
        # The libraries drop a bare null, out of lists too; the expression means the same.
        return "${null}"
    if isinstance(value, str):
        return escape(value)
    if is_dataclass(value) and not isinstance(value, type):
        return block(value)
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, object]", value)
        return {escape(key): literal(member) for key, member in pairs.items()}
    if isinstance(value, Sequence):
        members = cast("Sequence[object]", value)
        return [literal(member) for member in members]
    return cast("JsonValue", value)


def block(value: object) -> dict[str, JsonValue]:
    """Returns a dataclass as a block: its fields, those that are None left out."""
    if not is_dataclass(value):
        raise TypeError(f"{type(value).__name__} is no dataclass.")
    found = ((field.name, getattr(value, field.name)) for field in fields(value))
    return {name: literal(member) for name, member in found if member is not None}


class Resources(TerraformElement):
    """All resources, ephemeral values, moves and imports of one stack."""

    def __init__(self, scope: TerraformStack, name: str = "resources") -> None:
        super().__init__(scope, name)
        self._blocks: dict[str, dict[str, dict[str, dict[str, JsonValue]]]] = {}
        self._moved: list[JsonValue] = []
        self._imports: list[JsonValue] = []

    def add(
        self,
        name: str,
        resource: Resource,
        *,
        depends_on: Iterable[str] = (),
        lifecycle: Mapping[str, JsonValue] | None = None,
    ) -> str:
        """Adds a resource and returns its address.

        Args:
            name: the Terraform name, see `names.terraform_name`.
            resource: one of the dataclasses in `l1`.
            depends_on: addresses that must be applied before.
            lifecycle: a Terraform lifecycle block, as is.

        Raises:
            AppError: the address is already taken.
        """
        body = block(resource)
        waits = sorted(depends_on)
        if waits:
            body["depends_on"] = cast("list[JsonValue]", waits)
        if lifecycle:
            body["lifecycle"] = dict(lifecycle)
        self._put("resource", resource.TYPE, name, body)
        return f"{resource.TYPE}.{name}"

    def ephemeral(self, name: str, source: Ephemeral, *, attribute: str) -> Ref:
        """Adds an ephemeral resource and returns the expression of one of its attributes."""
        self._put("ephemeral", source.TYPE, name, block(source))
        return Ref(f"${{ephemeral.{source.TYPE}.{name}.{attribute}}}")

    def moved(self, old: str, new: str) -> None:
        """Says that the resource at address `old` is now at `new`: no destroy, no create."""
        self._moved.append({"from": old, "to": new})

    def imports(self, address: str, identity: str) -> None:
        """Takes an object that exists on the server into the state, under `address`."""
        self._imports.append({"to": address, "id": escape(identity)})

    def _put(self, kind: str, type_name: str, name: str, body: dict[str, JsonValue]) -> None:
        named = self._blocks.setdefault(kind, {}).setdefault(type_name, {})
        if name in named:
            raise AppError(
                f"{kind} {type_name}.{name} is declared twice; each address holds one object."
            )
        named[name] = body

    def to_terraform(self) -> dict[str, JsonValue]:
        """Returns everything as one Terraform JSON fragment; the CDK library calls this."""
        fragment = cast("dict[str, JsonValue]", {k: dict(v) for k, v in self._blocks.items()})
        if self._moved:
            fragment["moved"] = list(self._moved)
        if self._imports:
            fragment["import"] = list(self._imports)
        return fragment
