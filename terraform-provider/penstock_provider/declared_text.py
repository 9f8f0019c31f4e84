"""What objects that are one YAML text have in common: the text names them, and is kept as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from penstock_provider.api import Json
from penstock_provider.declared import Declared, string
from penstock_provider.framework.diagnostics import Diagnostics
from penstock_provider.framework.plan import Plan
from penstock_provider.framework.schema import Attribute
from penstock_provider.framework.values import STRING, State, Value, text
from penstock_provider.pattern import Pattern
from penstock_provider.scanner import content_hash, scan

CONTENT_HASH_AT_PLAN = Attribute(
    STRING, "SHA-256 of the text's exact bytes, hexadecimal; known at plan.", computed=True
)


def name_in_text(part: str, what: str) -> Attribute:
    """The attribute for a ``part`` of the name of a ``what`` that is in the text already."""
    return Attribute(
        STRING,
        f"{part} of the {what}; read from the text when it is not given. A change makes a new "
        f"{what}.",
        optional=True,
        computed=True,
    )


class DeclaredText(Declared):
    """One object whose whole content is a text with ``id`` and ``namespace`` at its top."""

    body = "source"
    id_attribute: ClassVar[str]
    """The attribute with the text's ``id``."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.identified_by = ("namespace", cls.id_attribute)

    def _keys(self) -> dict[str, str]:
        return {"namespace": "namespace", self.id_attribute: "id"}

    async def validate(self, config: State, diagnostics: Diagnostics) -> None:
        """Id and namespace must be in the text or given, and must agree."""
        source = config.get("source")
        if not isinstance(source, str):
            return
        found = scan(source)
        for attribute, key in self._keys().items():
            configured = config.get(attribute)
            if configured is None and key not in found:
                diagnostics.error(
                    f"The {self.kind} has no `{key}`",
                    f"Write `{key}: …` at the top of the text, or set `{attribute}`.",
                    path=("source",),
                )
            elif isinstance(configured, str) and found.get(key, configured) != configured:
                diagnostics.error(
                    f"`{attribute}` and the text disagree",
                    f'The text says `{key}: {found[key]}`, `{attribute}` says "{configured}".',
                    path=(attribute,),
                )

    def identity(self, planned: State) -> tuple[Value, ...]:
        """All of it must be known."""
        return planned.get("namespace"), planned.get(self.id_attribute), planned.get("source")

    def declares(self, values: State) -> Iterator[Pattern]:
        """The object; its names may be in the text only."""
        source = values.get("source")
        found = scan(source) if isinstance(source, str) else {}
        namespace, name = (
            text(values.get(attribute)) or found.get(key) for attribute, key in self._keys().items()
        )
        yield Pattern(self.kind, namespace, name)

    def spec(self, planned: State, config: State) -> Json:  # noqa: ARG002 (secrets need it)
        """The PUT body."""
        return {"source": text(planned.get("source"))}

    async def plan(self, plan: Plan) -> None:
        """Reads id and namespace from the text; the hash is known before the server is."""
        source = plan.planned["source"]
        if isinstance(source, str):
            found = scan(source)
            for attribute, key in self._keys().items():
                if plan.config.get(attribute) is None and key in found:
                    plan.planned[attribute] = found[key]
            plan.planned["content_hash"] = content_hash(source)
        if plan.prior is not None:
            for attribute in self._keys():
                if plan.planned[attribute] != plan.prior[attribute]:
                    plan.replace.append((attribute,))
        await super().plan(plan)

    def state(self, prior: State, form: Json) -> State:
        """The state, with the server's text to the byte: promotion compares hashes."""
        source = string(form.get("source"))
        return {
            "namespace": prior["namespace"],
            self.id_attribute: prior[self.id_attribute],
            "source": source,
            **self.computed(self.reference(prior), form),
            "content_hash": content_hash(source),
        }

    def written(self, state: State) -> State:
        """The configuration: names that the text says already are left out."""
        found = scan(text(state.get("source")))
        said = {name for name, key in self._keys().items() if state.get(name) == found.get(key)}
        return {name: value for name, value in state.items() if name not in said}
