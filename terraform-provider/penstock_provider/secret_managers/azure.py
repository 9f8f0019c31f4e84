"""Azure Key Vault."""

from __future__ import annotations

import re
import urllib.parse
from pathlib import Path

from penstock_provider.framework.diagnostics import Failure
from penstock_provider.secret_managers.asked import Asked, Environment
from penstock_provider.secret_managers.call import Call, Refused, refusal

TITLE = "Azure Key Vault"
NEEDS = ("vault",)
TAKES = ("version", "endpoint")
_AUTHORITY = "https://login.microsoftonline.com"
_MACHINE = "http://169.254.169.254"
_AUDIENCE = "https://vault.azure.net"
_CREDENTIALS = (
    "Outside of Azure, give credentials by AZURE_TENANT_ID and AZURE_CLIENT_ID with "
    "AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE."
)
_CURES: dict[int | str, str] = {
    401: "The identity is not of the vault's directory, or its token is not valid any more.",
    403: "The identity may not read it: grant it the role Key Vault Secrets User, and let the "
    "vault's firewall admit this machine.",
    404: "There is no such secret or version in this vault.",
}


def read(asked: Asked, environment: Environment) -> str:
    """The value of a version."""
    doing = f"read {asked.name} of {asked.vault}"
    if not re.fullmatch(r"[A-Za-z0-9-]{3,24}", asked.vault):
        raise Failure(f"Cannot {doing}", "`vault` is the vault's name.", path=("vault",))
    endpoint = asked.endpoint or f"https://{asked.vault}.vault.azure.net"
    secret, version = (urllib.parse.quote(part, safe="") for part in (asked.secret, asked.version))
    url = f"{endpoint.rstrip('/')}/secrets/{secret}/{version}?api-version=7.4"
    try:
        token = _token(environment)
        answer = Call(url, doing, {"Authorization": f"Bearer {token}"}).json()
    except Refused as refused:
        raise refusal(refused, doing, _CURES) from None
    value = answer.get("value")
    if not isinstance(value, str):
        raise Failure(f"Cannot {doing}", "The answer has no `value`.")
    return value


def _token(environment: Environment) -> str:
    doing = "get an Azure token"
    tenant, client = environment.get("AZURE_TENANT_ID"), environment.get("AZURE_CLIENT_ID")
    secret = environment.get("AZURE_CLIENT_SECRET")
    file = environment.get("AZURE_FEDERATED_TOKEN_FILE")
    if tenant and client and (secret or file):
        form = {
            "grant_type": "client_credentials",
            "client_id": client,
            "scope": f"{_AUDIENCE}/.default",
        }
        form |= {"client_secret": secret} if secret else _assertion(str(file), doing)
        authority = (environment.get("AZURE_AUTHORITY_HOST") or _AUTHORITY).rstrip("/")
        url = f"{authority}/{urllib.parse.quote(tenant, safe='')}/oauth2/v2.0/token"
        call = Call(url, doing, data=urllib.parse.urlencode(form).encode(), cure=_CREDENTIALS)
    else:
        query = {"api-version": "2018-02-01", "resource": _AUDIENCE}
        query |= {"client_id": client} if client else {}
        base = (environment.get("AZURE_POD_IDENTITY_AUTHORITY_HOST") or _MACHINE).rstrip("/")
        url = f"{base}/metadata/identity/oauth2/token?{urllib.parse.urlencode(query)}"
        call = Call(url, doing, {"Metadata": "true"}, seconds=3, cure=_CREDENTIALS)
    try:
        answer = call.json()
    except Refused as refused:
        cures: dict[int | str, str] = {400: _CREDENTIALS, 401: "The client's secret is wrong."}
        raise refusal(refused, doing, cures) from None
    return str(answer.get("access_token") or "")


def _assertion(file: str, doing: str) -> dict[str, str]:
    try:
        text = Path(file).read_text()
    except (OSError, ValueError) as error:
        kind = type(error).__name__
        raise Failure(f"Cannot {doing}", f"{file} cannot be read ({kind}).") from None
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return {"client_assertion_type": kind, "client_assertion": text.strip()}
