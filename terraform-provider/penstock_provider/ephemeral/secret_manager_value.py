"""Ephemeral `penstock_secret_manager_value`: read from a secret manager for one run."""

from __future__ import annotations

import importlib
import json
import os
from typing import ClassVar, cast

from penstock_provider.framework.diagnostics import Diagnostics, Failure
from penstock_provider.framework.resource import EphemeralResource
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import STRING, State, Value, text
from penstock_provider.provider import Penstock
from penstock_provider.secret_managers.asked import Asked, SecretManager

_MANAGERS = ("aws", "azure", "gcp", "vault")
_OF_SOME = ("project", "region", "vault")
"""Attributes that only some managers have."""


def _manager_problem(value: Value) -> str | None:
    if isinstance(value, str) and value not in _MANAGERS:
        known = ", ".join(f'"{name}"' for name in _MANAGERS)
        return f'"{value}" is not a known secret manager: write one of {known}.'
    return None


def _manager(config: State) -> SecretManager:
    name = text(config.get("manager")) or "gcp"
    module = importlib.import_module(f"penstock_provider.secret_managers.{name}")
    return cast("SecretManager", module)


class SecretManagerValue(EphemeralResource[Penstock]):
    """Reads one version of a secret."""

    schema: ClassVar[Schema] = Schema(
        "A secret's value from a secret manager, for write-only attributes such as `value_wo` of "
        "`penstock_secret`. It is in no state and no plan. Terraform reads it whenever its "
        "arguments are known, at plan too. Credentials come from the environment, as the manager's "
        "own tools take them.",
        {
            "manager": Attribute(
                STRING,
                "Which secret manager: `gcp` (Google Cloud Secret Manager), also when not given, "
                "`aws` (AWS Secrets Manager), `azure` (Azure Key Vault) or `vault` (HashiCorp "
                "Vault, key-value store of version 2).",
                optional=True,
                check=_manager_problem,
            ),
            "project": Attribute(
                STRING, "Project in which the secret is, of `gcp`.", optional=True
            ),
            "region": Attribute(
                STRING,
                "Region in which the secret is, of `aws`; AWS_REGION when not given.",
                optional=True,
            ),
            "vault": Attribute(
                STRING,
                "Of `azure` the name of the vault; of `vault` the mount of the store, `secret` "
                "when not given.",
                optional=True,
            ),
            "secret": Attribute(
                STRING,
                "Name of the secret; of `aws` also its ARN, of `vault` its path.",
                required=True,
            ),
            "version": Attribute(
                STRING,
                "Version of the secret, of `aws` a version's id or a stage; the newest when not "
                "given.",
                optional=True,
            ),
            "json_key": Attribute(
                STRING,
                "Takes this key of a value that is a JSON object; the whole value when not given.",
                optional=True,
            ),
            "endpoint": Attribute(
                STRING,
                "Address of the service, for private endpoints and stand-ins; also from "
                "PENSTOCK_GCP_SECRET_MANAGER_ENDPOINT, AWS_ENDPOINT_URL_SECRETS_MANAGER or "
                "VAULT_ADDR.",
                optional=True,
            ),
            "value": Attribute(STRING, "The value.", computed=True, sensitive=True),
        },
    )

    async def validate(self, config: State, diagnostics: Diagnostics) -> None:
        """Says what the manager needs, and what it does not know."""
        manager = config.get("manager")
        if manager is not None and (not isinstance(manager, str) or _manager_problem(manager)):
            return
        module = _manager(config)
        for name in module.NEEDS:
            if config.get(name) is None:
                diagnostics.error(
                    f"`{name}` is missing",
                    f"{module.TITLE} needs it: see the description of `{name}`.",
                )
        for name in _OF_SOME:
            if config.get(name) is not None and name not in (*module.NEEDS, *module.TAKES):
                diagnostics.error(
                    f"`{name}` means nothing to {module.TITLE}",
                    "Take it out, or correct `manager`.",
                    path=(name,),
                )

    async def open(self, config: State, diagnostics: Diagnostics) -> State:  # noqa: ARG002 (interface)
        """The configuration together with the value."""
        manager = _manager(config)
        given = {
            name: text(config.get(name))
            for name in ("secret", "version", "project", "region", "vault", "endpoint")
        }
        asked = Asked(**given)
        value = await self.provider.loop.in_thread(lambda: manager.read(asked, os.environ))
        key = text(config.get("json_key"))
        return {**config, "value": _within(value, key, asked) if key else value}


def _within(value: str, key: str, asked: Asked) -> str:
    """One key of a JSON object, as text. Raises ``Failure``, which quotes no value."""
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    if isinstance(found, dict) and key in found:
        return found[key] if isinstance(found[key], str) else json.dumps(found[key])
    reason = (
        f"It has no key `{key}`, only: {', '.join(sorted(found))}."
        if isinstance(found, dict)
        else "The value is no JSON object: leave `json_key` out to take all of it."
    )
    raise Failure(f"Cannot read `{key}` of {asked.name}", reason, path=("json_key",))
