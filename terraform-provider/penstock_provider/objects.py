"""Declared objects on the server: reads, plans and writes of a whole run, bundled.

Whatever waits when the loop has nothing else to do leaves as one request; while that one is under
way the rest collects. A lone operation waits for nobody.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from penstock_provider.api import ApiError, Json, Problem
from penstock_provider.bulk import Queue
from penstock_provider.client import Client
from penstock_provider.framework.loop import Loop
from penstock_provider.framework.record import record
from penstock_provider.framework.values import JsonValue
from penstock_provider.object_set import Item, forms_of, rows_of, set_of, size_of
from penstock_provider.overrides import Overrides
from penstock_provider.reference import Reference
from penstock_provider.snapshot import Snapshot

R = TypeVar("R")


@record(frozen=True)
class SecretCheck:
    """Whether a value is the one that the server has."""

    exists: bool
    equal: bool


class Objects:
    """The declared objects of one tenant, for one configured provider."""

    READS_LINGER = 0.03
    """Only the first reads wait: later ones are answered from a listing."""
    WRITES_LINGER = 0.05
    """Terraform writes its whole state between two of them, which takes it a while."""
    WRITES_SPARE, WRITES_LEFT = 0.2, 7
    """This part of what Terraform works on at a time, or so many, need not wait with the rest when
    it leaves: it is what Terraform does meanwhile. With its ten, bundles of three took least time.
    """
    PAUSES = (0.05, 0.2, 0.5, 1.0, 2.0)
    """Seconds between attempts to delete what is still in use; the last as often as it helps."""
    PAGE = 1000

    def __init__(self, loop: Loop, client: Client, *, parallelism: int = 10) -> None:
        """``parallelism`` is on how many objects Terraform works at a time."""
        self._loop = loop
        self._client = client
        self.snapshot = Snapshot(self._request)
        self._created: set[Reference] = set()
        self.overrides = Overrides()
        self._has_written = False
        self._written = 0
        self._reads: Queue[Reference, Json | None] = Queue(
            loop, self._read_all, enough=parallelism, linger=self.READS_LINGER
        )
        self._plans: Queue[Item | Reference, Json] = Queue(
            loop, self._plan_all, size=size_of, enough=parallelism
        )
        self._writes: Queue[Item | Reference, Json] = Queue(
            loop,
            self._write_all,
            size=size_of,
            enough=_most_of(parallelism, self.WRITES_SPARE, self.WRITES_LEFT),
            linger=self.WRITES_LINGER,
        )
        self._checks: Queue[tuple[Reference, str], SecretCheck] = Queue(
            loop, self._check_all, enough=parallelism
        )
        self._queues = (self._reads, self._plans, self._writes, self._checks)

    @property
    def owner(self) -> str:
        """Whose objects are written."""
        return self._client.settings.owner

    def close(self) -> None:
        """Ends it; nothing may be submitted afterwards."""
        for queue in self._queues:
            queue.close()
        self._client.close()

    # One object; bundled with what else waits

    async def read(self, reference: Reference) -> Json | None:
        """The object's full form, or None when it is certainly absent."""
        listed = self.snapshot.fresh(reference)
        # What a listing has already said waits for no siblings.
        return listed if listed is not None else await self._reads.submit(reference)

    async def look_up(self, reference: Reference) -> Json | None:
        """The same for whoever must see what this run has just written: never out of a listing."""
        if not self._has_written:
            return await self.read(reference)
        return (await self._read_named([reference]))[0]

    def create(self, reference: Reference) -> Problem | None:
        """Notes that an object is to be created; doing that twice in one run is a mistake."""
        if reference in self._created:
            return _twice(reference)
        self._created.add(reference)
        return None

    async def plan(self, members: Sequence[Item | Reference]) -> Json:
        """The server's answer to objects that shall be as said or go; one alone is bundled."""
        if len(members) == 1:
            return await self._plans.submit(members[0])
        return await self._plan(members)

    async def apply(self, item: Item) -> Json:
        """Writes the object and returns its full form."""
        return await self._writes.submit(item)

    async def delete(self, reference: Reference) -> None:
        """Deletes the object; absent is fine."""
        await self._patiently(lambda: self._writes.submit(reference))

    async def check_secret(self, reference: Reference, value: str) -> SecretCheck:
        """Compares a secret's value with the server's."""
        return await self._checks.submit((reference, value))

    async def follow(self, references: Iterable[Reference]) -> None:
        """Lets schedules, and the triggers of flows, do what is declared again."""
        for reference in references:
            if reference.kind == "schedule":
                await self._follow_schedule(reference)
            if reference.kind != "flow":
                continue
            path = f"/triggers?namespace={reference.namespace}&flow={reference.id}"
            for row in rows_of(await self._request("GET", path), "items"):
                if row.get("namespace") == reference.namespace and row.get("override"):
                    name = f"{reference.namespace}/{reference.id}/{row.get('id')}"
                    await self._request("POST", f"/triggers/{name}/follow")

    async def _follow_schedule(self, reference: Reference) -> None:
        path = f"/schedules/{reference.name}"
        if (await self._request("GET", path)).get("override"):
            await self._request("POST", f"{path}/follow")

    # Whole sets; each is a request of its own

    async def read_set(self, references: Sequence[Reference]) -> list[Json | None]:
        """Many objects, by name or by listing, whichever is less."""
        if len(references) > Snapshot.FROM:
            await self.snapshot.cover(references)
        futures = [self._reads.submit(reference) for reference in references]
        return [await future for future in futures]

    async def listing(self, kind: str, namespace: str) -> list[Json]:
        """All objects of one kind in one namespace, fresh."""
        return await self.snapshot.listing(kind, namespace)

    async def pages(
        self, path: str, query: Mapping[str, str | Sequence[str]], most: int | None = None
    ) -> list[Json]:
        """What the server lists at that path, page by page; always asked anew."""
        found: list[Json] = []
        cursor: JsonValue = ""
        while cursor is not None and (most is None or len(found) < most):
            limit = self.PAGE if most is None else min(self.PAGE, most - len(found))
            whole = {**query, "limit": str(limit), **({"cursor": str(cursor)} if cursor else {})}
            encoded = urllib.parse.urlencode(whole, doseq=True)
            answer = await self._request("GET", f"{path}?{encoded}")
            found += rows_of(answer, "items")
            cursor = answer.get("nextCursor")
        return found

    async def state(self, query: Mapping[str, str]) -> list[Json]:
        """Everything declared of some kinds in some namespaces, asked anew."""
        return rows_of(
            await self._request("GET", f"/state?{urllib.parse.urlencode(query)}"), "objects"
        )

    async def execution(self, identity: str) -> Json | None:
        """An execution, or None when there is none."""
        try:
            return await self._request("GET", f"/executions/{urllib.parse.quote(identity, '')}")
        except ApiError as error:
            if error.status == 404 and error.code == "not-found":  # noqa: PLR2004 (none)
                return None
            raise

    async def contents(self, references: Sequence[Reference]) -> list[bytes | None]:
        """The bytes of files, fetched side by side; None for one that is not there."""
        fetching = [
            self._loop.in_thread(partial(self._content, reference)) for reference in references
        ]
        return [await future for future in fetching]

    async def page(
        self, route: str, *, namespace: str, cursor: str, limit: int
    ) -> tuple[list[Json], str]:
        """A page of a listing, and the cursor of the next one; empty when this was the last."""
        asked = {"namespace": namespace, "cursor": cursor, "limit": str(limit)}
        query = urllib.parse.urlencode({name: value for name, value in asked.items() if value})
        answer = await self._request("GET", f"{route}?{query}")
        following = answer.get("nextCursor")
        return rows_of(answer, "items"), following if isinstance(following, str) else ""

    async def apply_set(
        self, items: Sequence[Item], deletes: Sequence[Reference]
    ) -> dict[str, Json]:
        """One transaction; full forms of the written objects by their ids."""
        body = set_of(items, deletes)

        async def once() -> Json:
            return await self._request("POST", "/apply", body)

        self._has_written = True
        answer = await self._patiently(once)
        self._written += 1
        for reference in deletes:
            self.snapshot.put(reference, None)
        written = forms_of(answer)
        for item in items:
            self.snapshot.put(item.reference, written.get(item.reference.ref))
        return {item.reference.id or "": written[item.reference.ref] for item in items}

    def _content(self, reference: Reference) -> bytes | None:
        query = urllib.parse.urlencode({"namespace": reference.namespace, "path": reference.id})
        try:
            return self._client.request("GET", f"/files:content?{query}").raw
        except ApiError as error:
            if error.status == 404 and error.code == "not-found":  # noqa: PLR2004 (gone)
                return None
            raise

    async def _patiently(self, write: Callable[[], Awaitable[R]]) -> R:
        """Tries a write again that is refused only because of users who may be leaving too.

        Terraform works on some objects at a time, so it may take as long as all of them until the
        last user has gone. It is refused for good when nothing has been written for a while.
        """
        tried, written = 0, -1
        while True:
            try:
                return await write()
            except ApiError as error:
                is_vain = tried >= len(self.PAUSES) and self._written == written
                if error.code != "in-use" or is_vain:
                    raise
            written = self._written
            pause = self.PAUSES[min(tried, len(self.PAUSES) - 1)]
            tried += 1
            await self._loop.in_thread(partial(self._client.pause, pause))

    async def _request(
        self, method: str, path: str, body: JsonValue = None, *, etag: str | None = None
    ) -> Json:
        headers = {"If-None-Match": etag} if etag else {}
        response = await self._loop.in_thread(
            lambda: self._client.request(method, path, body, headers=headers)
        )
        if response.status == 304:  # noqa: PLR2004 (not modified)
            return {"notModified": True}
        answer = response.json
        self.overrides.note(answer)
        answer["etag"] = response.etag
        return answer

    async def _read_all(self, references: list[Reference]) -> list[Json | Exception | None]:
        found: dict[Reference, Json | None] = {}
        self.snapshot.asked += len(references)
        if self.snapshot.asked >= Snapshot.FROM:
            await self.snapshot.cover(references)
            for reference in references:
                entry = self.snapshot.get(reference)
                if entry is not None:
                    found[reference] = entry
        # Absent in a listing is not "deleted": only a read by name says so.
        missing = [reference for reference in references if reference not in found]
        if missing:
            found.update(zip(missing, await self._read_named(missing), strict=True))
        return [found[reference] for reference in references]

    async def _read_named(self, references: Sequence[Reference]) -> list[Json | None]:
        names: list[JsonValue] = [reference.to_json() for reference in references]
        answer = await self._request("POST", "/state:read", {"objects": names})
        forms = [entry.get("object") for entry in rows_of(answer, "objects")]
        return [form if isinstance(form, dict) else None for form in forms]

    async def _plan(self, members: Sequence[Item | Reference]) -> Json:
        items = [member for member in members if isinstance(member, Item)]
        deletes = [member for member in members if isinstance(member, Reference)]
        return await self._request("POST", "/plan", set_of(items, deletes))

    async def _plan_all(self, members: list[Item | Reference]) -> list[Json | Exception]:
        names = [
            member.ref if isinstance(member, Reference) else member.reference.ref
            for member in members
        ]
        if len({*names}) < len(names):  # a set has each object once
            return [await self._plan([member]) for member in members]
        answer = await self._plan(members)
        rows = {str(row.get("ref")): row for row in rows_of(answer, "objects")}
        found: list[Json | Exception] = []
        for name in names:
            row = rows.get(name, {})
            found.append({"objects": [row], "problems": row.get("problems")})
        return found

    async def _write_all(self, items: list[Item | Reference]) -> list[Json | Exception]:
        try:
            return list(await self._write(items))
        except ApiError as error:
            if len(items) == 1:
                return [await self._settle(items[0], error)]
            if not 400 <= error.status < 500:  # noqa: PLR2004 (only refusals are about members)
                return [error] * len(items)
        # One bad object must not fail its neighbours: each on its own, once.
        results: list[Json | Exception] = []
        for item in items:
            results.extend(await self._write_all([item]))
        return results

    async def _write(self, items: Sequence[Item | Reference]) -> list[Json]:
        writes = [item for item in items if isinstance(item, Item)]
        deletes = [item for item in items if isinstance(item, Reference)]
        self._has_written = True
        answer = await self._request("POST", "/apply", set_of(writes, deletes))
        self._written += 1
        written = forms_of(answer)
        results: list[Json] = []
        for item in items:
            if isinstance(item, Item):
                results.append(written[item.reference.ref])
                self.snapshot.put(item.reference, results[-1])
            else:
                results.append({})
                self.snapshot.put(item, None)
        return results

    async def _settle(self, item: Item | Reference, error: ApiError) -> Json | Exception:
        """Two refusals mean that it is done already: a delete of nothing, a write sent twice."""
        if isinstance(item, Reference):
            self.snapshot.put(item, None)
            return {} if error.status == 404 else error  # noqa: PLR2004 (gone)
        if error.code == "precondition-failed":
            now = (await self._read_all([item.reference]))[0]
            if isinstance(now, dict) and now.get("source") == item.spec.get("source") is not None:
                return now
        return error

    async def _check_all(self, items: list[tuple[Reference, str]]) -> list[SecretCheck | Exception]:
        asked: list[JsonValue] = [
            {"namespace": reference.namespace, "key": reference.id, "value": value}
            for reference, value in items
        ]
        answer = await self._request("POST", "/secrets:compare", {"items": asked})
        return [
            SecretCheck(exists=bool(row.get("exists")), equal=bool(row.get("equal")))
            for row in rows_of(answer, "items")
        ]


def _most_of(parallelism: int, spare: float, left: int) -> int:
    return max(1, parallelism // 3, parallelism - max(left, int(parallelism * spare)))


def _twice(reference: Reference) -> Problem:
    text = f"Two resources of this configuration declare {reference.kind} {reference.name}."
    return Problem(text, hint="Keep one of them.", object=reference.ref)
