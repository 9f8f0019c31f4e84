"""Checks flow texts for editors and pipelines, without writing anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import Connection

from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.security.caller import Caller
from penstock.service.change import Change
from penstock.service.examination import examine
from penstock.service.objectset import Member, ObjectSet, Reference
from penstock.service.services import Reading, Services
from penstock.store import flow as flows

_SEPARATOR = re.compile(r"^---[ \t]*(?:#.*)?\r?$", re.MULTILINE)


def validate(services: Services, caller: Caller, text: str) -> list[Json]:
    """One answer a document of the text, in order; also for documents that do not hold.

    Places are those in the whole text. Documents see each other, so that a flow may call one that
    comes with it.
    """
    documents = [*_documents(text)]
    with services.database.read() as tx:
        readings = _readings(tx, services, caller, [source for _, source in documents])
        references = [_reference(reading) for reading in readings]
        members: dict[Reference, Member] = {}
        for reference, (_, source) in zip(references, documents, strict=True):
            if reference is not None:
                members.setdefault(reference, Member(reference, {"source": source}))
        wanted = ObjectSet(tuple(members.values()))
        seen = examine(tx, services, Change(caller, force=True), wanted)
        found = {draft.reference: draft for draft in seen.drafts}
        stored = flows.find_many(tx, caller.tenant, [(each.namespace, each.id) for each in members])
    answers: list[Json] = []
    told: set[Reference] = set()
    for index, ((line, _), reading, reference) in enumerate(
        zip(documents, readings, references, strict=True)
    ):
        problems = list(reading.parsed.problems)
        if reference is not None and reference not in told:
            told.add(reference)
            problems = found[reference].problems
        elif reference is not None:
            problems.append(_twice(reading, reference))
        row = None if reference is None else stored.get((reference.namespace, reference.id))
        moved = [_moved(problem, line) for problem in problems]
        answers.append(_answer(index, reading, moved, 0 if row is None else row.revision))
    return answers


def _documents(text: str) -> Iterator[tuple[int, str]]:
    """Each document with the number of lines before it; empty ones are left out."""
    at = 0
    for found in [*_SEPARATOR.finditer(text), None]:
        end = len(text) if found is None else found.start()
        source = text[at:end]
        if source.strip():
            yield text.count("\n", 0, at), source
        at = end if found is None else min(found.end() + 1, len(text))


def _readings(
    tx: Connection, services: Services, caller: Caller, sources: list[str]
) -> list[Reading]:
    surroundings = services.defaults.read(tx, caller.tenant)
    readings = [services.parses.get(source) for source in sources]
    return [
        services.parses.get(source, None, surroundings.of(reading.parsed.identity[0]))
        if reading.parsed.identity is not None
        else reading
        for source, reading in zip(sources, readings, strict=True)
    ]


def _reference(reading: Reading) -> Reference | None:
    """The flow that a text is about, when its names can be those of a flow."""
    if reading.parsed.identity is None:
        return None
    reference = Reference("flow", *reading.parsed.identity)
    return None if reference.problems() else reference


def _twice(reading: Reading, reference: Reference) -> Problem:
    line, column = reading.place("id") or (None, None)
    return Problem(
        f"The flow {reference.namespace}/{reference.id} is in this text already.",
        path="id",
        line=line,
        column=column,
        code="duplicate-flow",
        hint="Give one of them another id, or remove it.",
    )


def _moved(problem: Problem, lines: int) -> Problem:
    line = None if problem.line is None else problem.line + lines
    return replace(problem, line=line, object=None)


def _answer(index: int, reading: Reading, problems: list[Problem], revision: int) -> Json:
    identity = reading.parsed.identity or (None, None)
    written = None if reading.flow is None else reading.flow.revision
    errors = [problem for problem in problems if problem.is_error]
    others = [problem for problem in problems if not problem.is_error]
    return {
        "index": index,
        "namespace": identity[0],
        "id": identity[1],
        "valid": not errors,
        "outdated": written is not None and written != revision + 1,
        "errors": [{**problem.to_json()} for problem in errors],
        "warnings": [{**each.to_json()} for each in others if each.code != "deprecated"],
        "deprecations": [{**each.to_json()} for each in others if each.code == "deprecated"],
    }
