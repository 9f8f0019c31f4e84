"""`validate_flow`: what the server says about a flow text."""

from __future__ import annotations

from penstock_provider.api import ApiError, Problem
from penstock_provider.client import Client
from penstock_provider.framework.function import ArgumentError, Function, Parameter
from penstock_provider.framework.values import (
    NUMBER,
    STRING,
    Value,
    list_of,
    object_of,
    text,
)
from penstock_provider.settings import client_of_environment


class ValidateFlow(Function):
    """The findings about a text."""

    summary = "What the server says about a flow text: its errors and warnings."
    description = (
        "What the server says about a flow text: a list of findings, empty for a flow without "
        "any. Nothing is written. Functions do not see the provider block: the server is that of "
        "`PENSTOCK_ENDPOINT`, `PENSTOCK_TOKEN` and `PENSTOCK_TENANT`. For modules that check their "
        "variables, and for `terraform test`; a plan of `penstock_flow` tells the same by itself."
    )
    parameters = (Parameter("yaml", STRING, "The flow's text."),)
    returns = list_of(
        object_of(
            {
                "severity": STRING,
                "line": NUMBER,
                "column": NUMBER,
                "path": STRING,
                "code": STRING,
                "message": STRING,
                "hint": STRING,
            }
        )
    )

    async def call(self, *arguments: Value) -> Value:
        """The findings, in the order of the text."""
        client = client_of_environment()
        if client is None:
            raise ArgumentError(
                0,
                "No server is known to ask: functions do not see the provider block, so set "
                "PENSTOCK_TOKEN, and PENSTOCK_ENDPOINT and PENSTOCK_TENANT where they are not the "
                "usual ones.",
            )
        source = text(arguments[0])
        try:
            found = await self.provider.loop.in_thread(lambda: _ask(client, source))
        except ApiError as error:
            detail = error.detail or f"It answered {error.status}."
            raise ArgumentError(0, f"The server cannot be asked: {detail}") from None
        finally:
            client.close()
        found.sort(key=lambda problem: (problem.line or 0, problem.column or 0))
        return [_finding(problem) for problem in found]


def _ask(client: Client, source: str) -> list[Problem]:
    documents = client.request("POST", "/flows:validate", {"source": source}).json.get("items")
    found: list[Problem] = []
    for document in documents if isinstance(documents, list) else []:
        for group in ("errors", "warnings", "deprecations"):
            problems = document.get(group) if isinstance(document, dict) else None
            found.extend(map(Problem.read, problems if isinstance(problems, list) else []))
    return found


def _finding(problem: Problem) -> dict[str, Value]:
    return {
        "severity": "error" if problem.error else "warning",
        "line": problem.line,
        "column": problem.column,
        "path": problem.path,
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
    }
