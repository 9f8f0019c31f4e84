"""A page for each type of task, trigger and condition, and one for what all of them have."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from penstock import registry
from penstock.docs import schema
from penstock.docs.markdown import Pages, code, fenced, page, plain, table
from penstock.errors import NotFound
from penstock.model.condition import Condition
from penstock.model.frozen import Frozen
from penstock.model.retry import ConstantRetry, ExponentialRetry, RandomRetry
from penstock.model.task import Task
from penstock.model.trigger import Trigger
from penstock.sdk.flowable import CallingTask
from penstock.sdk.task import RunnableTask

FOLDER = "tasks"
Described = Task | Trigger | Condition
_OWN_PART, _ON_INDEX = "(#condition)", "(README.md#every-condition)"
_UNTOLD: frozenset[type] = frozenset(
    {Task, Trigger, Condition, RunnableTask, CallingTask, Frozen, BaseModel, object}
)
"""Classes whose docstrings are for authors of plugins."""
_OUTPUTS = re.compile(r"(?:^|(?<=\. ))Outputs(?:, [^:]*)?:")
_SNAKE = re.compile(r"_([a-z])(?=[a-z_]*`)")

OF_TASKS = {
    "id": "Name of the task, unique in the flow. Letters, digits, `_` and `-`.",
    "type": "What the task does: one of these pages.",
    "description": "For people; never rendered.",
    "disabled": "Leaves the task out, as if it were not there.",
    "when": "An expression; when it is not truthy the task is SKIPPED. `runIf` is its old name.",
    "retry": "When a failed attempt is followed by another; see [retries](#retries).",
    "timeout": "An attempt that takes longer is ended and has failed. Takes expressions.",
    "allowFailure": "A failure becomes a WARNING and the flow goes on.",
    "allowWarning": "A WARNING of this task counts as SUCCESS.",
    "logLevel": "Log lines of a lower level are not kept.",
    "logToFile": "Log lines go to a stored file, the attempt's `logFile`, instead of the log.",
    "taskCache": "With `enabled: true` the outputs of an earlier run are given back while every "
    "rendered property is the same, for `ttl` at most. Only for tasks that a worker runs.",
    "version": "Accepted and kept; this release has one version of each type.",
}
OF_TRIGGERS = {
    "id": "Name of the trigger, unique in the flow.",
    "type": "What starts the flow: one of these pages.",
    "description": "For people; never rendered.",
    "disabled": "Keeps the trigger without starting anything.",
    "when": "An expression, with `trigger`; while it is not truthy nothing is started.",
    "conditions": "Conditions that must all hold; `when` is their present spelling.",
    "inputs": "Inputs of the executions it starts. Takes expressions, with `trigger`.",
    "labels": "Labels of the executions it starts, beside those of the flow. Take expressions, "
    "with `trigger`.",
    "stopAfter": "States; when an execution that it started ends in one, the trigger is disabled.",
    "allowConcurrent": "Whether to start although the execution that it started last still runs; "
    "schedules and polls otherwise wait for its end.",
    "failOnTriggerError": "Whether an error of the trigger itself makes a FAILED execution, "
    "rather than a line in the server's log.",
    "logLevel": "Log lines of the trigger below this level are not kept.",
}
OF_CONDITIONS = {
    "type": "What must hold: one of these pages.",
}
OF_RETRIES = {
    "type": "Which rule.",
    "interval": "The wait before the second attempt.",
    "maxInterval": "The longest wait.",
    "minInterval": "The shortest wait.",
    "delayFactor": "How much longer each wait is than the one before.",
    "maxAttempts": "Attempts in all, the first one counted. No limit when left out.",
    "maxDuration": "No attempt starts later than this after the first one.",
    "warningOnRetry": "A success after a failed attempt is a WARNING.",
    "behavior": "The failed task is tried again; a new execution instead is not in this release.",
}


@dataclass(frozen=True, slots=True)
class About:
    """What a class's docstring says: prose, what it gives back, an example in YAML."""

    prose: str
    outputs: str
    example: str


def pages() -> Pages:
    """Every installed type's page by its name, and ``tasks/README.md``.

    Raises:
        NotFound: a plugin's file has no class of its name.
    """
    found: Pages = {}
    rows: list[tuple[str, str, str]] = []
    for name in registry.names():
        kind = registry.load(name)
        if kind is None:
            raise NotFound(f"The plugin {name} has a file, but no class of that name in it.")
        about = about_of(kind)
        found[f"{FOLDER}/{name}.md"] = _page(name, kind, about)
        what = _noun(kind)
        first = about.prose.partition(". ")[0].partition("\n")[0].removesuffix(".") + "."
        rows.append((f"[{name}]({name}.md)", what, first))
    found[f"{FOLDER}/README.md"] = _index(rows)
    return found


def _noun(kind: type[Described]) -> str:
    if issubclass(kind, Trigger):
        return "trigger"
    return "condition" if issubclass(kind, Condition) else "task"


def about_of(kind: type[Described]) -> About:
    """The docstring's parts; prose and outputs of the classes that it shares them with follow."""
    prose, outputs = [], ""
    example = ""
    for each in kind.__mro__:
        if each in _UNTOLD or not each.__doc__ or not each.__module__.startswith("penstock"):
            continue
        if not issubclass(each, Task | Trigger | Condition):
            continue
        text, sample = _without_example(inspect.cleandoc(each.__doc__))
        example = example or sample
        paragraphs = plain(text).split("\n\n")
        if each is not kind and ". " not in paragraphs[0]:
            del paragraphs[0]  # one sentence that only says what kind of class this is
        for paragraph in paragraphs:
            found = _OUTPUTS.search(paragraph)
            told = paragraph[: found.start()].strip() if found else paragraph.strip()
            prose += [told] if told else []
            if found and not outputs:
                outputs = paragraph[found.start() :]
    return About("\n\n".join(prose), outputs, example)


def _without_example(text: str) -> tuple[str, str]:
    lines = text.splitlines()
    if "Example:" not in lines:
        return text, ""
    at = lines.index("Example:")
    end = at + 1
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith(" ")):
        end += 1
    return "\n".join([*lines[:at], *lines[end:]]), inspect.cleandoc("\n".join(lines[at + 1 : end]))


def _page(name: str, kind: type[Described], about: About) -> str:
    noun = _noun(kind)
    common = {"trigger": OF_TRIGGERS, "condition": OF_CONDITIONS, "task": OF_TASKS}[noun]
    own = kind.model_json_schema()
    # A class that describes one of them anew gives it a meaning of its own.
    without = frozenset(
        name for name in common if "description" not in own["properties"].get(name, {})
    )
    shared = f"And what [every {noun}](README.md#every-{noun}) has."
    outputs = "" if noun != "task" else f"## Outputs\n\n{_outputs(about)}"
    return page(
        name,
        about.prose,
        f"Full name: {code(registry.PREFIX + name)}.",
        "## Example",
        fenced(about.example, "yaml"),
        "## Properties",
        schema.properties(own, without=without).replace(_OWN_PART, _ON_INDEX),
        shared,
        *(
            _part(own, *each).replace(_OWN_PART, _ON_INDEX)
            for each in schema.parts(own, without=without)
            if each[0] != Condition.__name__
        ),
        outputs,
    )


def _outputs(about: About) -> str:
    if not about.outputs:
        return "None."
    _, _, text = about.outputs.partition(":")
    before = about.outputs.partition(":")[0].removeprefix("Outputs").strip(" ,")
    told = text.strip()
    return f"{before[0].upper()}{before[1:]}: {told}" if before else told[0].upper() + told[1:]


def _part(own: schema.Schema, name: str, each: schema.Schema) -> str:
    body = (
        schema.properties({**each, "$defs": own["$defs"]})
        if "properties" in each
        else f"One of {schema.words(each)}."
    )
    return "\n\n".join([f"### {name}", plain(each.get("description")), body])


def _index(rows: list[tuple[str, str, str]]) -> str:
    return page(
        "Tasks, triggers and conditions",
        "A type may also be written with its full name, "
        f"{code(registry.PREFIX + 'core.log.Log')} for {code('core.log.Log')}.",
        table(("Type", "Kind", "What it does"), rows),
        "## Every task",
        "Durations are ISO 8601, such as `PT30S` or `P1DT2H`. Where a property takes expressions, "
        "an expression may also give the whole value, of the property's type.",
        _common(Task, OF_TASKS),
        "## Every trigger",
        _common(Trigger, OF_TRIGGERS),
        "## Every condition",
        _common(Condition, OF_CONDITIONS),
        "## Retries",
        *_retries(),
        "## Earlier names",
        "Flows may still use them; `penstock validate` warns and gives the present name.",
        table(("Earlier", "Present"), [(code(old), code(new)) for old, new in _aliases()]),
    )


def _aliases() -> Iterator[tuple[str, str]]:
    installed = set(registry.names())
    for old, new in sorted(registry.ALIASES.items()):
        if new in installed:
            yield old, new


def _common(kind: type[BaseModel], told: dict[str, str]) -> str:
    rows = [
        (name, words, default, told[name.strip("`")])
        for name, words, default, _ in schema.rows(kind.model_json_schema())
    ]
    # The retry rules have a part of their own below.
    special = {
        "`retry`": "a retry rule",
        "`taskCache`": "`enabled` (a boolean), `ttl` (a duration)",
    }
    rows = [(name, special.get(name, words), default, text) for name, words, default, text in rows]
    return table(
        ("Property", "Type", "Default", "What it is"),
        [(n, _named(w), d, t) for n, w, d, t in rows],
    )


def _named(words: str) -> str:
    """The type of a property that all have; what it links to is not on this page."""
    words = words.replace("[LogLevel](#loglevel)", _LEVELS)
    words = words.replace("[Condition](#condition)", "[conditions](#every-condition)")
    return words.replace("[State](#state)", "states of executions")


_LEVELS = "`TRACE`, `DEBUG`, `INFO`, `WARN` or `ERROR`"


def _retries() -> Iterator[str]:
    for rule in (ConstantRetry, ExponentialRetry, RandomRetry):
        own = rule.model_json_schema()
        kind = own["properties"]["type"]["const"]
        yield f"### {kind}"
        yield _SNAKE.sub(lambda found: found[1].upper(), plain(own["description"]))
        yield table(
            ("Property", "Type", "Default", "What it is"),
            [
                (name, re.sub(r"\[RetryBehavior\]\(#\w+\)", _BEHAVIORS, words), default, told)
                for name, words, default, _ in schema.rows(own)
                for told in [OF_RETRIES[name.strip("`")]]
            ],
        )


_BEHAVIORS = "`RETRY_FAILED_TASK`"
