"""Data source `penstock_state`: everything that is declared, by whom and from which commit."""

from __future__ import annotations

from penstock_provider.api import ApiError, Json
from penstock_provider.framework.diagnostics import Diagnostics
from penstock_provider.framework.resource import DataSource
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import (
    NUMBER,
    STRING,
    State,
    Value,
    list_of,
    object_of,
)
from penstock_provider.lookup import found
from penstock_provider.provider import Penstock
from penstock_provider.reference import reference_of
from penstock_provider.sentences import failure

_FIELDS = {
    "kind": (STRING, "Kind, such as `flow`."),
    "namespace": (STRING, "Namespace."),
    "content_hash": (STRING, "SHA-256 of the content."),
    "revision": (NUMBER, "Present revision."),
    "owner": (STRING, "On whose behalf it was declared."),
}
_WHOLE = object_of(
    {name: of for name, (of, _) in _FIELDS.items()} | {"id": STRING, "commit": STRING}
)


class DeclaredState(DataSource[Penstock]):
    """Lists all declared objects."""

    schema = Schema(
        "Every object that is declared, whoever declares it: what a check or a report is made of.",
        {
            "kinds": Attribute(
                list_of(STRING), "Only of these kinds, such as `flow`.", optional=True
            ),
            "namespaces": Attribute(
                list_of(STRING), "Only in these namespaces themselves.", optional=True
            ),
            "objects": Attribute(
                list_of(_WHOLE),
                f"Each with {', '.join(_WHOLE.fields or ())}; `id` is the name in the namespace, "
                "`commit` the source's.",
                computed=True,
            ),
        },
    )

    async def read(self, config: State, diagnostics: Diagnostics) -> State:  # noqa: ARG002 (interface)
        """All that fit."""
        query = {
            name: ",".join(str(item) for item in given)
            for name in ("kinds", "namespaces")
            if isinstance(given := config.get(name), list)
        }
        try:
            forms = await self.provider.objects.state(query)
        except ApiError as error:
            raise failure(error, "read what is declared") from None
        return {**config, "objects": [_shown(form) for form in forms]}


def _shown(form: Json) -> Value:
    provenance = form.get("provenance")
    commit = provenance.get("commit") if isinstance(provenance, dict) else None
    return {
        **found(form, _FIELDS),
        "id": reference_of(form).id,
        "commit": commit if isinstance(commit, str) else None,
    }
