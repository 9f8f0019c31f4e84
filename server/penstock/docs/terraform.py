"""Pages of the provider: its block, and everything that it offers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Protocol

from penstock.docs.markdown import Pages, code, fenced, page, table
from penstock_provider.framework.function import Function
from penstock_provider.framework.loop import Loop
from penstock_provider.framework.resource import Resource
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import Type
from penstock_provider.provider import Penstock

FOLDER = "terraform"
_KINDS = {
    "resources": "resource",
    "data-sources": "data",
    "ephemeral-resources": "ephemeral",
    "list-resources": "list",
    "actions": "action",
}
"""Folder of the examples → keyword in HCL."""
_FUNCTIONS = "functions"
_TITLES = {
    "resource": "Resources",
    "data": "Data sources",
    "ephemeral": "Ephemeral resources",
    "list": "List resources",
    "action": "Actions",
}
_NOTES = {
    "list": "For `terraform query`: Terraform 1.14 or newer.",
    "action": "Terraform 1.14 or newer.",
}


def _provider() -> Penstock:
    loop = Loop()
    loop.close()
    return Penstock(loop)


class Thing(Protocol):
    """A class of the provider that is written as a block."""

    schema: ClassVar[Schema]


def things() -> Iterator[tuple[str, str, type[Thing]]]:
    """Folder, type name and class of everything that the provider has in blocks."""
    provider = _provider()
    found: Mapping[str, Mapping[str, type[Thing]]] = {
        "resources": provider.resources(),
        "data-sources": provider.data_sources(),
        "ephemeral-resources": provider.ephemeral_resources(),
        "list-resources": provider.list_resources(),
        "actions": provider.actions(),
    }
    for folder, kinds in found.items():
        for name, kind in sorted(kinds.items()):
            yield folder, name, kind


def functions() -> Mapping[str, type[Function]]:
    """The provider's functions by their names."""
    return _provider().functions()


def examples() -> list[str]:
    """The folders in which examples of everything must be."""
    named = [f"{_FUNCTIONS}/{name}" for name in functions()]
    return ["provider", *named, *(f"{folder}/{name}" for folder, name, _ in things())]


def pages(examples: Path) -> Pages:
    """``terraform/README.md`` and a page for each thing; `examples` holds their HCL.

    Raises:
        FileNotFoundError: something has no example.
    """
    found: Pages = {}
    listed: dict[str, list[tuple[str, str]]] = {}
    for folder, name, kind in things():
        keyword = _KINDS[folder]
        found[f"{FOLDER}/{keyword}.{name}.md"] = _page(
            keyword, name, kind, examples / folder / name
        )
        first = kind.schema.description.partition(". ")[0].removesuffix(".") + "."
        listed.setdefault(keyword, []).append((f"[{name}]({keyword}.{name}.md)", first))
    called = []
    for name, function in sorted(functions().items()):
        path = f"function.{name}.md"
        found[f"{FOLDER}/{path}"] = _function_page(name, function, examples / _FUNCTIONS / name)
        called.append((f"[{name}]({path})", function.summary))
    found[f"{FOLDER}/README.md"] = page(
        "The Terraform provider",
        Penstock.schema.description + " [The guide](../../terraform.md) says how.",
        fenced(_hcl(examples / "provider"), "hcl"),
        "## The provider block",
        _attributes(Penstock.schema),
        *_blocks(Penstock.schema),
        *(
            f"## {_TITLES[keyword]}\n\n" + table(("Type", "What it is"), rows)
            for keyword, rows in listed.items()
        ),
        "## Functions\n\n" + table(("Function", "What it gives"), called),
    )
    return found


def _page(keyword: str, name: str, kind: type[Thing], example: Path) -> str:
    schema = kind.schema
    shell = example / "import.sh"
    imported = shell.read_text("utf-8") if shell.exists() else ""
    return page(
        f"{keyword} {name}",
        schema.description,
        _NOTES.get(keyword, ""),
        "## Example",
        fenced(_hcl(example), "hcl"),
        "## Arguments" if schema.attributes else "",
        _attributes(schema, computed=False),
        "## What it gives back" if _computed(schema) else "",
        _attributes(schema, computed=True),
        *_blocks(schema),
        "## Import" if imported else "",
        fenced(imported, "sh") if imported else "",
        *_arrivals(kind),
    )


def _arrivals(kind: type[Thing]) -> Iterator[str]:
    """How states come to a resource, beside the import by an id."""
    if not issubclass(kind, Resource):
        return
    if kind.identified_by:
        names = ", ".join(map(code, kind.identified_by))
        yield f"From Terraform 1.12 on, an `import` block may give an `identity` instead: {names}."
    if kind.origins:
        names = ", ".join(code(origin.type) for origin in kind.origins)
        yield f"A `moved` block takes over the state of {names} of Kestra's provider."


def _function_page(name: str, function: type[Function], example: Path) -> str:
    variadic = [function.variadic] if function.variadic else []
    names = [each.name for each in function.parameters] + [f"{each.name}…" for each in variadic]
    rows = [
        (code(each.name), type_words(each.type), use, each.description)
        for parameters, use in ((function.parameters, "**required**"), (variadic, "optional"))
        for each in parameters
    ]
    return page(
        f"function {name}",
        function.description,
        code(f"provider::penstock::{name}({', '.join(names)}) → {type_words(function.returns)}"),
        "## Example",
        fenced(_hcl(example), "hcl"),
        "## Arguments",
        table(("Argument", "Type", "Use", "What it is"), rows),
    )


def _hcl(folder: Path) -> str:
    query = folder / "main.tfquery.hcl"
    text = (folder / "main.tf").read_text("utf-8")
    return f"{text}\n# {query.name}\n{query.read_text('utf-8')}" if query.exists() else text


def _computed(schema: Schema) -> bool:
    return any(_is_output(each) for each in schema.attributes.values())


def _is_output(each: Attribute) -> bool:
    return each.computed and not each.optional


def _attributes(schema: Schema, *, computed: bool | None = None) -> str:
    rows = [
        (code(name), type_words(each.type), _use(each), each.description)
        for name, each in schema.attributes.items()
        if computed is None or _is_output(each) is computed
    ]
    if computed:
        return table(
            ("Attribute", "Type", "What it is"),
            [(name, words, told) for name, words, _, told in rows],
        )
    rows.sort(key=lambda row: "required" not in row[2])
    return table(("Argument", "Type", "Use", "What it is"), rows)


def _blocks(schema: Schema) -> Iterator[str]:
    for name, inner in schema.blocks.items():
        yield f"### Block {code(name)}\n\n{inner.description}\n\n{_attributes(inner)}"


def _use(each: Attribute) -> str:
    marks = ["**required**" if each.required else "optional"]
    marks += ["write-only"] if each.write_only else []
    marks += ["sensitive"] if each.sensitive and not each.write_only else []
    marks += ["a change makes a new object"] if each.replace else []
    marks += ["deprecated"] if each.deprecated else []
    return ", ".join(marks)


def type_words(of: Type) -> str:
    """A type as it is written in HCL."""
    if of.element is not None:
        return f"{of.kind}({type_words(of.element)})"
    if of.fields is not None:
        return (
            f"object({{{', '.join(f'{key} = {type_words(f)}' for key, f in of.fields.items())}}})"
        )
    return "any" if of.kind == "dynamic" else of.kind
