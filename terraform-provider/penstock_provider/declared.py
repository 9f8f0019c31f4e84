"""What all single declared objects have in common: one resource, one object of the server."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar

from penstock_provider.api import UNKNOWN_TENANT, ApiError, Json, Problem
from penstock_provider.examination import Member
from penstock_provider.framework.diagnostics import Failure, Path
from penstock_provider.framework.plan import Plan, Private
from penstock_provider.framework.resource import Change, Leaving, Reading, Resource
from penstock_provider.framework.schema import Attribute
from penstock_provider.framework.values import (
    NUMBER,
    STRING,
    JsonValue,
    State,
    Unknown,
    Value,
    dynamic,
    is_known,
    plain,
    text,
)
from penstock_provider.object_set import Item
from penstock_provider.pattern import Pattern
from penstock_provider.provider import Penstock
from penstock_provider.reference import Reference
from penstock_provider.sentences import (
    attribute_path,
    failure,
    sentence,
    subject,
    tell,
    tell_others,
)

ID = Attribute(STRING, "Import id of the object.", computed=True)
REVISION = Attribute(
    NUMBER, "Number of the object's present revision on the server.", computed=True, volatile=True
)
CONTENT_HASH = Attribute(
    STRING, "SHA-256 of the object's content, hexadecimal.", computed=True, volatile=True
)


def name_check(what: str) -> Attribute:
    """The attribute ``namespace`` of a ``what``."""
    return Attribute(
        STRING,
        f"Namespace of the {what}, dotted, such as `company.team`. A change makes a new object.",
        required=True,
        replace=True,
        check=namespace_problem,
    )


def namespace_problem(value: Value) -> str | None:
    """What is wrong with the name of a namespace, as a sentence; None when nothing is."""
    if not isinstance(value, str):
        return None
    if not value or any(not part for part in value.split(".")) or "/" in value or " " in value:
        return (
            f'"{value}" is no namespace: write dotted names without blanks, such as "company.team".'
        )
    return None


class Declared(Resource[Penstock]):
    """One declared object; subclasses say how attributes and the server's form correspond.

    What identifies it are the required attributes whose change makes a new object, unless the class
    says otherwise in ``identified_by``.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "schema" in vars(cls) and not cls.identified_by:
            cls.identified_by = tuple(
                name
                for name, attribute in cls.schema.attributes.items()
                if attribute.required and attribute.replace
            )

    kind: ClassVar[str]
    body: ClassVar[str] = ""
    """The attribute to which problems belong that name none of the attributes."""

    def reference(self, state: State) -> Reference:
        """Which object the (known) state is about."""
        return Reference(self.kind, *(name_of(state, each) for each in self.identified_by))

    @abstractmethod
    def spec(self, planned: State, config: State) -> Json:
        """The PUT body."""

    @abstractmethod
    def state(self, prior: State, form: Json) -> State:
        """The state for the server's form; what means the same stays as it is in ``prior``."""

    names: ClassVar[Mapping[str, str]] = {}
    """The server's names of attributes, where they differ by more than their spelling."""

    def path(self, problem: Problem) -> Path:
        """The attribute that a problem is about; empty when it is about the whole object."""
        body = (self.body,) if self.body else ()
        if body and problem.line is not None:
            return body
        return attribute_path(problem, self.schema.attributes, self.names) or body

    def identity(self, planned: State) -> tuple[Value, ...]:
        """The values that must be known before the server can be asked."""
        return tuple(planned.get(each) for each in self.identified_by)

    async def plan(self, plan: Plan) -> None:
        """Asks the server what it would say."""
        if not all(isinstance(value, str) for value in self.identity(plan.planned)):
            return
        reference = self.reference(plan.planned)
        if plan.creating or plan.replace:
            plan.planned["id"] = reference.name
        spec = self.spec(plan.planned, plan.config)
        row = await self.ask(plan, Item(reference, spec, since=self.since(plan)))
        self.shown(plan, row)
        content_hash = as_text((row or {}).get("contentHash"))
        if (
            content_hash
            and isinstance(plan.planned.get("content_hash"), Unknown)
            and all(is_known(plan.planned[name]) for name in self._given())
        ):
            plan.planned["content_hash"] = content_hash
            if plan.prior and plan.prior.get("content_hash") == content_hash:
                for name, attribute in self.schema.attributes.items():
                    if attribute.volatile:
                        plan.planned[name] = plan.prior[name]

    def _given(self) -> list[str]:
        return [
            name
            for name, attribute in self.schema.attributes.items()
            if attribute.optional or attribute.required
        ]

    def since(self, plan: Plan) -> str | None:  # noqa: ARG002 (flows need it)
        """The content from which the server says what changes; None where it does not matter."""
        return None

    def shown(self, plan: Plan, row: Json | None) -> None:
        """Takes from the server's answer what is there for people to read."""

    async def ask(self, plan: Plan, item: Item) -> Json | None:
        """What the server says, its findings told as diagnostics; None when none can be asked."""
        objects, examiner = self.provider.planner, self.provider.examiner
        if objects is None or examiner is None:
            return None
        reference = item.reference
        twice = objects.create(reference) if plan.creating else None
        if twice is not None:
            raise Failure(subject(twice), sentence(twice))
        members: list[Member] = [item]
        before = self.reference(plan.prior) if plan.prior and plan.replace else reference
        if before != reference:
            members.append(before)
        try:
            examined = await examiner.examine(members)
        except ApiError as error:
            raise failure(error, f"plan {self.kind} {reference.name}") from None
        for problem in examined.problems:
            path = self.path(problem) if problem.object in (None, reference.ref) else ()
            tell(plan.diagnostics, problem, subject=subject(problem), path=path)
        tell_others(plan.diagnostics, examined.others)
        return examined.rows.get(reference.ref, {})

    async def leave(self, leaving: Leaving) -> None:
        """Asks who still needs the object."""
        examiner = self.provider.examiner
        if examiner is None or not all(
            isinstance(value, str) for value in self.identity(leaving.prior)
        ):
            return
        reference = self.reference(leaving.prior)
        try:
            examined = await examiner.examine([reference])
        except ApiError as error:
            if error.code == UNKNOWN_TENANT:
                return  # with it all that was in it has gone
            raise failure(error, f"plan {self.kind} {reference.name}") from None
        tell_others(leaving.diagnostics, [*examined.problems, *examined.others])

    def declares(self, values: State) -> Iterator[Pattern]:
        """Which object a configuration or a state is about, as far as that is known."""
        namespace, *names = (text(value) or None for value in self.identity(values)[:2])
        yield Pattern(self.kind, namespace, *names)

    async def create(self, change: Change) -> State:
        """Writes the object; one of the same owner that exists already is taken over."""
        return await self._write(change, "create", None)

    async def update(self, change: Change) -> State:
        """Writes the object unless somebody else changed it since."""
        known = (change.prior or {}).get("content_hash") or change.private.get("hash")
        return await self._write(change, "change", known if isinstance(known, str) else None)

    async def _write(self, change: Change, verb: str, if_match: str | None) -> State:
        reference = self.reference(change.planned)
        item = Item(reference, self.spec(change.planned, change.config), if_match)
        try:
            form = await self.provider.objects.apply(item)
        except ApiError as error:
            raise self._refused(error, f"{verb} {self.kind} {reference.name}") from None
        await self.provider.clear_overrides([reference])
        self._remember(change.private, form)
        return self.state(change.planned, form)

    def _remember(self, private: Private, form: Json) -> None:
        """Keeps what guards the next write, where the state does not show it.

        Terraform rewrites all of its state after each resource: what is twice in it costs.
        """
        if "content_hash" in self.schema.attributes:
            private.pop("hash", None)
        else:
            private["hash"] = form.get("contentHash")

    def _refused(self, error: ApiError, doing: str) -> Failure:
        for problem in error.problems:
            path = self.path(problem)
            if path:
                return failure(error, doing, path=path)
        return failure(error, doing)

    async def read(self, reading: Reading) -> State | None:
        """The server's form; None when it is gone."""
        reference = self.reference(reading.state)
        try:
            form = await self.provider.objects.read(reference)
        except ApiError as error:
            raise failure(error, f"read {self.kind} {reference.name}") from None
        if form is None:
            return None
        self.provider.tell_overrides([reference], reading.diagnostics)
        self._remember(reading.private, form)
        return self.state(reading.state, form)

    async def delete(self, change: Change) -> None:
        """Removes the object."""
        reference = self.reference(change.prior or {})
        try:
            await self.provider.objects.delete(reference)
        except ApiError as error:
            raise failure(error, f"delete {self.kind} {reference.name}") from None

    async def imported(self, identity: str) -> State:
        """Import id: the namespace and the name in it, where it has one, with a slash between."""
        names = self.identified_by
        found = split_import(identity, "/".join(names)) if names[1:] else (identity,)
        return dict(zip(names, found, strict=True))

    def computed(self, reference: Reference, form: Json) -> State:
        """The attributes that every kind has."""
        return {
            "id": reference.name,
            "revision": number(form.get("revision")),
            "content_hash": as_text(form.get("contentHash")),
        }


def split_import(identity: str, form: str) -> tuple[str, str]:
    """Namespace and name of ``namespace/name``; the last slash splits."""
    namespace, slash, name = identity.rpartition("/")
    if not slash or not namespace or not name:
        raise Failure(
            f'"{identity}" is no import id',
            f'Write it as `{form}`, for example "company.team/{form.rpartition("/")[2]}".',
        )
    return namespace, name


def as_text(value: JsonValue) -> Value:
    """Text of the server, or null."""
    return value if isinstance(value, str) else None


def number(value: JsonValue) -> Value:
    """A number of the server, or null."""
    return value if isinstance(value, (int, float)) else None


def kept(prior: Value, value: JsonValue) -> Value:
    """Text of the server; an empty one where none was configured stays null, and the reverse."""
    if not value:
        return prior if prior in ("", None) else None
    return as_text(value)


def given(planned: State, **names: str) -> Json:
    """JSON of those attributes that are set; ``names`` maps the server's names to attributes."""
    return {
        key: plain(planned.get(attribute))
        for key, attribute in names.items()
        if planned.get(attribute) is not None
    }


def string(value: JsonValue) -> str:
    """Text of the server; empty when there is none."""
    return value if isinstance(value, str) else ""


def same_json(before: Value, after: Value) -> bool:
    """Whether two values of any type are the same JSON."""
    return _canonical(plain(before)) == _canonical(plain(after))


def typed(before: Value, value: JsonValue) -> Value:
    """JSON of the server; the same as before keeps the Terraform type that it had."""
    if before is not None and _canonical(plain(before)) == _canonical(value):
        return before
    return dynamic(value)


def typed_map(before: Value, value: JsonValue) -> Value:
    """The same for an object that is empty where none was configured, and the reverse."""
    if value:
        return typed(before, value)
    return None if plain(before) else before


def _canonical(value: JsonValue) -> str:
    """One text for one JSON value: true is not 1, and 1.0 is."""
    return json.dumps(_whole(value), sort_keys=True)


def _whole(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and float.is_integer(value) else value


def labels_of(prior: Value, value: JsonValue) -> Value:
    """Labels of the server; none stay as they were, null or empty."""
    if not isinstance(value, dict) or not value:
        return prior if prior in ({}, None) else None
    return {key: str(item) for key, item in value.items()}


def name_of(state: State, attribute: str) -> str:
    """A known text of the state."""
    return text(state.get(attribute))
