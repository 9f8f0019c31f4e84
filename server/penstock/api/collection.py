"""The routes that the kinds of declared objects have alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Depends, Request, Response

from penstock.api import paging
from penstock.api.access import (
    Caller,
    Change,
    JsonBody,
    Services,
    if_match,
    if_none_match_any,
)
from penstock.api.answer import Answer, declared
from penstock.api.document import answers, body
from penstock.api.paging import Cursor, Limit, Namespace
from penstock.api.problem import invalid
from penstock.api.shape import page_of, ref
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.service import apply, state
from penstock.service.objectset import KindName, Member, Reference, Removal

Place = tuple[str, str]
"""Namespace and name."""


async def _by_namespace(namespace: str) -> Place:
    return namespace, ""


async def _by_id(namespace: str, id: str) -> Place:  # noqa: A002 - the word of the API
    return namespace, id


async def _by_key(namespace: str, key: str) -> Place:
    return namespace, key


async def _by_path(namespace: str, path: str) -> Place:
    return namespace, path


_OBJECT: dict[KindName, tuple[str, Callable[..., Awaitable[Place]]]] = {
    "namespace": ("/{namespace}", _by_namespace),
    "secret": ("/{namespace}/{key}", _by_key),
    "kv": ("/{namespace}/{key}", _by_key),
    "file": ("/{namespace}/{path:path}", _by_path),
}
"""How the path of a route names an object, and how it is read; other kinds have an `id`."""


class Collection:
    """Adds routes for one kind to a router, each named after the kind and the router's tag.

    A file of the API calls these beside its own routes, in the order of the reference; what a
    call is given is the route's line there. `at` is where the collection is below the router.
    """

    def __init__(self, router: APIRouter, kind: KindName, shape: str, *, at: str = "") -> None:
        """A collection whose objects have this shape, and ``<shape>Spec`` when they are written."""
        self._router, self._kind, self._shape, self._at = router, kind, shape, at
        path, read = _OBJECT.get(kind, ("/{namespace}/{id}", _by_id))
        self._path, self._place = at + path, Depends(read)

    def add_list(self, description: str) -> None:
        """``GET`` of the collection: pages in the order of the objects' names."""
        kind = self._kind

        def page(
            services: Services,
            caller: Caller,
            *,
            namespace: Namespace = None,
            cursor: Cursor = None,
            limit: Limit = 100,
        ) -> Response:
            after = paging.decode_texts(cursor, 1 if kind == "namespace" else 2)
            items, following = state.page(
                services, caller, kind, namespace=namespace, after=after, limit=limit
            )
            return Answer({"items": items, "nextCursor": paging.encode(following)})

        self._router.add_api_route(
            self._at,
            page,
            name=f"list_{self._router.tags[0]}",
            description=description,
            methods=["GET"],
            **answers(page_of(ref(self._shape))),
        )

    def add_get(self, description: str) -> None:
        """``GET`` of one object."""
        kind = self._kind

        def get(
            place: Place = self._place,
            *,
            services: Services,
            caller: Caller,
            request: Request,
        ) -> Response:
            return declared(request, state.get(services, caller, Reference(kind, *place)))

        self._router.add_api_route(
            self._path,
            get,
            name=f"get_{kind}",
            description=description,
            methods=["GET"],
            **answers(ref(self._shape), 304),
        )

    def add_put(self, description: str) -> None:
        """``PUT`` of one object, whose body is its spec as JSON."""
        kind = self._kind

        def put(
            place: Place = self._place,
            *,
            services: Services,
            change: Change,
            spec: JsonBody,
            request: Request,
        ) -> Response:
            return put_object(services, change, Reference(kind, *place), spec, request)

        self._router.add_api_route(
            self._path,
            put,
            name=f"put_{kind}",
            description=description,
            methods=["PUT"],
            openapi_extra=body(ref(f"{self._shape}Spec")),
            **answers(ref(self._shape), 409, 412, 413, also=201),
        )

    def add_delete(self, description: str) -> None:
        """``DELETE`` of one object."""
        kind = self._kind

        def delete(
            place: Place = self._place,
            *,
            services: Services,
            change: Change,
            request: Request,
        ) -> Response:
            apply.delete(services, change, Removal(Reference(kind, *place), if_match(request)))
            return Response(status_code=204)

        self._router.add_api_route(
            self._path,
            delete,
            name=f"delete_{kind}",
            description=description,
            methods=["DELETE"],
            **answers(None, 409, 412, status=204),
        )


def put_object(
    services: Services, change: Change, reference: Reference, spec: Json, request: Request
) -> Response:
    """Creates or replaces an object as the request's conditions allow: 201 when it is new."""
    if not isinstance(spec, dict):
        raise invalid([Problem("The body must be an object.", code="wrong-type")])
    member = Member(reference, spec, if_match(request), if_none_match_any(request))
    written, _ = apply.put(services, change, member)
    assert written.object is not None
    return declared(request, written.object, status=201 if written.action == "create" else 200)
