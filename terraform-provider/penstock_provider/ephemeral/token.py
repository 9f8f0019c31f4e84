"""Ephemeral `penstock_token`: a token for the length of a run."""

from __future__ import annotations

import secrets
import urllib.parse
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from penstock_provider.api import ApiError, Json
from penstock_provider.declared import as_text, string
from penstock_provider.duration import duration_problem, seconds_of
from penstock_provider.framework.diagnostics import Diagnostics
from penstock_provider.framework.plan import Private
from penstock_provider.framework.resource import EphemeralResource, Opened, Renewal
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import STRING, JsonValue, State, Value, text
from penstock_provider.provider import Penstock
from penstock_provider.resources.token import access_problem, moment
from penstock_provider.sentences import failure

_STANDARD = "PT1H"
_LONGEST_SECONDS = 365 * 86_400.0


def _span(value: JsonValue) -> timedelta:
    """A lifetime that has been checked."""
    return timedelta(seconds=seconds_of(string(value)) or 0)


def _ttl_problem(value: Value) -> str | None:
    problem = duration_problem(value)
    if problem is None and isinstance(value, str) and (seconds_of(value) or 0) > _LONGEST_SECONDS:
        return f'"{value}" is longer than a year: write a duration such as "PT1H".'
    return problem


class EphemeralToken(EphemeralResource[Penstock]):
    """A token that is made when the run begins and revoked when it ends."""

    schema: ClassVar[Schema] = Schema(
        "An API token for the length of a run: in no state and no plan, prolonged while the run "
        "lasts, and revoked at its end. For another provider block, a provisioner, or a write-only "
        "attribute. The provider's token must have the access `write`. Terraform makes one at plan "
        "and another at apply. A run that is killed leaves a token that is void after its `ttl`; "
        "the server removes it an hour later.",
        {
            "name": Attribute(
                STRING,
                "Name of the token, which must be free; `terraform-` with random characters when "
                "not given.",
                optional=True,
                computed=True,
            ),
            "access": Attribute(
                STRING,
                "`read` only to read and to plan, `write` for everything in the tenant; `read` "
                "when not given.",
                optional=True,
                computed=True,
                check=access_problem,
            ),
            "ttl": Attribute(
                STRING,
                "How long it lasts if nobody prolongs or revokes it, an ISO 8601 duration such as "
                "`PT15M`; `PT1H` when not given.",
                optional=True,
                computed=True,
                check=_ttl_problem,
            ),
            "description": Attribute(
                STRING,
                "What the token is for; that Terraform made it when not given.",
                optional=True,
                computed=True,
            ),
            "value": Attribute(STRING, "The token's text.", computed=True, sensitive=True),
            "expires_at": Attribute(
                STRING, "From when on it would be void if it were not prolonged.", computed=True
            ),
        },
    )

    async def open(self, config: State, diagnostics: Diagnostics) -> Opened:  # noqa: ARG002 (interface)
        """Makes the token."""
        asked: Json = {
            "name": text(config.get("name")) or f"terraform-{secrets.token_hex(8)}",
            "access": text(config.get("access")) or "read",
            "ttl": text(config.get("ttl")) or _STANDARD,
            "description": text(config.get("description")) or "Made by Terraform for one run",
        }
        try:
            made = await self.provider.singles.post("/tokens", {**asked, "ephemeral": True})
        except ApiError as error:
            raise failure(error, f"make the token {asked['name']}") from None
        result: State = {name: as_text(value) for name, value in asked.items()}
        result["value"] = as_text(made.get("token"))
        result["expires_at"] = as_text(made.get("expiresAt"))
        return Opened(result, _renewal({**asked, "expiresAt": made.get("expiresAt")}))

    async def renew(self, private: Private) -> Renewal:
        """Prolongs the token by half of its lifetime: the half that has gone."""
        path, kept = _address(private), {**private}
        # By the server's clock: only what it said last is counted on from.
        ends = moment(private.get("expiresAt"))
        if ends is not None:
            kept["expiresAt"] = (ends + _span(private.get("ttl")) / 2).isoformat()
        body = {name: kept[name] for name in ("access", "description", "expiresAt")}
        try:
            await self.provider.singles.put(path, body)
        except ApiError as error:
            raise failure(error, f"prolong the token {private.get('name')}") from None
        return _renewal(kept)

    async def close(self, private: Private) -> None:
        """Revokes the token."""
        try:
            await self.provider.singles.delete(_address(private))
        except ApiError as error:
            doing = f"revoke the token {private.get('name')} (void from {private.get('expiresAt')})"
            raise failure(error, doing) from None


def _address(private: Private) -> str:
    return f"/tokens/{urllib.parse.quote(string(private.get('name')), safe='')}"


def _renewal(private: dict[str, JsonValue]) -> Renewal:
    half = _span(private.get("ttl")) / 2
    return Renewal(datetime.now(UTC) + half, private)
