"""The page of the server's settings."""

from __future__ import annotations

import re

from penstock.docs import schema
from penstock.docs.markdown import Pages, code, page, table
from penstock.settings import Settings


def pages() -> Pages:
    """``settings.md``: every environment variable of the server."""
    prefix = Settings.model_config.get("env_prefix", "")
    own = Settings.model_json_schema()
    rows = [
        (code(prefix + name.upper()), _words(each), _default(name), each["description"])
        for name, each in own["properties"].items()
    ]
    return {
        "settings.md": page(
            "Settings of the server",
            "Each is an environment variable. Options of `penstock server` win over them. "
            "Environment variables `ENV_<NAME>` are no settings: expressions read them as "
            "`envs.<name>`.",
            table(("Variable", "Type", "Default", "What it is"), rows),
        )
    }


def _words(each: schema.Schema) -> str:
    # This page has no parts for the classes that a setting is made of.
    return re.sub(r"\[(\w+)\]\(#\w+\)", r"`\1`", schema.words(each))


def _default(name: str) -> str:
    value = Settings.model_fields[name].default
    return "" if value is None else code(str(value))
