"""HashiCorp Vault, key-value store of version 2."""

from __future__ import annotations

import json
import re
import urllib.parse

from penstock_provider.framework.diagnostics import Failure
from penstock_provider.secret_managers.asked import Asked, Environment
from penstock_provider.secret_managers.call import Call, Refused, refusal

TITLE = "HashiCorp Vault"
NEEDS = ()
TAKES = ("version", "vault", "endpoint")
_CURES: dict[int | str, str] = {
    403: "The token is not valid any more, or its policy does not let it read this path.",
    404: "There is no such secret or version, or the store is not of version 2.",
    503: "The vault is sealed.",
}


def read(asked: Asked, environment: Environment) -> str:
    """The secret's data as a JSON object, of which `json_key` takes one; ``vault`` is the mount."""
    doing = f"read {asked.name}"
    endpoint = asked.endpoint or environment.get("VAULT_ADDR") or ""
    token = environment.get("VAULT_TOKEN")
    if not endpoint or not token:
        raise Failure(
            f"Cannot {doing}",
            "Set VAULT_ADDR (or `endpoint`) and VAULT_TOKEN: where, and who asks.",
        )
    mount, secret = (
        urllib.parse.quote(part, safe="/") for part in (asked.vault or "secret", asked.secret)
    )
    if asked.version and not re.fullmatch(r"[0-9]+", asked.version):
        raise Failure(f"Cannot {doing}", "`version` is a number.", path=("version",))
    query = f"?version={asked.version}" if asked.version else ""
    headers = {"X-Vault-Token": token, "X-Vault-Request": "true"}
    namespace = environment.get("VAULT_NAMESPACE")
    if namespace:
        headers["X-Vault-Namespace"] = namespace
    url = f"{endpoint.rstrip('/')}/v1/{mount}/data/{secret}{query}"
    try:
        answer = Call(url, doing, headers).json()
    except Refused as refused:
        raise refusal(refused, doing, _CURES) from None
    outer = answer.get("data")
    inner = outer.get("data") if isinstance(outer, dict) else None
    if not isinstance(inner, dict):
        raise Failure(f"Cannot {doing}", "The answer has no `data.data`: was the version deleted?")
    return json.dumps(inner)
