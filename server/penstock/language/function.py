"""Calls of functions that no expression of this release has."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.expression.function import FUNCTIONS
from penstock.language.shape import nearest_name
from penstock.language.template import Text, Texts
from penstock.model.problem import Problem, Severity

OF_EXECUTIONS = frozenset(
    {
        "decrypt",
        "encrypt",
        "errorLogs",
        "fetchContext",
        "fileExists",
        "fileURI",
        "fileSize",
        "http",
        "id",
        "isFileEmpty",
        "ksuid",
        "kv",
        "nanoId",
        "printContext",
        "randomInt",
        "randomPort",
        "read",
        "secret",
        "uuid",
    }
)
"""The functions that a running execution adds to the pure ones."""
REFUSED = {
    "subflow": "It would start an execution while a text is rendered, again with each rendering. "
    "Use a task `core.flow.Subflow` and read its outputs.",
    "i18n": "There are no bundles of messages to read.",
    "block": "A text has no other templates to take blocks from.",
    "parent": "A text has no other templates to take blocks from.",
}
"""Functions of Pebble and Kestra which are left out, and why."""
_KNOWN = OF_EXECUTIONS | FUNCTIONS.keys()


def unknown_functions(texts: Texts) -> Iterator[Problem]:
    """A problem for each call that can only fail."""
    for text in texts.found:
        if text.template.functions <= _KNOWN:
            continue
        for call in text.template.invocations:
            if call.name not in _KNOWN:
                yield _unknown(texts, text, call.name, call.offset)


def _unknown(texts: Texts, text: Text, name: str, offset: int) -> Problem:
    near = nearest_name(name, _KNOWN)
    listed = "The reference lists every function: docs/reference/functions."
    return texts.problem(
        text,
        offset,
        f"There is no function `{name}`.",
        code="unknown-function",
        hint=REFUSED.get(name) or (f"Did you mean `{near}`?" if near else listed),
        # Variables are rendered only where somebody asks for it.
        severity=Severity.WARNING if text.path[0] == "variables" else Severity.ERROR,
    )
