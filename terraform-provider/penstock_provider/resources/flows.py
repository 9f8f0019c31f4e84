"""`penstock_flows`: all flows of a namespace as one map, applied in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from penstock_provider.api import ApiError, Json, Problem
from penstock_provider.declared import name_check, string
from penstock_provider.framework.diagnostics import Diagnostics, Failure, Key
from penstock_provider.framework.plan import Plan, Private
from penstock_provider.framework.resource import Change, Reading, Resource
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
from penstock_provider.objects import Item
from penstock_provider.provider import Penstock
from penstock_provider.reference import Reference, parse_reference
from penstock_provider.scanner import content_hash, scan
from penstock_provider.sentences import failure, sentence, tell


class Flows(Resource[Penstock]):
    """A set of flows."""

    schema: ClassVar[Schema] = Schema(
        "The flows of one namespace as a map from id to text. One transaction applies all of "
        "them: when one is refused, none is changed.",
        {
            "namespace": name_check("flows"),
            "sources": Attribute(
                map_of(STRING),
                "Flow id to YAML text, each stored byte for byte. A flow that leaves the map "
                "is deleted.",
                required=True,
            ),
            "prune": Attribute(
                BOOL,
                "True to delete also those flows of the namespace that are not in the map and "
                "that `owner` of the provider owns; false when not given.",
                optional=True,
                computed=True,
                default=False,
            ),
            "id": Attribute(STRING, "The namespace.", computed=True),
            "revisions": Attribute(
                map_of(NUMBER), "Flow id to its present revision on the server.", computed=True
            ),
            "content_hashes": Attribute(
                map_of(STRING),
                "Flow id to the SHA-256 of its text, hexadecimal; known at plan.",
                computed=True,
            ),
        },
    )

    async def validate(self, config: State, diagnostics: Diagnostics) -> None:
        """Each text must have the id that is its key, and the set's namespace."""
        namespace = config.get("namespace")
        for key, source in texts(config.get("sources")).items():
            found = scan(source)
            path = ("sources", Key(key))
            if found.get("id", key) != key:
                diagnostics.error(
                    "Key and id disagree",
                    f"`{key}`: the text says `id: {found['id']}`. Use the flow's id as the key.",
                    path=path,
                )
            elif isinstance(namespace, str) and found.get("namespace", namespace) != namespace:
                diagnostics.error(
                    "The flow is of another namespace",
                    f"`{key}`: the text says `namespace: {found['namespace']}`, the set is of "
                    f'"{namespace}".',
                    path=path,
                )

    async def plan(self, plan: Plan) -> None:
        """Texts that mean the same stay; hashes are known; the server checks what changed."""
        planned, prior = plan.planned, plan.prior if not plan.replace else None
        before = texts(prior.get("sources")) if prior else {}
        sources = planned.get("sources")
        if not isinstance(sources, dict):
            planned["revisions"] = planned["content_hashes"] = UNKNOWN
            return
        planned["id"] = planned["namespace"]
        planned["content_hashes"] = {
            key: content_hash(source) if isinstance(source, str) else UNKNOWN
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
        await self._ask(plan, namespace, changed=changed, removed=sorted(removed))

    async def _ask(
        self, plan: Plan, namespace: str, *, changed: list[str], removed: list[str]
    ) -> None:
        objects = self.provider.objects
        sources = texts(plan.planned["sources"])
        items = [_item(namespace, key, sources[key]) for key in changed if key in sources]
        deletes = [Reference("flow", namespace, key) for key in removed]
        try:
            if plan.planned.get("prune") is True and plan.prior is None:
                for key in await self._strays(namespace, plan.planned["sources"]):
                    plan.diagnostics.warning(
                        f"Pruning deletes flow {namespace}/{key}",
                        "It is on the server, has the same owner, and is not in `sources`.",
                        path=("prune",),
                    )
            if not items and not deletes:
                return
            answer = await objects.plan_set(items, deletes)
        except ApiError as error:
            raise failure(error, f"plan the flows of {namespace}") from None
        problems = answer.get("problems")
        for data in problems if isinstance(problems, list) else []:
            self._tell(plan, Problem.read(data), removed=removed)

    def _tell(self, plan: Plan, problem: Problem, *, removed: list[str]) -> None:
        reference = parse_reference(problem.object or "")
        key = reference.id or "" if reference else ""
        namespace = plan.planned["namespace"]
        if key in removed:
            # Whoever uses it may leave in the same run; apply is where it must be gone.
            plan.diagnostics.warning(
                f"Flow {namespace}/{key} is to be deleted", f"`{key}`: {sentence(problem)}"
            )
            return
        tell(
            plan.diagnostics,
            problem,
            subject=f"Flow {namespace}/{key} is not valid"
            if problem.error
            else f"Flow {namespace}/{key}",
            path=("sources",),
            key=key,
        )

    async def _strays(self, namespace: str, sources: Value) -> list[str]:
        """Ids of our owner's flows on the server that are not in ``sources``."""
        objects = self.provider.objects
        wanted = sources if isinstance(sources, dict) else {}
        return sorted(
            str(form.get("id"))
            for form in await objects.listing("flow", namespace)
            if form.get("owner") == objects.owner and form.get("id") not in wanted
        )

    async def create(self, change: Change) -> State:
        """Writes all flows; flows of the same owner that exist already are taken over."""
        return await self._write(change, {})

    async def update(self, change: Change) -> State:
        """Writes what changed, deletes what left the map."""
        return await self._write(change, texts((change.prior or {}).get("sources")))

    async def _write(self, change: Change, before: Mapping[str, str]) -> State:
        planned = change.planned
        namespace, sources = text(planned["namespace"]), texts(planned["sources"])
        hashes = texts((change.prior or {}).get("content_hashes"))
        items = [
            _item(namespace, key, source, hashes.get(key))
            for key, source in sources.items()
            if before.get(key) != source
        ]
        # What pruning has once found was never in the configuration: only pruning may delete it.
        leaving = set(before) - set(sources) - _seen_strays(change.private)
        try:
            if planned.get("prune") is True:
                leaving.update(await self._strays(namespace, planned["sources"]))
            deletes = [Reference("flow", namespace, key) for key in sorted(leaving)]
            written = await self._apply(items, deletes)
        except ApiError as error:
            raise _refused(error, f"apply the flows of {namespace}") from None
        change.private.pop("strays", None)
        prior = change.prior.get("revisions") if change.prior else None
        revisions: dict[str, JsonValue] = (
            {key: plain(value) for key, value in prior.items()} if isinstance(prior, dict) else {}
        )
        for key, form in written.items():
            revision = form.get("revision")
            revisions[key] = revision if isinstance(revision, int) else None
        change.private.pop("hashes", None)
        return _state(planned, sources, {key: revisions.get(key) for key in sources})

    async def _apply(self, items: list[Item], deletes: list[Reference]) -> dict[str, Json]:
        if not items and not deletes:
            return {}
        objects = self.provider.objects
        try:
            return await objects.apply_set(items, deletes)
        except ApiError as error:
            if error.status != 404 or not deletes:  # noqa: PLR2004 (a delete of something gone)
                raise
        found = await objects.read_set(deletes)
        there = [item for item, form in zip(deletes, found, strict=True) if form is not None]
        return await objects.apply_set(items, there) if items or there else {}

    async def read(self, reading: Reading) -> State | None:
        """The set's flows as they are; None when none of them is left."""
        state = reading.state
        namespace, before = text(state["namespace"]), texts(state.get("sources"))
        objects = self.provider.objects
        try:
            if state.get("sources") is None:  # imported: all flows of the namespace
                forms = {str(form["id"]): form for form in await objects.listing("flow", namespace)}
            else:
                names = [Reference("flow", namespace, key) for key in before]
                found = zip(before, await objects.read_set(names), strict=True)
                forms = {key: form for key, form in found if form is not None}
                if state.get("prune") is True:
                    strays = await self._owned(namespace, before)
                    forms.update(strays)
                    seen = _seen_strays(reading.private) | strays.keys()
                    reading.private["strays"] = [*sorted(seen & forms.keys())]
        except ApiError as error:
            raise failure(error, f"read the flows of {namespace}") from None
        if not forms and (before or state.get("sources") is None):
            return None
        sources = {key: string(form.get("source")) for key, form in forms.items()}
        reading.private.pop("hashes", None)
        revisions = {key: form.get("revision") for key, form in forms.items()}
        return _state({"prune": False, **_set(state)}, sources, revisions)

    async def _owned(self, namespace: str, known: Mapping[str, str]) -> dict[str, Json]:
        strays = set(await self._strays(namespace, dict(known)))
        forms = await self.provider.objects.listing("flow", namespace)
        return {str(form["id"]): form for form in forms if form.get("id") in strays}

    async def delete(self, change: Change) -> None:
        """Deletes the flows of the set, in one transaction."""
        prior = change.prior or {}
        namespace = text(prior["namespace"])
        leaving = texts(prior.get("sources")).keys() - _seen_strays(change.private)
        deletes = [Reference("flow", namespace, key) for key in sorted(leaving)]
        try:
            await self._apply([], deletes)
        except ApiError as error:
            raise _refused(error, f"delete the flows of {namespace}") from None

    async def imported(self, identity: str) -> State:
        """Import id: the namespace."""
        if "/" in identity or not identity:
            raise Failure(
                f'"{identity}" is no import id', "Write the namespace, for example `company.team`."
            )
        return {"namespace": identity}


def _seen_strays(private: Private) -> set[str]:
    """Ids that are in the state only because a refresh found them while pruning was on."""
    strays = private.get("strays")
    return {key for key in strays if isinstance(key, str)} if isinstance(strays, list) else set()


def _set(state: State) -> State:
    return {name: value for name, value in state.items() if value is not None}


def _item(namespace: str, key: str, source: str, known: str | None = None) -> Item:
    reference = Reference("flow", namespace, key)
    return Item(reference, {"source": source}, known)


def _state(planned: State, sources: Mapping[str, str], revisions: Mapping[str, JsonValue]) -> State:
    numbers: dict[str, Value] = {
        key: value if isinstance(value, int) else None for key, value in revisions.items()
    }
    hashes: dict[str, Value] = {key: content_hash(source) for key, source in sources.items()}
    prune = planned.get("prune")
    return {
        "namespace": planned["namespace"],
        "sources": dict(sources),
        "prune": prune if is_known(prune) else False,
        "id": planned["namespace"],
        "revisions": numbers,
        "content_hashes": hashes,
    }


def _refused(error: ApiError, doing: str) -> Failure:
    refusal = failure(error, doing, path=("sources",))
    for problem in error.problems:
        reference = parse_reference(problem.object or "")
        if reference is not None and reference.id:
            diagnostics = Diagnostics()
            for each in error.problems:
                named = parse_reference(each.object or "")
                tell(
                    diagnostics,
                    each,
                    subject=f"Cannot {doing}: nothing was changed",
                    path=("sources",),
                    key=named.id or "" if named else "",
                )
            refusal.diagnostics = diagnostics.items
            return refusal
    return refusal
