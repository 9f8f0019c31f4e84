"""Whose things a purge means: what tasks that purge namespaces share."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import Field, model_validator

from penstock.model.dynamic import Dynamic
from penstock.sdk.task import RunnableTask


class NamespacePurge(RunnableTask):
    """A task that purges what some namespaces hold."""

    namespaces: Annotated[
        Dynamic[tuple[str, ...]],
        Field(description="Whose; all that the flow may use by default."),
    ] = ()
    namespace_pattern: Annotated[
        Dynamic[str | None], Field(description="A glob of namespaces, instead of their names.")
    ] = None
    include_child_namespaces: Annotated[
        Dynamic[bool],
        Field(description="Whether the namespaces below the named ones are meant, too."),
    ] = True

    @model_validator(mode="after")
    def _one_way_to_name_them(self) -> Self:
        if self.namespaces and self.namespace_pattern is not None:
            raise ValueError("give either 'namespaces' or 'namespacePattern', not both")
        return self

    def meant(self, known: Iterable[str]) -> list[str]:
        """Which of these namespaces are meant."""
        if self.namespace_pattern is not None:
            pattern = self.namespace_pattern
            return [each for each in known if fnmatch.fnmatchcase(each, pattern)]
        return [each for each in known if not self.namespaces or self._is_named(each)]

    def _is_named(self, namespace: str) -> bool:
        return any(
            namespace == each
            or (self.include_child_namespaces and namespace.startswith(f"{each}."))
            for each in self.namespaces
        )
