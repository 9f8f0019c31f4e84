"""The page of the command line."""

from __future__ import annotations

from collections.abc import Iterator

import click

from penstock.docs.markdown import Pages, code, page, plain, table

_DELEGATED = ("env", "promote")
"""Commands of the CDK app, which describes its own options."""


def pages(root: click.Group) -> Pages:
    """``cli.md``: every command below `root` with its arguments and options."""
    return {
        "cli.md": page(
            "The command line",
            "Options of `penstock` itself stand before the command: "
            "`penstock --output json flow list`.",
            _options(root),
            "Exit codes: 0 done, 1 error, 2 there are changes (`plan`) or the execution did not "
            "succeed (`execution run --follow`). Of `env` and `promote` also: 3 blocked, 4 drift.",
            *_commands(root, "penstock"),
        )
    }


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its whole name, in the order of the groups."""
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        whole = f"{path} {name}"
        if isinstance(found, click.Group):
            yield from commands(found, whole)
        else:
            yield whole, found


def _commands(root: click.Group, path: str) -> Iterator[str]:
    for name, command in commands(root, path):
        arguments = [shown for each in command.params if (shown := _argument(each))]
        yield f"## {name}"
        if name.rpartition(" ")[2] in _DELEGATED:
            yield "See [environments and promotion](../promotion.md#commands)."
            continue
        yield code(" ".join([name, *arguments]))
        yield plain(command.help)
        yield _options(command)


def _argument(each: click.Parameter) -> str:
    if isinstance(each, click.Option):
        return f"--{each.name} …" if each.required else ""
    return each.make_metavar(click.Context(click.Command("")))


def _options(command: click.Command) -> str:
    rows = [
        (", ".join(code(name) for name in each.opts), _variable(each), each.help or "")
        for each in command.params
        if isinstance(each, click.Option)
    ]
    if not any(variable for _, variable, _ in rows):
        return table(("Option", "What it does"), [(names, told) for names, _, told in rows])
    return table(("Option", "Variable", "What it does"), rows)


def _variable(each: click.Option) -> str:
    return code(each.envvar) if isinstance(each.envvar, str) else ""
