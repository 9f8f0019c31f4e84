"""What a user reads when something is wrong: sentences bound to attribute paths."""

from __future__ import annotations

from penstock_provider.framework.log import masked
from penstock_provider.framework.protocol import Message, types
from penstock_provider.framework.record import record


@record(frozen=True)
class Key:
    """The step into an element of a map."""

    name: str


Path = tuple[str | int | Key, ...]
"""Steps from the top: ``str`` an attribute, ``Key`` a map's element, ``int`` a list's."""


@record(frozen=True)
class Diagnostic:
    """One finding; ``path`` is empty when it belongs to the whole object."""

    summary: str
    detail: str = ""
    path: Path = ()
    error: bool = True


class Failure(Exception):
    """Ends an operation with diagnostics."""

    def __init__(self, summary: str, detail: str = "", *, path: Path = ()) -> None:
        super().__init__(summary)
        self.diagnostics = [Diagnostic(summary, detail, path)]


class Diagnostics:
    """Collects the findings of one operation."""

    def __init__(self) -> None:
        self.items: list[Diagnostic] = []

    def error(self, summary: str, detail: str = "", *, path: Path = ()) -> None:
        """Adds an error."""
        self.items.append(Diagnostic(summary, detail, path))

    def warning(self, summary: str, detail: str = "", *, path: Path = ()) -> None:
        """Adds a warning."""
        self.items.append(Diagnostic(summary, detail, path, error=False))

    @property
    def failed(self) -> bool:
        """True once there is an error."""
        return any(item.error for item in self.items)


def path_message(path: Path) -> Message:
    """The path as a protocol message."""
    message = types["AttributePath"]()
    for step in path:
        if isinstance(step, Key):
            message.steps.add(element_key_string=step.name)
        elif isinstance(step, int):
            message.steps.add(element_key_int=step)
        else:
            message.steps.add(attribute_name=step)
    return message


def diagnostic_message(diagnostic: Diagnostic) -> Message:
    """The finding as a protocol message."""
    message = types["Diagnostic"](
        severity=1 if diagnostic.error else 2,
        summary=masked(diagnostic.summary),
        detail=masked(diagnostic.detail),
    )
    if diagnostic.path:
        message.attribute.CopyFrom(path_message(diagnostic.path))
    return message
