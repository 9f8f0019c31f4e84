"""What all list resources have in common: they page through one of the server's listings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import ClassVar

from penstock_provider.api import ApiError, Json
from penstock_provider.declared import Declared, namespace_problem
from penstock_provider.framework.listing import Listed, ListResource, Query
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import BOOL, STRING, State, text
from penstock_provider.provider import Penstock
from penstock_provider.reference import Reference, reference_of
from penstock_provider.sentences import failure

_PAGE = 500


def list_schema(what: str, of: str = "those of this namespace") -> Schema:
    """The schema for a list of ``what``, such as "flows"."""
    return Schema(
        f"The {what} that the server has, whoever declares them: to import them, or to look.",
        {
            "namespace": Attribute(
                STRING,
                f"Only {of}; all of the tenant when not given.",
                optional=True,
                check=namespace_problem,
            ),
            "include_children": Attribute(
                BOOL, "True for the namespaces below it as well.", optional=True
            ),
        },
    )


class DeclaredList(ListResource[Penstock]):
    """Lists one kind of declared objects; a subclass names its resource and its route."""

    resource: ClassVar[type[Declared]]
    route: ClassVar[str]
    """The listing's path below the tenant."""

    async def find(self, query: Query) -> AsyncIterator[Listed]:
        """The objects by namespace and name, as many as are wanted."""
        resource = self.resource(self.provider)
        namespace = text(query.config.get("namespace"))
        is_deep = query.config.get("include_children") is True
        size = min(query.limit, _PAGE) or _PAGE
        cursor = ""
        while True:
            forms, cursor = await self._page(namespace, cursor, size=size)
            # Those below a namespace come after its own.
            own = [form for form in forms if not namespace or _is_of(form, namespace, is_deep)]
            names = [self.reference(form) for form in own]
            states = [self.named(name) for name in names]
            if query.whole:
                states = await self.states(resource, own, names)
            for reference, state in zip(names, states, strict=True):
                yield Listed(state, reference.name)
            if not cursor or len(own) < len(forms):
                return

    def reference(self, form: Json) -> Reference:
        """The name of an object by the server's form of it."""
        return reference_of(form)

    def named(self, reference: Reference) -> State:
        """The attributes that identify an object."""
        parts = (reference.namespace, reference.id)
        return dict(zip(self.resource.identified_by, parts, strict=False))

    async def states(
        self, resource: Declared, forms: list[Json], names: list[Reference]
    ) -> list[State]:
        """The whole states, by the server's forms."""
        return [
            resource.state(resource.schema.complete(self.named(name)), form)
            for name, form in zip(names, forms, strict=True)
        ]

    async def _page(self, namespace: str, cursor: str, *, size: int) -> tuple[list[Json], str]:
        try:
            return await self.provider.objects.page(
                self.route, namespace=namespace, cursor=cursor, limit=size
            )
        except ApiError as error:
            where = f" of {namespace}" if namespace else ""
            raise failure(error, f"list {self.route.strip('/')}{where}") from None


def _is_of(form: Json, namespace: str, is_deep: bool) -> bool:  # noqa: FBT001 (one caller)
    return is_deep or form.get("namespace") == namespace
