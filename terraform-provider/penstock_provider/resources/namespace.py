"""`penstock_namespace`: a namespace with what its flows inherit, and who else may use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from penstock_provider import kestra
from penstock_provider.api import Json
from penstock_provider.declared import (
    CONTENT_HASH,
    ID,
    REVISION,
    Declared,
    given,
    kept,
    labels_of,
    name_check,
    string,
    typed_map,
)
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import (
    DYNAMIC,
    STRING,
    Dynamic,
    JsonValue,
    State,
    Value,
    dynamic,
    map_of,
    plain,
    set_of,
    text,
)
from penstock_provider.pattern import Pattern


def _said(defaults: JsonValue) -> list[JsonValue]:
    """Plugin defaults without what says the same as leaving it out."""
    unsaid = {"forced": False, "ref": None}
    return [
        {key: part for key, part in item.items() if key not in unsaid or part != unsaid[key]}
        if isinstance(item, dict)
        else item
        for item in (defaults if isinstance(defaults, list) else ())
    ]


def _same_defaults(before: Value, after: Value) -> bool:
    return _said(plain(before)) == _said(plain(after))


class Namespace(Declared):
    """A namespace."""

    kind = "namespace"
    origins = (
        kestra.origin("kestra_namespace", namespace="namespace_id", description="description"),
    )
    schema: ClassVar[Schema] = Schema(
        "A namespace: a place for flows, secrets and schedules, with variables for all of them.",
        {
            "namespace": name_check("objects in it"),
            "description": Attribute(STRING, "What the namespace is for.", optional=True),
            "variables": Attribute(
                DYNAMIC,
                "Variables for the expressions of all flows in the namespace: an object of any "
                "values.",
                optional=True,
            ),
            "labels": Attribute(
                map_of(STRING), "Labels of the namespace, for people and filters.", optional=True
            ),
            "allowed_namespaces": Attribute(
                set_of(STRING),
                "Whose flows may use its secrets, pairs, files and flows: namespaces, with those "
                "below them, or `*`. Without it the nearest list above counts; an empty one lets "
                "nobody in.",
                optional=True,
            ),
            "plugin_defaults": Attribute(
                DYNAMIC,
                "What all objects of a type get in the flows of the namespace and below: a list of "
                "objects with `type`, `values`, `forced` and `ref`.",
                optional=True,
                equal=_same_defaults,
            ),
            "id": ID,
            "revision": REVISION,
            "content_hash": CONTENT_HASH,
        },
    )

    def declares(self, values: State) -> Iterator[Pattern]:
        """The namespace and its variables."""
        yield from super().declares(values)
        namespace, variables = text(values.get("namespace")) or None, values.get("variables")
        if variables is None:
            return
        if isinstance(variables, Dynamic):
            variables = variables.value
        if not isinstance(variables, dict):
            yield Pattern("variable", namespace)
            return
        for name in variables:
            yield Pattern("variable", namespace, name)

    def spec(self, planned: State, config: State) -> Json:  # noqa: ARG002 (secrets need it)
        """The PUT body."""
        return given(
            planned,
            description="description",
            variables="variables",
            labels="labels",
            allowedNamespaces="allowed_namespaces",
            pluginDefaults="plugin_defaults",
        )

    def state(self, prior: State, form: Json) -> State:
        """The state; variables and defaults of the same JSON keep their Terraform type."""
        allowed = form.get("allowedNamespaces")
        defaults, had = form.get("pluginDefaults") or None, prior.get("plugin_defaults")
        is_kept = had is not None and _said(plain(had)) == _said(defaults)
        return {
            "namespace": prior["namespace"],
            "description": kept(prior.get("description"), form.get("description")),
            "variables": typed_map(prior.get("variables"), form.get("variables")),
            "labels": labels_of(prior.get("labels"), form.get("labels")),
            "allowed_namespaces": [*map(string, allowed)] if isinstance(allowed, list) else None,
            "plugin_defaults": had if is_kept else dynamic(defaults),
            **self.computed(self.reference(prior), form),
        }
