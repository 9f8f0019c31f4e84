"""The same operation on many executions, by ids or by query, with a preview."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import datetime
from typing import Annotated, Self, cast

from pydantic import Field, model_validator

from penstock.errors import Conflict, InvalidObject, PenstockError
from penstock.model.execution import Execution
from penstock.model.frozen import Frozen, Json
from penstock.model.problem import Problem
from penstock.security.caller import Caller
from penstock.service import operation
from penstock.service.execution_query import Query
from penstock.service.form import instant
from penstock.service.services import Services
from penstock.service.spec import read
from penstock.store import audit
from penstock.store import execution as rows

_MOST = 1_000
_AT_ONCE = 100


class Many(Frozen):
    """An operation on many executions."""

    operation: Annotated[str, Field(description="Its name, such as `restart`.")]
    ids: Annotated[
        tuple[str, ...] | None, Field(max_length=_MOST, description="Which executions.")
    ] = None
    query: Annotated[Query | None, Field(description="Which executions, instead of ids.")] = None
    options: Annotated[dict[str, Json], Field(description="As for a single execution.")] = Field(
        default_factory=dict
    )
    dry_run: Annotated[bool, Field(description="Only tells what would be done.")] = False
    limit: Annotated[
        int, Field(ge=1, le=_MOST, description="Of a query: refused when more fit.")
    ] = _MOST

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.ids is None) == (self.query is None):
            raise ValueError("either `ids` or `query` says which executions are meant")
        if self.query is not None and self.query == Query():
            raise ValueError("`query` must say something; name at least a namespace")
        return self


def operate(services: Services, caller: Caller, body: Json) -> dict[str, Json]:
    """What became of each execution. One that cannot be does not hold up the others.

    Raises `InvalidObject`, and `Conflict` when more executions fit than `limit` allows.
    """
    wanted = _wanted(body)
    kind = operation.KINDS[wanted.operation]
    options = operation.options_of(kind, cast("Json", wanted.options))
    found, missing = _executions(services, caller, wanted)
    items: list[Json] = []
    for start in range(0, len(found), _AT_ONCE):
        part = found[start : start + _AT_ONCE]
        if wanted.dry_run:
            items += [_previewed(kind, each) for each in part]
            continue
        asked = [_ask(services, caller, kind, each, options) for each in part]
        items += [_outcome(each, answer) for each, answer in zip(part, asked, strict=True)]
    items += [_item(id_, None, "refused", error=f"There is no execution {id_}.") for id_ in missing]
    done = sum(cast("dict[str, Json]", item)["outcome"] == "done" for item in items)
    if not wanted.dry_run and items:
        _summarise(services, caller, wanted, len(items), done)
    return {
        "operation": wanted.operation,
        "dryRun": wanted.dry_run,
        "matched": len(items),
        "done": done,
        "items": items,
    }


def _wanted(body: Json) -> Many:
    if not isinstance(body, dict):
        raise _invalid(Problem("The body must be an object.", code="wrong-type"))
    wanted, problems = read(Many, body)
    if wanted is None:
        raise InvalidObject(problems[0].message, problems=problems, hint=problems[0].hint)
    if wanted.operation not in operation.KINDS:
        raise _invalid(
            Problem(
                f"There is no operation `{wanted.operation}`.",
                path="operation",
                code="invalid",
                hint=f"The operations are {', '.join(operation.KINDS)}.",
            )
        )
    return wanted


def _executions(
    services: Services, caller: Caller, wanted: Many
) -> tuple[list[Execution], list[str]]:
    """The executions without task runs, oldest first, and the ids that there are not."""
    with services.database.read() as tx:
        if wanted.ids is not None:
            by_id = rows.heads(tx, caller.tenant, wanted.ids)
            ids = list(dict.fromkeys(wanted.ids))
            return [by_id[id_] for id_ in ids if id_ in by_id], [i for i in ids if i not in by_id]
        query = cast("Query", wanted.query).filter()
        found = rows.page(tx, caller.tenant, query, limit=wanted.limit)
    if found.next_cursor is not None:
        raise Conflict(
            f"More than {wanted.limit} executions fit the query.",
            hint=f"Narrow it, or raise `limit` (at most {_MOST}).",
        )
    return list(reversed(found.items)), []


def _ask(
    services: Services,
    caller: Caller,
    kind: operation.Kind,
    found: Execution,
    options: Frozen,
) -> Future[Execution | None] | PenstockError:
    try:
        kind.check(found)
        return kind.ask(services, caller, found, options)
    except PenstockError as error:
        return error


def _outcome(found: Execution, answer: Future[Execution | None] | PenstockError) -> Json:
    if isinstance(answer, PenstockError):
        return _item(found.id, found, "refused", error=answer.message)
    try:
        after = answer.result()
    except PenstockError as error:
        return _item(found.id, found, "refused", error=error.message)
    return _item(found.id, after or found, "done")


def _previewed(kind: operation.Kind, found: Execution) -> Json:
    try:
        kind.check(found)
    except PenstockError as error:
        return _item(found.id, found, "refused", error=error.message)
    return _item(found.id, found, "possible")


def _item(
    id_: str, found: Execution | None, outcome: str, *, error: str | None = None
) -> dict[str, Json]:
    at: datetime | None = None if found is None else found.created_at
    return {
        "id": id_,
        "namespace": None if found is None else found.namespace,
        "flowId": None if found is None else found.flow_id,
        "state": None if found is None else found.state.value,
        "createdAt": instant(at),
        "outcome": outcome,
        "newId": None if found is None or found.id == id_ else found.id,
        "error": error,
    }


def _summarise(services: Services, caller: Caller, wanted: Many, matched: int, done: int) -> None:
    """The bulk operation itself, beside the event of each execution."""
    query = (
        None
        if wanted.query is None
        else wanted.query.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    )
    detail: dict[str, Json] = {"matched": matched, "done": done, "query": query}
    record = operation.audit_of(services, caller, f"bulk.{wanted.operation}", "*", detail)
    with services.database.transaction() as tx:
        audit.append_many(tx, [record])


def _invalid(problem: Problem) -> InvalidObject:
    return InvalidObject(problem.message, problems=[problem], hint=problem.hint)
