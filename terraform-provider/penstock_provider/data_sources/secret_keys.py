"""Data source `penstock_secret_keys`: which secrets the flows of a namespace can read."""

from __future__ import annotations

from penstock_provider.api import ApiError
from penstock_provider.framework.diagnostics import Diagnostics
from penstock_provider.framework.resource import DataSource
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import BOOL, STRING, State, list_of, map_of, text
from penstock_provider.provider import Penstock
from penstock_provider.reference import reference_of
from penstock_provider.sentences import failure


class SecretKeys(DataSource[Penstock]):
    """Lists keys of secrets."""

    schema = Schema(
        "Keys of the secrets that flows of a namespace can read, and where each comes from; no "
        "values.",
        {
            "namespace": Attribute(STRING, "Namespace, dotted.", required=True),
            "inherited": Attribute(
                BOOL,
                "False for the namespace's own only; true when not given: those of the namespaces "
                "above, too.",
                optional=True,
            ),
            "keys": Attribute(list_of(STRING), "The keys, in order.", computed=True),
            "namespaces": Attribute(
                map_of(STRING),
                "Key to the namespace that its value comes from: the nearest one that has it.",
                computed=True,
            ),
        },
    )

    async def read(self, config: State, diagnostics: Diagnostics) -> State:  # noqa: ARG002 (interface)
        """The keys; none is no failure."""
        parts = text(config["namespace"]).split(".")
        first = len(parts) if config.get("inherited") is False else 1
        above = [".".join(parts[:end]) for end in range(first, len(parts) + 1)]
        try:
            forms = await self.provider.objects.state(
                {"kinds": "secret", "namespaces": ",".join(above)}
            )
        except ApiError as error:
            raise failure(error, f"list the secrets of {above[-1]}") from None
        references = sorted(map(reference_of, forms), key=lambda each: len(each.namespace))
        holders = {each.id or "": each.namespace for each in references}
        return {**config, "keys": [*sorted(holders)], "namespaces": dict(holders)}
