"""Ephemeral `penstock_secret_manager_value`: read from a cloud's secret manager for one run."""

from __future__ import annotations

import base64
import json
import os
import urllib.parse
from pathlib import Path
from typing import ClassVar

from penstock_provider.framework.diagnostics import Diagnostics, Failure
from penstock_provider.framework.resource import EphemeralResource
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import STRING, JsonValue, State, Value, text
from penstock_provider.provider import Penstock

_ENDPOINT = "https://secretmanager.googleapis.com"
_METADATA = (
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"
)
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_LARGEST = 1024 * 1024


def _manager_problem(value: Value) -> str | None:
    if isinstance(value, str) and value != "gcp":
        return f'"{value}" is not a known secret manager: only "gcp" is.'
    return None


class SecretManagerValue(EphemeralResource[Penstock]):
    """Reads one version of a secret."""

    schema: ClassVar[Schema] = Schema(
        "A secret's value from a cloud's secret manager, for write-only attributes such as "
        "`value_wo` of `penstock_secret`. "
        "It is in no state and no plan. Terraform reads it whenever its arguments are known, "
        "at plan too.",
        {
            "manager": Attribute(
                STRING,
                "Which secret manager: `gcp` (Google Cloud Secret Manager), also when not given.",
                optional=True,
                check=_manager_problem,
            ),
            "project": Attribute(STRING, "Project in which the secret is.", required=True),
            "secret": Attribute(STRING, "Name of the secret.", required=True),
            "version": Attribute(
                STRING, "Version of the secret; `latest` when not given.", optional=True
            ),
            "endpoint": Attribute(
                STRING,
                "Address of the service, for private endpoints and stand-ins; also from "
                "PENSTOCK_GCP_SECRET_MANAGER_ENDPOINT.",
                optional=True,
            ),
            "value": Attribute(STRING, "The value.", computed=True, sensitive=True),
        },
    )

    async def open(self, config: State, diagnostics: Diagnostics) -> State:  # noqa: ARG002 (interface)
        """The configuration together with the value."""
        endpoint = (
            text(config.get("endpoint"))
            or os.environ.get("PENSTOCK_GCP_SECRET_MANAGER_ENDPOINT")
            or _ENDPOINT
        )
        parts = [
            text(config["project"]),
            text(config["secret"]),
            text(config.get("version")) or "latest",
        ]
        project, secret, version = (urllib.parse.quote(part, safe="") for part in parts)
        path = f"/v1/projects/{project}/secrets/{secret}/versions/{version}:access"
        url = endpoint.rstrip("/") + path
        name = "/".join(parts)
        answer = await self.provider.loop.in_thread(lambda: _access(url, name))
        return {**config, "value": answer}


def _access(url: str, name: str) -> str:
    payload = _call(url, f"read secret {name}", headers={"Authorization": f"Bearer {_token()}"})
    inner = payload.get("payload")
    if not isinstance(inner, dict) or not isinstance(inner.get("data"), str):
        raise Failure(f"Cannot read secret {name}", "The answer has no `payload.data`.")
    try:
        data = base64.b64decode(str(inner["data"]), validate=True)
        checksum = inner.get("dataCrc32c")
        if checksum is not None and int(str(checksum)) != crc32c(data):
            raise Failure(
                f"Cannot read secret {name}",
                "The value was damaged on its way: its checksum differs. Try again.",
            )
        return data.decode()
    except UnicodeDecodeError:
        reason = "The value is no UTF-8 text, and Penstock's secrets are text."
    except ValueError:
        reason = "`payload.data` is no base64, or `dataCrc32c` is no number."
    # Outside of the handler: the exception's own context would hold the value.
    raise Failure(f"Cannot read secret {name}", reason)


def _token() -> str:
    given = os.environ.get("GOOGLE_OAUTH_ACCESS_TOKEN")
    if given:
        return given
    file = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if file:
        return _service_account_token(file)
    answer = _call(
        _METADATA, "get a Google token", headers={"Metadata-Flavor": "Google"}, seconds=3
    )
    return str(answer.get("access_token") or "")


def _service_account_token(file: str) -> str:
    import time  # noqa: PLC0415 (only for this one way of authentication)

    from penstock_provider import rsa  # noqa: PLC0415 (likewise)

    doing = f"use the service account in {file} (GOOGLE_APPLICATION_CREDENTIALS)"
    try:
        account = json.loads(Path(file).read_text())
        uri, email = str(account["token_uri"]), str(account["client_email"])
        key = rsa.private_key(str(account["private_key"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Failure(
            f"Cannot {doing}",
            f"{type(error).__name__}: it must be the JSON key file of a service account, with "
            f"`token_uri`, `client_email` "
            "and `private_key`.",
        ) from None
    now = int(time.time())
    claims = {"iss": email, "scope": _SCOPE, "aud": uri, "iat": now, "exp": now + 600}
    head = _base64url(json.dumps({"alg": "RS256", "typ": "JWT"}).encode())
    body = f"{head}.{_base64url(json.dumps(claims).encode())}"
    try:
        signature = key.sign(body.encode())
    except ValueError:
        raise Failure(f"Cannot {doing}", "Its `private_key` is damaged.") from None
    form = urllib.parse.urlencode(
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": f"{body}.{_base64url(signature)}",
        }
    )
    answer = _call(uri, "get a Google token", headers={}, data=form.encode())
    return str(answer.get("access_token") or "")


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _call(
    url: str, doing: str, *, headers: dict[str, str], data: bytes | None = None, seconds: float = 20
) -> dict[str, JsonValue]:
    import urllib.error  # noqa: PLC0415 (only runs with this resource need it)
    import urllib.request  # noqa: PLC0415 (only runs with this resource need it)

    if not url.startswith(("https://", "http://")):
        raise Failure(f"Cannot {doing}", f"{url} is no http(s) address.", path=("endpoint",))
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 (checked above)
    try:
        with urllib.request.urlopen(request, timeout=seconds) as response:  # noqa: S310 (checked above)
            answer = json.loads(response.read(_LARGEST))
    except urllib.error.HTTPError as error:
        error.close()
        raise Failure(f"Cannot {doing}", _reason(error)) from None
    except (OSError, ValueError) as error:
        raise Failure(
            f"Cannot {doing}",
            f"{url} gave no usable answer ({type(error).__name__}). Outside of Google Cloud, "
            f"give credentials by "
            "GOOGLE_APPLICATION_CREDENTIALS (a service account's key file) or "
            "GOOGLE_OAUTH_ACCESS_TOKEN.",
        ) from None
    return answer if isinstance(answer, dict) else {}


def _reason(error: OSError) -> str:
    status = getattr(error, "code", 0)
    cure = {
        401: "The token is not valid any more: renew it.",
        403: "The identity may not read it: grant it the role Secret Manager Secret Accessor.",
        404: "There is no such project, secret or version.",
    }.get(status, "Try again; if it persists, look into the service's own logs.")
    return f"The service answered {status}. {cure}"


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli), as Google's services compute it."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)  # noqa: PLW2901 (the usual way to build it)
        table.append(byte)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF
