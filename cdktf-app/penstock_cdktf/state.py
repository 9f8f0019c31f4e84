"""Where the states of the environments lie: outside the build output, and never one for two."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from penstock_cdktf.document import JsonValue
from penstock_cdktf.environment import Backend, Environment
from penstock_cdktf.errors import AppError

# What distinguishes two states of one kind; everything else is how to reach them.
_IDENTIFYING: dict[str, tuple[str, ...]] = {
    "azurerm": ("storage_account_name", "container_name", "key"),
    "consul": ("address", "path"),
    "cos": ("bucket", "prefix", "key"),
    "gcs": ("bucket", "prefix"),
    "http": ("address",),
    "kubernetes": ("config_context", "namespace", "secret_suffix"),
    "oci": ("bucket", "namespace", "key"),
    "oss": ("bucket", "prefix", "key"),
    "pg": ("conn_str", "schema_name"),
    "s3": ("bucket", "key", "workspace_key_prefix"),
}


def state_identity(backend: Backend, root: Path) -> str:
    """Returns a text that is equal for two backends exactly when they hold one state."""
    if backend.kind == "local":
        path = os.path.normpath(root.resolve() / str(backend.settings.get("path", "")))
        return f"local {os.path.realpath(path)}"
    kept = {name: backend.settings.get(name) for name in _IDENTIFYING[backend.kind]}
    return f"{backend.kind} {json.dumps(kept, sort_keys=True)}"


def refuse_shared_state(environments: Iterable[Environment], root: Path) -> None:
    """Raises AppError when two environments would write the same state."""
    seen: dict[str, Environment] = {}
    for environment in environments:
        identity = state_identity(environment.backend, root)
        other = seen.setdefault(identity, environment)
        if other is not environment:
            raise AppError(
                f"{environment.backend.at}: `{environment.name}` keeps its Terraform state in the "
                f"same place as `{other.name}` ({other.backend.at}). One state for two "
                "environments would let an apply of one destroy the other: give each its own."
            )


def backend_settings(backend: Backend, *, root: Path, stack: Path) -> dict[str, JsonValue]:
    """Returns the settings as they stand in the stack's file; local paths relative to `stack`.

    Raises:
        AppError: a local state would lie inside the build output, which anyone may delete.
    """
    settings = dict(backend.settings)
    if backend.kind != "local":
        return settings
    state = Path(os.path.normpath(root.resolve() / str(settings["path"])))
    output = stack.resolve().parent.parent
    if state.is_relative_to(output):
        raise AppError(
            f"{backend.at}: the state {settings['path']} lies inside the build output, where "
            "cleaning up would lose it. Put it elsewhere, such as `state/…` at the root."
        )
    settings["path"] = Path(os.path.relpath(state, stack.resolve())).as_posix()
    return settings
