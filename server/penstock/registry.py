"""Finds tasks, triggers and conditions by their type name, loading a module when a flow uses it.

A type is a file: ``core.flow.LoopUntil`` is ``plugins/core/flow/loop_until.py``. Third parties
add an entry point in the group ``penstock.plugins`` whose name is a type prefix and whose value
is a package laid out in the same way.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import importlib.metadata
import importlib.util
import keyword
import pkgutil
import re
from collections.abc import Iterator
from typing import cast

from penstock.model.condition import Condition
from penstock.model.task import Task
from penstock.model.trigger import Trigger

PREFIX = "io.kestra.plugin."
_OWN = "penstock.plugins"

ALIASES = {
    "core.flow.WaitFor": "core.flow.LoopUntil",
    "core.flow.Worker": "core.flow.WorkingDirectory",
    "core.flow.Flow": "core.flow.Subflow",
    "core.execution.Counts": "core.execution.Count",
    "core.storage.PurgeExecution": "core.storage.PurgeCurrentExecutionFiles",
    "core.storage.Purge": "core.execution.PurgeExecutions",
    "core.condition.VariableCondition": "core.condition.Expression",
    "core.tasks.scripts.Bash": "scripts.shell.Commands",
    "core.tasks.scripts.Node": "scripts.node.Commands",
    "core.tasks.scripts.Python": "scripts.python.Commands",
    "fs.http.Request": "core.http.Request",
    "fs.http.Download": "core.http.Download",
    "fs.http.Trigger": "core.http.Trigger",
    "notifications.slack.SlackIncomingWebhook": "slack.notifications.SlackIncomingWebhook",
    "slack.SlackIncomingWebhook": "slack.notifications.SlackIncomingWebhook",
    "notifications.mail.MailSend": "email.MailSend",
    "notifications.discord.DiscordExecution": "discord.DiscordExecution",
    "kubernetes.PodCreate": "kubernetes.core.PodCreate",
}
"""Historic names of one type, without prefix. Source: flow language reference, section 0."""

_OLD_PACKAGES = (
    ("io.kestra.core.tasks.flows.", "core.flow."),
    ("io.kestra.core.tasks.log.", "core.log."),
    ("io.kestra.core.tasks.debugs.", "core.debug."),
    ("io.kestra.core.tasks.executions.", "core.execution."),
    ("io.kestra.core.tasks.templating.", "core.templating."),
    ("io.kestra.core.tasks.trigger.", "core.trigger."),
    ("io.kestra.core.tasks.states.", "core.state."),
    ("io.kestra.core.tasks.storages.", "core.storage."),
    ("io.kestra.core.tasks.scripts.", "core.tasks.scripts."),
    ("io.kestra.core.models.triggers.types.", "core.trigger."),
    ("io.kestra.core.models.conditions.types.", "core.condition."),
    (PREFIX, ""),
)
_CAPITALS = {"kv": "KV"}
"""Words of type names that are written otherwise than with one capital."""
_CONDITION = re.compile(r"core\.condition\.(\w+)Condition")
"""Conditions had the word at the end of their names."""
_WITH_WORD = frozenset(
    {
        "core.condition.FlowCondition",
        "core.condition.FlowNamespaceCondition",
        "core.condition.MultipleCondition",
    }
)
"""These still have it."""


def canonical(type_name: str) -> str:
    """Our name of a type: without prefix, historic aliases resolved."""
    name = type_name
    for old, new in _OLD_PACKAGES:
        if name.startswith(old):
            name = new + name.removeprefix(old)
            break
    name = ALIASES.get(name, name)
    condition = _CONDITION.fullmatch(name)
    return f"core.condition.{condition[1]}" if condition and name not in _WITH_WORD else name


def spellings(type_name: str) -> tuple[str, ...]:
    """Every name under which a type is accepted, the present one first."""
    names = [type_name, *(old for old, new in ALIASES.items() if new == type_name)]
    found = [name for known in names for name in (known, PREFIX + known)]
    found += [
        old + known.removeprefix(new)
        for known in names
        for old, new in _OLD_PACKAGES
        if new and known.startswith(new)
    ]
    return tuple(name for name in dict.fromkeys(found) if canonical(name) == type_name)


def is_deprecated(type_name: str) -> bool:
    """Whether a type is written by a historic alias (the plain Kestra prefix is none)."""
    return canonical(type_name) != type_name.removeprefix(PREFIX)


@functools.cache
def load(type_name: str) -> type[Task | Trigger | Condition] | None:
    """The class of a type under any of its names, or None when there is no such type."""
    name = canonical(type_name)
    package, _, class_name = name.rpartition(".")
    if not package or not re.fullmatch(r"[A-Za-z0-9_.]+", name):
        return None
    module_name = f"{_package_of(package)}.{_file_of(class_name)}"
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and module_name.startswith(error.name):
            return None
        raise
    found = getattr(module, class_name, None)
    if not isinstance(found, type) or not issubclass(found, Task | Trigger | Condition):
        return None
    found.type_name = name
    return cast("type[Task | Trigger | Condition]", found)


def load_task(type_name: str) -> type[Task] | None:
    """The class of a task type, or None."""
    found = load(type_name)
    return found if found is not None and issubclass(found, Task) else None


def load_trigger(type_name: str) -> type[Trigger] | None:
    """The class of a trigger type, or None."""
    found = load(type_name)
    return found if found is not None and issubclass(found, Trigger) else None


def load_condition(type_name: str) -> type[Condition] | None:
    """The class of a condition's type, or None."""
    found = load(type_name)
    return found if found is not None and issubclass(found, Condition) else None


@functools.cache
def names() -> tuple[str, ...]:
    """Every type that is installed, sorted, found by file name without importing any."""
    found = set(_names_below(_OWN, ""))
    for entry in importlib.metadata.entry_points(group="penstock.plugins"):
        found.update(_names_below(entry.value, f"{entry.name}."))
    return tuple(sorted(found))


def nearest(type_name: str) -> str | None:
    """The installed type whose name is most like this one, for a hint."""
    name = canonical(type_name)
    last = name.rpartition(".")[2].lower()
    by_end: dict[str, list[str]] = {}
    for known in names():
        by_end.setdefault(known.rpartition(".")[2].lower(), []).append(known)
    ends = difflib.get_close_matches(last, by_end, n=1, cutoff=0.7)
    if ends:
        return max(by_end[ends[0]], key=lambda known: _likeness(name, known))
    whole = difflib.get_close_matches(name, names(), n=1, cutoff=0.85)
    return whole[0] if whole else None


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def _package_of(package: str) -> str:
    for entry in importlib.metadata.entry_points(group="penstock.plugins"):
        if f"{package}.".startswith(f"{entry.name}."):
            rest = package.removeprefix(entry.name)
            return entry.value + rest
    return f"{_OWN}.{package}"


def _file_of(class_name: str) -> str:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", class_name).lower()
    return f"{snake}_" if keyword.iskeyword(snake) else snake


def _names_below(package: str, prefix: str) -> Iterator[str]:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        return
    for module in pkgutil.iter_modules(spec.submodule_search_locations):
        if module.ispkg:
            yield from _names_below(f"{package}.{module.name}", f"{prefix}{module.name}.")
        elif not module.name.startswith("_") and prefix.count(".") > 1:
            words = module.name.rstrip("_").split("_")
            yield prefix + "".join(_CAPITALS.get(word, word.capitalize()) for word in words)
