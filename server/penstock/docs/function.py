"""A page for each function and filter of expressions, made of its docstring and signature."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from penstock.docs.markdown import Pages, code, fenced, page, plain, table
from penstock.expression.catalogue import GIVEN, Listed
from penstock.expression.filter import FILTERS
from penstock.expression.function import FUNCTIONS
from penstock.expression.invoke import camel
from penstock.expression.value import to_json
from penstock.runtime.function import EFFECTS

_ARGUMENT = re.compile(r"(\w+)(?: \(([^)]*)\))?: (.*)", re.DOTALL)
_GIVEN = GIVEN | {"scope", "reach"}
"""Parameters that a template does not see."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument as a page shows it; `default` is empty when it must be given."""

    name: str
    kind: str
    default: str
    meaning: str


@dataclass(frozen=True, slots=True)
class About:
    """What a docstring says: prose, arguments, and an example with its text."""

    prose: str
    arguments: tuple[Argument, ...]
    example: str
    result: str

    @property
    def first(self) -> str:
        """The first sentence."""
        return self.prose.partition("\n")[0].partition(". ")[0].removesuffix(".") + "."


def everything() -> Iterator[tuple[str, Listed]]:
    """Every function and filter once, with the folder of its page."""
    for folder, known in (("functions", FUNCTIONS | EFFECTS), ("filters", FILTERS)):
        seen = {found.name: found for found in known.values()}
        for name in sorted(seen, key=str.lower):
            yield folder, seen[name]


def pages() -> Pages:
    """``functions/*.md`` and ``filters/*.md``, each folder with an index."""
    found: Pages = {}
    rows: dict[str, list[tuple[str, str]]] = {"functions": [], "filters": []}
    for folder, each in everything():
        about = about_of(each)
        found[f"{folder}/{each.name}.md"] = _page(folder, each, about)
        rows[folder].append((f"[{each.name}]({each.name}.md)", about.first))
    found["functions/README.md"] = page(
        "Functions",
        "What [expressions](../../expressions.md) can call: `{{ now('yyyy') }}`.",
        table(("Function", "What it gives"), rows["functions"]),
    )
    found["filters/README.md"] = page(
        "Filters",
        "What stands after `|` in [expressions](../../expressions.md): `{{ inputs.day | date }}`.",
        table(("Filter", "What it gives"), rows["filters"]),
    )
    return found


def about_of(each: Listed) -> About:
    """The parts of a function's docstring, with what its signature says of the arguments."""
    text = inspect.cleandoc(each.function.__doc__ or "")
    prose, _, rest = text.partition("\n\nArgs:\n")
    told, _, example = rest.partition("\n\nExample:\n")
    shown, _, result = example.strip().rpartition(" → ")
    meanings = dict(_meanings(told))
    arguments = [
        _argument(parameter, *meanings[parameter.name])
        for parameter in inspect.signature(each.function).parameters.values()
        if parameter.name not in _GIVEN
    ]
    return About(plain(prose), tuple(arguments), shown, result)


def _meanings(told: str) -> Iterator[tuple[str, tuple[str, str]]]:
    for part in re.split(r"\n(?!        )", told):
        found = _ARGUMENT.fullmatch(inspect.cleandoc(part))
        if found is not None:
            yield found[1], (found[2] or "", " ".join(found[3].split()))


def _argument(parameter: inspect.Parameter, kind: str, meaning: str) -> Argument:
    name = camel(parameter.name)
    default = "" if parameter.default is parameter.empty else to_json(parameter.default)
    if parameter.kind is parameter.VAR_POSITIONAL:
        name, default = f"{name}…", ""
    if default == "null":
        default = "–"
    return Argument(name, kind, default, f"{meaning[0].upper()}{meaning[1:]}")


def _page(folder: str, each: Listed, about: About) -> str:
    is_filter = folder == "filters"
    given = about.arguments[1:] if is_filter else about.arguments
    names = ", ".join(argument.name for argument in given)
    call = f"value | {each.name}" if is_filter else each.name
    shown = f"{call}({names})" if names or not is_filter else call
    earlier = ", ".join(code(alias) for alias in each.aliases)
    return page(
        each.name,
        about.prose,
        fenced(f"{{{{ {shown} }}}}", "text"),
        f"Its earlier name: {earlier}." if earlier else "",
        "## Arguments" if about.arguments else "It takes no arguments.",
        _table(about.arguments, is_filter=is_filter),
        "## Example" if about.example else "",
        fenced(f"{about.example}\n{about.result}", "text") if about.example else "",
        f"It needs a running execution. See [{folder}](README.md)."
        if each.name in EFFECTS and not is_filter
        else f"See [{folder}](README.md).",
    )


def _table(arguments: Iterable[Argument], *, is_filter: bool) -> str:
    rows = []
    for position, each in enumerate(arguments):
        name = "before the `|`" if is_filter and position == 0 else code(each.name)
        is_needed = each.default == "" and not each.name.endswith("…")
        default = "required" if is_needed else each.default
        rows.append((name, each.kind, default and _shown(default), each.meaning))
    return table(("Argument", "Type", "Default", "What it is"), rows)


def _shown(default: str) -> str:
    return default if default in {"required", "–"} else code(default)
