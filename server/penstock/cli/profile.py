"""Saved servers: ``~/.config/penstock/profiles.json``, one object a name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from penstock.errors import NotFound


@dataclass(frozen=True, slots=True)
class Profile:
    """What a profile sets; options and environment variables win over it."""

    url: str | None = None
    token: str | None = None
    tenant: str | None = None


def path() -> Path:
    """Where profiles are kept."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "penstock" / "profiles.json"


def load(name: str | None) -> Profile:
    """The profile of a name, empty without one. Raises `NotFound`."""
    if name is None:
        return Profile()
    import orjson  # noqa: PLC0415 - only with a profile

    try:
        found = orjson.loads(path().read_bytes())
    except FileNotFoundError:
        found = {}
    except orjson.JSONDecodeError as error:
        raise NotFound(f"{path()}:{error.lineno}:{error.colno}: this is no JSON.") from None
    if not isinstance(found, dict) or not isinstance(found.get(name), dict):
        known = ", ".join(sorted(found)) if isinstance(found, dict) and found else "none"
        raise NotFound(f"There is no profile {name} in {path()}.", hint=f"There are: {known}.")
    return Profile(**{key: found[name].get(key) for key in ("url", "token", "tenant")})
