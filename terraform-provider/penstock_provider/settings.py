"""What a provider block says, or the environment in its place."""

from __future__ import annotations

import os

from penstock_provider.api import Settings
from penstock_provider.client import Client
from penstock_provider.framework.diagnostics import Diagnostics
from penstock_provider.framework.values import State, Value, text


def client_of_environment() -> Client | None:
    """A client of the server that the environment names; None when it gives no (valid) access."""
    settings = settings_of({}, Diagnostics())
    return None if settings is None else Client(settings)


def settings_of(config: State, diagnostics: Diagnostics) -> Settings | None:
    """What a provider block says, or the environment; None after an error that says what to do."""
    endpoint = endpoint_of(config)
    token = setting(config.get("token"), "PENSTOCK_TOKEN")
    if not endpoint.startswith(("http://", "https://")):
        diagnostics.error(
            "`endpoint` is no address",
            f'"{endpoint}" must begin with http:// or https://.',
            path=("endpoint",),
        )
    if not token:
        diagnostics.error(
            "There is no token",
            "Set `token` in the provider block, or PENSTOCK_TOKEN. The server tells at its "
            "first start where it has put the first one; more are made with `penstock token put`.",
            path=("token",),
        )
    timeout = _number(config, "timeout", diagnostics, standard=30.0)
    retries = _number(config, "max_retries", diagnostics, standard=4.0)
    if diagnostics.failed:
        return None
    workspace = os.environ.get("TF_WORKSPACE") or "default"
    return Settings(
        endpoint=endpoint,
        token=token,
        tenant=tenant_of(config),
        owner=setting(config.get("owner"), "PENSTOCK_OWNER") or f"terraform:{workspace}",
        ca_file=setting(config.get("ca_file"), "PENSTOCK_CA_FILE") or None,
        timeout=timeout,
        max_retries=int(retries),
        provenance=_provenance(config, workspace),
    )


def endpoint_of(config: State) -> str:
    """The address of the server, without a slash at its end."""
    given = setting(config.get("endpoint"), "PENSTOCK_ENDPOINT")
    return given.rstrip("/") or "http://127.0.0.1:8484"


def tenant_of(config: State) -> str:
    """The tenant of the block."""
    return setting(config.get("tenant"), "PENSTOCK_TENANT") or "main"


def setting(value: Value, variable: str) -> str:
    """What is configured, or else what the environment says; empty for neither."""
    return text(value) or os.environ.get(variable, "")


def _number(config: State, name: str, diagnostics: Diagnostics, *, standard: float) -> float:
    variable = f"PENSTOCK_{name.upper()}"
    value = config.get(name)
    if value is None:
        value = os.environ.get(variable) or standard
    try:
        number = float(value) if isinstance(value, (int, float, str)) else standard
    except ValueError:
        number = -1.0
    if number < 0:
        diagnostics.error(
            f"`{name}` is no number from 0 on",
            f"Correct it in the provider block or in {variable}.",
            path=(name,),
        )
    return number


def _provenance(config: State, workspace: str) -> dict[str, str]:
    def inside(block: str, name: str) -> str:
        given = config.get(block)
        value = given.get(name) if isinstance(given, dict) else None
        return setting(value, f"PENSTOCK_{block.upper()}_{name.upper()}")

    headers = {
        "Penstock-Source-Repository": inside("source", "repository"),
        "Penstock-Source-Commit": inside("source", "commit"),
        "Penstock-Run-Id": inside("run", "id"),
        "Penstock-Run-Url": inside("run", "url"),
        "Penstock-Run-Workspace": workspace,
    }
    return {name: value for name, value in headers.items() if value}
