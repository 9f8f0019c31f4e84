"""What a refusal means for the user, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from penstock_provider.api import ApiError, Json, Problem
from penstock_provider.framework.diagnostics import Diagnostic, Diagnostics, Failure, Key, Path
from penstock_provider.reference import Reference, parse_reference

_CURES = {
    401: (
        "Give a valid token as `token` of the provider or in PENSTOCK_TOKEN. Tokens are made with "
        "`penstock token put`."
    ),
    403: "The token is valid but may not do this: give it the permission, or use another token.",
    404: "Check `endpoint` and `tenant` of the provider: the server has nothing at that address.",
    412: (
        "Somebody changed the object on the server after this plan was made. Plan again, look at "
        "the difference, and apply."
    ),
    413: "Split the set or the text: the server limits how large one request may be.",
    429: (
        "The server asks for patience and kept asking. Apply again later, or with a lower "
        "`-parallelism`."
    ),
}
_CODES = {
    "foreign-owner": "Remove it from one of the two configurations, or let its owner release it; "
    "`owner` of the provider says on whose behalf this one writes.",
    "in-use": "Remove its users first. When they leave in the same run, let them refer to this "
    "resource's attributes, or use `depends_on`, so that they go first.",
    "conflict": "Plan again: the server's objects changed since.",
    "unreachable": (
        "Check `endpoint` (or PENSTOCK_ENDPOINT) and that the server runs and is reachable from "
        "here."
    ),
    "not-penstock": "Check `endpoint`: another program seems to answer there.",
    "unknown-tenant": "Check `tenant` of the provider (or PENSTOCK_TENANT). One that the same run "
    "makes must come first: declare it as a `penstock_tenant`, and let the provider block of what "
    "is inside refer to that resource, such as `tenant = penstock_tenant.dev.tenant`.",
    "other-version": "Install the provider of the server's version, or upgrade the server.",
    "ca-file": "Give the path of a PEM file with the certificate authority's certificates.",
}

_MOST_CALLERS = 20
_STATES = {
    "crossed": "is declared twice",
    "foreign-owner": "belongs to another owner",
    "in-use": "is still needed",
    "overridden": "is overridden",
}
_NOUNS = {"kv": "Key-value pair"}
_HINTS = {
    "foreign-owner": _CODES["foreign-owner"],
    "overridden": "What is declared changes, this stays until then; `on_override` of the provider "
    "decides.",
    "in-use": "Change or remove that too, in the same run if you like; or keep this one.",
}
"""What to do about the server's findings, where Terraform has words of its own."""


def failure(error: ApiError, doing: str, *, path: Path = ()) -> Failure:
    """``doing`` is what was tried, "create flow a.b/x"; the result is to be raised."""
    detail = error.detail or f"The server answered {error.status} without giving a reason."
    names = [problem.message for problem in error.problems if problem.message not in detail]
    cure = _CODES.get(error.code) or _CURES.get(error.status)
    if cure is None and error.status >= 500:  # noqa: PLR2004 (the server's own failures)
        cure = "The fault is in the server: look into its log, then apply again."
    text = "\n".join([detail, *names, *([cure] if cure else [])])
    return Failure(f"Cannot {doing}", text, path=path)


def sentence(problem: Problem) -> str:
    """``line 7, column 11: message hint``."""
    place = f"line {problem.line}" if problem.line else ""
    if place and problem.column:
        place += f", column {problem.column}"
    where = ": ".join(part for part in (place, problem.path) if part)
    hint = _HINTS.get(problem.code, problem.hint)
    end = "" if problem.message.endswith((".", "!", "?", ":")) else "."
    text = f"{problem.message}{end} {hint}" if hint else problem.message
    return f"{where}: {text}" if where else text


def subject(problem: Problem) -> str:
    """The headline of a problem: what it is about."""
    reference = parse_reference(problem.object or "")
    if reference is None:
        return "The configuration is not valid"
    about = f"{_NOUNS.get(reference.kind, reference.kind.capitalize())} {reference.name}"
    if not problem.error:
        return about
    return f"{about} {_STATES.get(problem.code, 'is not valid')}"


def attribute_path(problem: Problem, attributes: Collection[str], names: Mapping[str, str]) -> Path:
    """The attribute that a problem's path (``flowId``, ``inputs.day``) is about, if it is one.

    ``names`` are the server's names that differ by more than their spelling.
    """
    head = re.split(r"[.\[]", problem.path, maxsplit=1)[0]
    name = re.sub(r"(?<!^)([A-Z])", lambda match: "_" + match.group(1).lower(), head)
    name = names.get(head, name)
    return (name,) if name in attributes else ()


def tell_others(diagnostics: Diagnostics, problems: Iterable[Problem]) -> None:
    """Adds problems of objects that the present resource does not hold."""
    for problem in problems:
        tell(diagnostics, problem, subject=subject(problem), path=())


def tell_callers(
    diagnostics: Diagnostics, reference: Reference, row: Json, *, path: Path, key: str = ""
) -> None:
    """Names the flows that call one whose text changes."""
    calls = row.get("calls")
    names = [
        f"{each.get('flow')} (task `{each.get('task')}`)"
        for each in (calls if isinstance(calls, list) else ())
        if isinstance(each, dict) and each.get("revision") is None
    ]
    if not names:
        return
    more = f" and {len(names) - _MOST_CALLERS} more" if len(names) > _MOST_CALLERS else ""
    what = "One task calls" if len(names) == 1 else f"{len(names)} tasks call"
    text = f"{what} it, from then on in its new form: {', '.join(names[:_MOST_CALLERS])}{more}."
    problem = Problem(text, error=False, object=reference.ref)
    tell(diagnostics, problem, subject=subject(problem), path=path, key=key)


def tell(
    diagnostics: Diagnostics, problem: Problem, *, subject: str, path: Path, key: str = ""
) -> None:
    """Adds a problem; ``key`` is the member's key in a map, which Terraform does not show."""
    where = f"`{key}`: " if key else ""
    steps = (*path, Key(key)) if key else path
    diagnostics.items.append(
        Diagnostic(subject, where + sentence(problem), steps, error=problem.error)
    )
