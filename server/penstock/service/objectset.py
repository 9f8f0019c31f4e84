"""A set of declared objects as it comes in: what shall be, what shall go."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

import orjson

from penstock.errors import InvalidObject
from penstock.model.flow import FLOW_ID_PATTERN, NAMESPACE_PATTERN
from penstock.model.frozen import Json
from penstock.model.problem import Problem

KindName = Literal["namespace", "secret", "kv", "file", "flow", "schedule", "test"]
KINDS: tuple[KindName, ...] = get_args(KindName)
"""In the order in which a set is written: what is referred to comes first."""

KEY_PATTERN = r"^[A-Za-z_][A-Za-z0-9_.-]*$"
KEYED = frozenset({"secret", "kv"})
"""Kinds whose id is called `key`."""
_SHAPES = {
    "flow": FLOW_ID_PATTERN,
    "schedule": FLOW_ID_PATTERN,
    "test": FLOW_ID_PATTERN,
    "kv": FLOW_ID_PATTERN,
    "secret": KEY_PATTERN,
}
_LONGEST_NAMESPACE = 150
_LONGEST_ID = {"flow": 100, "schedule": 100, "test": 100, "kv": 256, "secret": 256}
_LONGEST_PATH = 500
_LONGEST_FILE_NAME = 200
_NAMESPACE = re.compile(NAMESPACE_PATTERN)


@dataclass(frozen=True, slots=True)
class Reference:
    """Names one declared object; `id` is a secret's or pair's key, and empty for a namespace."""

    kind: KindName
    namespace: str
    id: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.kind, self.namespace, self.id) if part)

    @classmethod
    def read(cls, text: str) -> Reference:
        """Of its text; of a variable's, ``variable/company.team/bucket``, the namespace."""
        kind, _, rest = text.partition("/")
        namespace, _, name = rest.partition("/")
        if kind in ("namespace", "variable"):
            return cls("namespace", namespace)
        return cls(cast("KindName", kind), namespace, name)

    @property
    def names(self) -> tuple[str, ...]:
        """What tells it from the others of its kind in a tenant."""
        return (self.namespace,) if self.kind == "namespace" else (self.namespace, self.id)

    def to_json(self) -> dict[str, Json]:
        """The API's form."""
        return {"kind": self.kind, "namespace": self.namespace, "id": self.id or None}

    def problems(self) -> list[Problem]:
        """What is wrong with the names themselves."""
        found = []
        if not _NAMESPACE.match(self.namespace) or len(self.namespace) > _LONGEST_NAMESPACE:
            found.append(
                Problem(
                    f"`{self.namespace}` is no namespace.",
                    path="namespace",
                    code="invalid-name",
                    hint="Use lowercase letters, digits, '.', '_' and '-', at most 150 characters.",
                    object=str(self),
                )
            )
        if self.kind == "file":
            found.extend(self._path_problems())
        elif self.kind != "namespace" and (
            not re.match(_SHAPES[self.kind], self.id) or len(self.id) > _LONGEST_ID[self.kind]
        ):
            found.append(
                Problem(
                    f"`{self.id}` is no {'key' if self.kind in KEYED else 'id'} of a {self.kind}.",
                    path="key" if self.kind in KEYED else "id",
                    code="invalid-name",
                    hint="Use letters, digits, '.', '_' and '-', beginning with a letter"
                    f"{' or `_`' if self.kind == 'secret' else ' or a digit'}, "
                    f"at most {_LONGEST_ID[self.kind]} characters.",
                    object=str(self),
                )
            )
        return found

    def _path_problems(self) -> list[Problem]:
        parts = self.id.split("/")
        is_path = all(
            part not in ("", ".", "..")
            and part.isprintable()
            and "\\" not in part
            and len(part.encode(errors="replace")) <= _LONGEST_FILE_NAME
            for part in parts
        )
        if is_path and len(self.id) <= _LONGEST_PATH:
            return []
        return [
            Problem(
                f"`{self.id[:_LONGEST_PATH]}` is no path of a file.",
                path="id",
                code="invalid-name",
                hint="Write folders and a name with `/` between them, such as sql/orders.sql, at "
                f"most {_LONGEST_PATH} characters.",
                object=str(self),
            )
        ]


@dataclass(frozen=True, slots=True)
class Member:
    """An object that shall be as `spec` says; `stored` is the URI of a content that has been put
    in the storage already.
    """

    reference: Reference
    spec: dict[str, Json] = field(repr=False)
    if_match: str | None = None
    if_none_match: bool = False
    stored: str | None = None
    since: str | None = None
    """Of a flow: the content hash of the revision with which a plan compares it, empty for none;
    the present one otherwise.
    """


@dataclass(frozen=True, slots=True)
class Removal:
    """An object that shall go."""

    reference: Reference
    if_match: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectSet:
    """Written together or not at all. A `complete` set must not leave anything dangling; `tests`
    asks a plan to run the tests of its flows.
    """

    members: tuple[Member, ...] = ()
    removals: tuple[Removal, ...] = ()
    complete: bool = False
    plan_token: str | None = None
    tests: bool = False


def parse_set(body: Json) -> ObjectSet:
    """The set in a request's JSON. Raises `InvalidObject` with the path of each mistake."""
    problems: list[Problem] = []
    if not isinstance(body, dict):
        raise _invalid([Problem("The body must be an object with `objects`.", code="wrong-type")])
    _only(body, ("objects", "deletes", "complete", "planToken", "tests"), "", problems)
    members = [
        _member(item, f"objects[{index}]", problems)
        for index, item in enumerate(_list(body, "objects", problems))
    ]
    removals = [
        _removal(item, f"deletes[{index}]", problems)
        for index, item in enumerate(_list(body, "deletes", problems))
    ]
    complete, token = body.get("complete", False), body.get("planToken")
    if not isinstance(complete, bool):
        problems.append(Problem("`complete` is true or false.", path="complete", code="wrong-type"))
    tests = body.get("tests", False)
    if not isinstance(tests, bool):
        problems.append(Problem("`tests` is true or false.", path="tests", code="wrong-type"))
    if token is not None and not isinstance(token, str):
        problems.append(Problem("`planToken` is a text.", path="planToken", code="wrong-type"))
    if problems:
        raise _invalid(problems)
    found = ObjectSet(
        tuple(member for member in members if member is not None),
        tuple(removal for removal in removals if removal is not None),
        complete is True,
        cast("str | None", token),
        tests is True,
    )
    _check_twice(found)
    return found


def parse_reference(item: Json, path: str, problems: list[Problem]) -> Reference | None:
    """``{"kind", "namespace", "id"}``; adds to `problems` and answers None when it is none."""
    if not isinstance(item, dict):
        problems.append(Problem("This must be an object.", path=path, code="wrong-type"))
        return None
    kind, namespace, name = item.get("kind"), item.get("namespace"), item.get("id")
    if kind not in KINDS:
        problems.append(
            Problem(
                f"`{kind}` is no kind of object.",
                path=f"{path}.kind",
                code="unknown-kind",
                hint=f"The kinds are {', '.join(KINDS)}.",
            )
        )
        return None
    if not isinstance(namespace, str):
        problems.append(
            Problem("`namespace` must be a text.", path=f"{path}.namespace", code="wrong-type")
        )
        return None
    if kind == "namespace":
        return Reference("namespace", namespace)
    if not isinstance(name, str):
        problems.append(Problem("`id` must be a text.", path=f"{path}.id", code="wrong-type"))
        return None
    return Reference(cast("KindName", kind), namespace, name)


def canonical_hash(value: Json) -> str:
    """SHA-256 of a value's canonical JSON (sorted keys, no spaces), in hexadecimal."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def has_unknown(value: Json) -> bool:
    """Whether some part of the value is not known yet: ``{"$unknown": true}``."""
    if isinstance(value, dict):
        if value.get("$unknown") is True:
            return True
        return any(has_unknown(item) for item in value.values())
    return isinstance(value, list) and any(has_unknown(item) for item in value)


def _member(item: Json, path: str, problems: list[Problem]) -> Member | None:
    reference = parse_reference(item, path, problems)
    if reference is None or not isinstance(item, dict):
        return None
    properties = ("kind", "namespace", "id", "spec", "ifMatch", "ifNoneMatch", "since")
    _only(item, properties, path, problems)
    spec, match, none_match = item.get("spec"), item.get("ifMatch"), item.get("ifNoneMatch", False)
    if not isinstance(spec, dict):
        problems.append(
            Problem("`spec` must be an object.", path=f"{path}.spec", code="wrong-type")
        )
        return None
    if match is not None and not isinstance(match, str):
        problems.append(
            Problem("`ifMatch` is a content hash.", path=f"{path}.ifMatch", code="wrong-type")
        )
        return None
    since = item.get("since")
    if since is not None and not isinstance(since, str):
        problems.append(
            Problem("`since` is a content hash.", path=f"{path}.since", code="wrong-type")
        )
        return None
    return Member(reference, spec, match, none_match is True, since=since)


def _removal(item: Json, path: str, problems: list[Problem]) -> Removal | None:
    reference = parse_reference(item, path, problems)
    if reference is None or not isinstance(item, dict):
        return None
    _only(item, ("kind", "namespace", "id", "ifMatch"), path, problems)
    match = item.get("ifMatch")
    return Removal(reference, match if isinstance(match, str) else None)


def _list(body: dict[str, Json], name: str, problems: list[Problem]) -> list[Json]:
    found = body.get(name, [])
    if isinstance(found, list):
        return found
    problems.append(Problem(f"`{name}` must be a list.", path=name, code="wrong-type"))
    return []


def _only(
    item: dict[str, Json], allowed: tuple[str, ...], path: str, problems: list[Problem]
) -> None:
    problems.extend(
        Problem(
            f"There is no property `{name}` here.",
            path=f"{path}.{name}".lstrip("."),
            code="unknown-property",
            hint=f"The properties are {', '.join(allowed)}.",
        )
        for name in item
        if name not in allowed
    )


def _check_twice(found: ObjectSet) -> None:
    seen: set[str] = set()
    problems = []
    for each in (*found.members, *found.removals):
        name = str(each.reference)
        if name in seen:
            problems.append(
                Problem(
                    f"{name} stands in this set twice.",
                    code="duplicate-object",
                    hint="Keep one of them.",
                    object=name,
                )
            )
        seen.add(name)
    if problems:
        raise _invalid(problems)


def _invalid(problems: list[Problem]) -> InvalidObject:
    first = problems[0]
    return InvalidObject(first.message, problems=problems, hint=first.hint)
