"""What sets have in common: a namespace's objects of one kind as one map, in one transaction."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from penstock_provider.api import UNKNOWN_TENANT, ApiError, Json, Problem
from penstock_provider.declared import name_check, string
from penstock_provider.examination import Examined, Member
from penstock_provider.framework.diagnostics import Diagnostics, Failure
from penstock_provider.framework.plan import Plan, Private
from penstock_provider.framework.resource import Change, Leaving, Reading, Resource
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import (
    BOOL,
    NUMBER,
    STRING,
    UNKNOWN,
    JsonValue,
    State,
    Value,
    is_known,
    map_of,
    plain,
    text,
    texts,
)
from penstock_provider.object_set import Item
from penstock_provider.pattern import Pattern
from penstock_provider.provider import Penstock
from penstock_provider.reference import Reference, parse_reference, reference_of
from penstock_provider.scanner import content_hash
from penstock_provider.sentences import failure, subject, tell, tell_others


def set_schema(
    description: str,
    members: str,
    *,
    kind: str,
    key: str,
    told: str,
    more: Mapping[str, Attribute] | None = None,
) -> Schema:
    """The schema of a set of a ``kind``; ``members`` is its map from ``key`` to text."""
    return Schema(
        description,
        {
            "namespace": name_check(f"{kind}s"),
            members: Attribute(map_of(STRING), told, required=True),
            "prune": Attribute(
                BOOL,
                f"True to delete also those {kind}s of the namespace that are not in the map and "
                "that `owner` of the provider owns; false when not given. The plan names them.",
                optional=True,
                computed=True,
                default=False,
            ),
            "id": Attribute(STRING, "The namespace.", computed=True),
            "revisions": Attribute(
                map_of(NUMBER), f"{key} to its present revision on the server.", computed=True
            ),
            "content_hashes": Attribute(
                map_of(STRING),
                f"{key} to the SHA-256 of its text, hexadecimal; known at plan.",
                computed=True,
            ),
            **(more or {}),
        },
    )


class DeclaredSet(Resource[Penstock]):
    """A set of objects; subclasses say what their texts are on the server."""

    identified_by = ("namespace",)
    kind: ClassVar[str]
    members: ClassVar[str]
    """The attribute with the map from id to text."""

    @abstractmethod
    def spec(self, source: str) -> Json:
        """The PUT body of one member."""

    @abstractmethod
    async def texts_of(
        self, state: State, forms: Mapping[str, Json], known: Mapping[str, str]
    ) -> dict[str, str]:
        """The members' texts by the server's forms; ``known`` are those of the state."""

    async def plan(self, plan: Plan) -> None:
        """Texts that are the same stay; hashes are known; the server checks what changed."""
        planned, prior = plan.planned, plan.prior if not plan.replace else None
        before = texts(prior.get(self.members)) if prior else {}
        sources = planned.get(self.members)
        if not isinstance(sources, dict):
            planned["revisions"] = planned["content_hashes"] = UNKNOWN
            return
        planned["id"] = planned["namespace"]
        hashes = texts(prior.get("content_hashes")) if prior else {}
        planned["content_hashes"] = {
            key: _planned_hash(source, before.get(key), hashes.get(key))
            for key, source in sources.items()
        }
        revisions = prior.get("revisions") if prior else None
        changed = [key for key, source in sources.items() if before.get(key) != source]
        planned["revisions"] = {
            key: UNKNOWN
            if key in changed or not isinstance(revisions, dict)
            else revisions.get(key)
            for key in sources
        }
        objects, namespace = self.provider.planner, planned["namespace"]
        if objects is None or not isinstance(namespace, str):
            return
        removed = before.keys() - sources
        if planned.get("prune") is not True:
            removed -= _seen_strays(plan.private)
        elif prior is None or prior.get("prune") is not True:
            removed |= await self._announce(plan, namespace)
        await self._ask(plan, namespace, changed=changed, removed=sorted(removed))

    async def _announce(self, plan: Plan, namespace: str) -> set[str]:
        """Names what pruning will delete for the first time; later a refresh finds it."""
        try:
            strays = await self._strays(namespace, plan.planned[self.members])
        except ApiError as error:
            raise failure(error, f"plan the {self.kind}s of {namespace}") from None
        plan.private["pruned"] = [*strays]
        if strays:
            what = f"{self.kind} {namespace}/{strays[0]}"
            if len(strays) > 1:
                what = f"{len(strays)} {self.kind}s of {namespace}"
            plan.diagnostics.warning(
                f"Pruning deletes {what}",
                f"On the server, of the same owner, and not in `{self.members}`: "
                f"{', '.join(strays)}.",
                path=("prune",),
            )
        return set(strays)

    async def _ask(
        self, plan: Plan, namespace: str, *, changed: list[str], removed: list[str]
    ) -> None:
        sources = texts(plan.planned[self.members])
        hashes = texts((plan.prior or {}).get("content_hashes")) if not plan.replace else {}
        items = [
            self._item(namespace, key, sources[key], since=hashes.get(key, ""))
            for key in changed
            if key in sources
        ]
        deletes = [Reference(self.kind, namespace, key) for key in removed]
        if not items and not deletes:
            return
        examined = await self._examine(namespace, [*items, *deletes])
        for problem in examined.problems:
            key = _key(problem)
            if key in sources:
                told = subject(problem)
                tell(plan.diagnostics, problem, subject=told, path=(self.members,), key=key)
            else:
                tell_others(plan.diagnostics, [problem])
        tell_others(plan.diagnostics, examined.others)
        self.shown(plan, examined.rows, removed=removed)

    def shown(self, plan: Plan, rows: Mapping[str, Json], *, removed: Sequence[str]) -> None:
        """Takes from the server's answer what is there for people to read."""

    async def _examine(self, namespace: str, members: Sequence[Member]) -> Examined:
        examiner = self.provider.examiner
        if examiner is None:
            return Examined()
        try:
            return await examiner.examine(members)
        except ApiError as error:
            if error.code == UNKNOWN_TENANT and not any(isinstance(each, Item) for each in members):
                return Examined()  # with the tenant all that was in it has gone
            raise failure(error, f"plan the {self.kind}s of {namespace}") from None

    async def leave(self, leaving: Leaving) -> None:
        """Asks who still needs the members."""
        namespace = text(leaving.prior.get("namespace"))
        keys = texts(leaving.prior.get(self.members)).keys() - _seen_strays(leaving.private)
        going = [Reference(self.kind, namespace, key) for key in sorted(keys)]
        examined = await self._examine(namespace, going) if going else Examined()
        tell_others(leaving.diagnostics, [*examined.problems, *examined.others])

    def declares(self, values: State) -> Iterator[Pattern]:
        """Each member of the map."""
        namespace, members = text(values.get("namespace")) or None, values.get(self.members)
        if not isinstance(members, dict):
            yield Pattern(self.kind, namespace)
            return
        for key in members:
            yield Pattern(self.kind, namespace, key)

    async def _strays(self, namespace: str, sources: Value) -> list[str]:
        """Ids of our owner's objects on the server that are not in ``sources``."""
        objects = self.provider.objects
        wanted = sources if isinstance(sources, dict) else {}
        return sorted(
            key
            for key, form in (await self._listed(namespace)).items()
            if form.get("owner") == objects.owner and key not in wanted
        )

    async def _listed(self, namespace: str) -> dict[str, Json]:
        forms = await self.provider.objects.listing(self.kind, namespace)
        return {reference_of(form).id or "": form for form in forms}

    async def create(self, change: Change) -> State:
        """Writes all members; those of the same owner that exist already are taken over."""
        return await self._write(change, {})

    async def update(self, change: Change) -> State:
        """Writes what changed, deletes what left the map."""
        return await self._write(change, texts((change.prior or {}).get(self.members)))

    async def _write(self, change: Change, before: Mapping[str, str]) -> State:
        planned = change.planned
        namespace, sources = text(planned["namespace"]), texts(planned[self.members])
        hashes = texts((change.prior or {}).get("content_hashes"))
        items = [
            self._item(namespace, key, source, hashes.get(key))
            for key, source in sources.items()
            if before.get(key) != source
        ]
        leaving = set(before) - set(sources)
        pruned = _names(change.private.pop("pruned", None))
        if planned.get("prune") is True:
            # Only what the plan has named.
            leaving |= pruned
        else:
            # What pruning has once found was never in the configuration.
            leaving -= _seen_strays(change.private)
        deletes = [Reference(self.kind, namespace, key) for key in sorted(leaving)]
        try:
            written = await self._apply(items, deletes)
        except ApiError as error:
            raise self._refused(error, f"apply the {self.kind}s of {namespace}") from None
        await self.provider.clear_overrides([item.reference for item in items])
        change.private.pop("strays", None)
        prior = change.prior.get("revisions") if change.prior else None
        revisions: dict[str, JsonValue] = (
            {key: plain(value) for key, value in prior.items()} if isinstance(prior, dict) else {}
        )
        for key, form in written.items():
            revisions[key] = form.get("revision")
        return self._state(
            planned,
            sources,
            revisions={key: revisions.get(key) for key in sources},
            hashes={key: content_hash(source) for key, source in sources.items()},
        )

    async def _apply(self, items: list[Item], deletes: list[Reference]) -> dict[str, Json]:
        if not items and not deletes:
            return {}
        objects = self.provider.objects
        try:
            return await objects.apply_set(items, deletes)
        except ApiError as error:
            if error.status != 404 or not deletes:  # noqa: PLR2004 (a delete of something gone)
                raise
            if error.code == UNKNOWN_TENANT and not items:
                return {}
        found = await objects.read_set(deletes)
        there = [item for item, form in zip(deletes, found, strict=True) if form is not None]
        return await objects.apply_set(items, there) if items or there else {}

    async def read(self, reading: Reading) -> State | None:
        """The set's members as they are; None when none of them is left."""
        state = reading.state
        namespace, before = text(state["namespace"]), texts(state.get(self.members))
        is_imported = state.get(self.members) is None
        try:
            if is_imported:
                forms = await self._listed(namespace)
            else:
                names = [Reference(self.kind, namespace, key) for key in before]
                found = zip(before, await self.provider.objects.read_set(names), strict=True)
                forms = {key: form for key, form in found if form is not None}
                if state.get("prune") is True:
                    strays = await self._strays(namespace, dict(before))
                    listed = await self._listed(namespace)
                    forms.update({key: listed[key] for key in strays})
                    seen = _seen_strays(reading.private) | set(strays)
                    reading.private["strays"] = [*sorted(seen & forms.keys())]
            sources = await self.texts_of(state, forms, before)
        except ApiError as error:
            raise failure(error, f"read the {self.kind}s of {namespace}") from None
        self.provider.tell_overrides(
            [Reference(self.kind, namespace, key) for key in forms], reading.diagnostics
        )
        if not forms and (before or is_imported):
            return None
        return self._state(
            {"prune": False, **{key: value for key, value in state.items() if value is not None}},
            sources,
            revisions={key: form.get("revision") for key, form in forms.items()},
            hashes={key: string(form.get("contentHash")) for key, form in forms.items()},
        )

    async def delete(self, change: Change) -> None:
        """Deletes the members of the set, in one transaction."""
        prior = change.prior or {}
        namespace = text(prior["namespace"])
        leaving = texts(prior.get(self.members)).keys() - _seen_strays(change.private)
        deletes = [Reference(self.kind, namespace, key) for key in sorted(leaving)]
        try:
            await self._apply([], deletes)
        except ApiError as error:
            raise self._refused(error, f"delete the {self.kind}s of {namespace}") from None

    async def imported(self, identity: str) -> State:
        """Import id: the namespace."""
        if "/" in identity or not identity:
            raise Failure(
                f'"{identity}" is no import id', "Write the namespace, for example `company.team`."
            )
        return {"namespace": identity}

    def _item(
        self,
        namespace: str,
        key: str,
        source: str,
        known: str | None = None,
        *,
        since: str | None = None,
    ) -> Item:
        since = since if self.kind == "flow" else None
        return Item(Reference(self.kind, namespace, key), self.spec(source), known, since)

    def shape(self, planned: State) -> State:  # noqa: ARG002 (some sets have more)
        """The attributes that only some sets have."""
        return {}

    def _state(
        self,
        planned: State,
        sources: Mapping[str, str],
        *,
        revisions: Mapping[str, JsonValue],
        hashes: Mapping[str, str],
    ) -> State:
        numbers: dict[str, Value] = {
            key: value if isinstance(value, int) else None for key, value in revisions.items()
        }
        prune = planned.get("prune")
        return {
            "namespace": planned["namespace"],
            self.members: dict(sources),
            "prune": prune if is_known(prune) else False,
            "id": planned["namespace"],
            "revisions": numbers,
            "content_hashes": dict(hashes),
            **self.shape(planned),
        }

    def _refused(self, error: ApiError, doing: str) -> Failure:
        refusal = failure(error, doing, path=(self.members,))
        if any(_key(problem) for problem in error.problems):
            diagnostics = Diagnostics()
            for each in error.problems:
                tell(
                    diagnostics,
                    each,
                    subject=f"Cannot {doing}: nothing was changed",
                    path=(self.members,),
                    key=_key(each),
                )
            refusal.diagnostics = diagnostics.items
        return refusal


def _planned_hash(source: Value, before: str | None, known: str | None) -> Value:
    """A text's hash; the one that the state has, when it has the text already."""
    if not isinstance(source, str):
        return UNKNOWN
    return known if known is not None and before == source else content_hash(source)


def _key(problem: Problem) -> str:
    reference = parse_reference(problem.object or "")
    return reference.id or "" if reference is not None else ""


def _names(value: JsonValue) -> set[str]:
    return {key for key in value if isinstance(key, str)} if isinstance(value, list) else set()


def _seen_strays(private: Private) -> set[str]:
    """Ids that are in the state only because a refresh found them while pruning was on."""
    return _names(private.get("strays"))
