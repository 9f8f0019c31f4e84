"""A page for each type of input, and one for what all of them have."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator

from penstock.docs import schema
from penstock.docs.markdown import Pages, code, fenced, page, plain, table
from penstock.model.input import INPUTS, OLD_NAMES, BaseInput

FOLDER = "inputs"
COMMON = {
    "id": "Name of the input, unique in the flow; a dot makes a map. `name` is its old spelling.",
    "type": "What it takes: one of these pages.",
    "required": "Whether it must be given, unless there are `defaults`.",
    "defaults": "The value where none is given. Takes expressions, which see `flow`, `kv()`, "
    "`secret()`, and of `inputs` those in `dependsOn`.",
    "prefill": "What a form suggests; not beside `defaults`.",
    "dependsOn": "`inputs` that must have values and a `condition` that must hold for the input to "
    "be there.",
    "displayName": "How forms name it.",
    "description": "For people; mistakes are told with it.",
}

_WORDS = {
    "inputs": "list of inputs",
    "values": "list of text or map",
    "jsonSchema": "text or map",
}
"""Types that their schema would say at length."""


def pages() -> Pages:
    """Every type's page by its name, and ``inputs/README.md``."""
    found: Pages = {}
    rows: list[tuple[str, str]] = []
    for name, cls in INPUTS.items():
        if name in OLD_NAMES:
            continue
        text, example = about(cls)
        found[f"{FOLDER}/{name}.md"] = _page(name, cls, text, example)
        first = text.partition(". ")[0].partition("\n")[0].removesuffix(".") + "."
        rows.append((f"[{name}]({name}.md)", first))
    found[f"{FOLDER}/README.md"] = page(
        "Inputs",
        "What a flow takes, and what a task that asks for inputs asks for. The same types, but "
        f"{code('FORM')}, are those of a flow's outputs.",
        table(("Type", "What it takes"), rows),
        "## Every input",
        table(("Property", "What it is"), [(code(key), told) for key, told in COMMON.items()]),
        "## Earlier names",
        table(("Earlier", "Present"), [(code(old), code(new)) for old, new in OLD_NAMES.items()]),
    )
    return found


def about(cls: type[BaseInput]) -> tuple[str, str]:
    """What the class's docstring says, and its example: an item of the list `inputs`."""
    text, _, example = inspect.cleandoc(cls.__doc__ or "").partition("\nExample:\n")
    return plain(text), textwrap.dedent(example)


def _page(name: str, cls: type[BaseInput], text: str, example: str) -> str:
    told = dict(_told(cls))
    own = [
        (key, _WORDS.get(key.strip("`"), words), default, told.get(key.strip("`"), described))
        for key, words, default, described in schema.rows(
            cls.model_json_schema(), without=frozenset(COMMON)
        )
        if key.strip("`") not in ("name", "options")
    ]
    parts = [text]
    if own:
        parts += ["## Properties", table(("Property", "Type", "Default", "What it is"), own)]
    parts += [
        "And what [every input](README.md#every-input) has.",
        "## Example",
        fenced(example, "yaml"),
    ]
    return page(name, *parts)


def _told(cls: type[BaseInput]) -> Iterator[tuple[str, str]]:
    """What the text below each property says of it, by the name that users write."""
    for base in reversed(cls.__mro__):
        if not issubclass(base, BaseInput):
            continue
        (made,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(made, ast.ClassDef)
        for field, text in zip(made.body, made.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and field.target.id in cls.model_fields
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
            ):
                known = cls.model_fields[field.target.id]
                yield str(known.alias or field.target.id), plain(str(text.value.value))
