"""Listings of the server's objects, so that a thousand reads are three requests.

One per configured process, never on disk. A small configuration in a big server never lists.
"""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Callable, Iterable

from penstock_provider.api import Json
from penstock_provider.framework.loop import Task
from penstock_provider.framework.record import field, record
from penstock_provider.reference import Reference, reference_of

Request = Callable[..., Task[Json]]
Scope = tuple[str, str]


@record
class _Listing:
    objects: dict[Reference, Json] = field(default_factory=dict)
    etag: str | None = None
    at: float = 0.0


class Snapshot:
    """What listings said, by kind and namespace, corrected by our own writes."""

    FROM = 20
    """Listings are fetched after that many reads."""
    FRESH_SECONDS = 60.0
    NAMESPACES = 100
    """Most namespaces in one request: addresses have a largest length."""

    def __init__(self, request: Request, now: Callable[[], float] = time.monotonic) -> None:
        self._request = request
        self._now = now
        self._listings: dict[Scope, _Listing] = {}
        self.asked = 0

    def get(self, reference: Reference) -> Json | None:
        """The object as listed; None says nothing about whether it exists."""
        listing = self._listings.get(_scope(reference))
        return listing.objects.get(reference) if listing else None

    def fresh(self, reference: Reference) -> Json | None:
        """The same, unless the listing is too old to be relied on."""
        return self.get(reference) if self._fresh(_scope(reference)) else None

    def put(self, reference: Reference, form: Json | None) -> None:
        """Own writes correct the listing; None forgets the object."""
        listing = self._listings.get(_scope(reference))
        if listing is None:
            return
        if form is None:
            listing.objects.pop(reference, None)
        else:
            listing.objects[reference] = form

    async def cover(self, references: Iterable[Reference]) -> None:
        """Lists what these references need, where there is no listing or an old one."""
        for kind in sorted({reference.kind for reference in references}):
            scopes = sorted({_scope(item) for item in references if item.kind == kind})
            stale = [scope for scope in scopes if not self._fresh(scope)]
            if len(stale) == 1:
                await self._list(stale[0])
                continue
            for start in range(0, len(stale), self.NAMESPACES):
                await self._list_many(kind, stale[start : start + self.NAMESPACES])

    async def listing(self, kind: str, namespace: str) -> list[Json]:
        """One namespace's objects of one kind."""
        scope = (kind, namespace)
        if not self._fresh(scope):
            await self._list(scope)
        return list(self._listings[scope].objects.values())

    def _fresh(self, scope: Scope) -> bool:
        listing = self._listings.get(scope)
        return listing is not None and self._now() - listing.at < self.FRESH_SECONDS

    async def _list(self, scope: Scope) -> None:
        known = self._listings.get(scope)
        answer = await self._request(
            "GET", _path(scope[0], [scope[1]]), etag=known.etag if known else None
        )
        if answer.get("notModified") and known is not None:
            known.at = self._now()
            return
        etag = answer.get("etag")
        self._listings[scope] = _Listing(
            _by_reference(answer), etag if isinstance(etag, str) else None, self._now()
        )

    async def _list_many(self, kind: str, scopes: list[Scope]) -> None:
        answer = await self._request("GET", _path(kind, [namespace for _, namespace in scopes]))
        for scope in scopes:
            self._listings[scope] = _Listing(at=self._now())
        for reference, form in _by_reference(answer).items():
            self.put(reference, form)


def _scope(reference: Reference) -> Scope:
    return (reference.kind, reference.namespace)


def _path(kind: str, namespaces: list[str]) -> str:
    query = urllib.parse.urlencode({"kinds": kind, "namespaces": ",".join(namespaces)})
    return f"/state?{query}"


def _by_reference(answer: Json) -> dict[Reference, Json]:
    objects = answer.get("objects")
    found: dict[Reference, Json] = {}
    for form in objects if isinstance(objects, list) else []:
        if isinstance(form, dict):
            found[reference_of(form)] = form
    return found
