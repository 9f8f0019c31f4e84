"""On how many objects Terraform works at a time: it says so nowhere but on its command line."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

WIDE = 100
"""What `penstock terraform exec` asks of Terraform: so many objects share few requests."""
_STANDARD = 10
_COMMANDS = ("plan", "apply", "destroy", "refresh")
_LOCKED = re.compile(r'^provider "(?P<address>[^"]*)"', re.MULTILINE)
_OURS = re.compile(r"/penstock/penstock$")


def parallelism(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """By the flag of Terraform's command line, or of TF_CLI_ARGS and its kin; else ten."""
    return _said(arguments, environment) or _STANDARD


def widened(arguments: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which Terraform works on more objects at a time.

    It stays as it is where somebody has said how many, and where the folder's lock file names other
    providers: their services may not stand it.
    """
    if _said(arguments, environment) is not None or _has_others(arguments):
        return {**environment}
    variables = (f"TF_CLI_ARGS_{command}" for command in _COMMANDS)
    flag = f"-parallelism={WIDE}"
    added = {name: f"{flag} {environment.get(name, '')}".rstrip() for name in variables}
    return {**environment, **added}


def _said(arguments: Sequence[str], environment: Mapping[str, str]) -> int | None:
    given = [text for name, text in environment.items() if name.startswith("TF_CLI_ARGS")]
    words = [*(word for text in given for word in text.split()), *arguments]
    found = None
    for word, following in zip(words, [*words[1:], ""], strict=False):
        name, equals, value = word.partition("=")
        number = value if equals else following
        if name.lstrip("-") == "parallelism" and number.isdecimal():
            found = int(number) or found
    return found


def _has_others(arguments: Sequence[str]) -> bool:
    folders = [word.partition("=")[2] for word in arguments if word.startswith("-chdir=")]
    path = os.path.join(folders[-1] if folders else "", ".terraform.lock.hcl")  # noqa: PTH118 (`pathlib` costs a start 4 ms)
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 (likewise)
            locked = _LOCKED.findall(file.read())
    except OSError:
        return False
    return any(_OURS.search(address) is None for address in locked)
