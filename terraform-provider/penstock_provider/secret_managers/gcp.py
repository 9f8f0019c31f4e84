"""Google Cloud Secret Manager."""

from __future__ import annotations

import base64
import json
import time
import urllib.parse
from pathlib import Path

from penstock_provider import rsa
from penstock_provider.framework.diagnostics import Failure
from penstock_provider.secret_managers.asked import Asked, Environment
from penstock_provider.secret_managers.call import Call, Refused, refusal

TITLE = "Google Cloud Secret Manager"
NEEDS = ("project",)
TAKES = ("version", "endpoint")
_ENDPOINT = "https://secretmanager.googleapis.com"
_METADATA = (
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"
)
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_CURES: dict[int | str, str] = {
    401: "The token is not valid any more: renew it.",
    403: "The identity may not read it: grant it the role Secret Manager Secret Accessor.",
    404: "There is no such project, secret or version.",
}
_CREDENTIALS = (
    "Outside of Google Cloud, give credentials by GOOGLE_APPLICATION_CREDENTIALS (a service "
    "account's key file) or GOOGLE_OAUTH_ACCESS_TOKEN."
)


def read(asked: Asked, environment: Environment) -> str:
    """The value of a version."""
    endpoint = (
        asked.endpoint or environment.get("PENSTOCK_GCP_SECRET_MANAGER_ENDPOINT") or _ENDPOINT
    )
    parts = [asked.project, asked.secret, asked.version or "latest"]
    project, secret, version = (urllib.parse.quote(part, safe="") for part in parts)
    path = f"/v1/projects/{project}/secrets/{secret}/versions/{version}:access"
    doing = f"read secret {'/'.join(parts)}"
    headers = {"Authorization": f"Bearer {_token(environment)}"}
    try:
        answer = Call(endpoint.rstrip("/") + path, doing, headers, cure=_CREDENTIALS).json()
    except Refused as refused:
        raise refusal(refused, doing, _CURES) from None
    payload = answer.get("payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("data"), str):
        raise Failure(f"Cannot {doing}", "The answer has no `payload.data`.")
    reason = "The value was damaged on its way: its checksum differs. Try again."
    try:
        data = base64.b64decode(str(payload["data"]), validate=True)
        checksum = payload.get("dataCrc32c")
        if checksum is None or int(str(checksum)) == crc32c(data):
            return data.decode()
    except UnicodeDecodeError:
        reason = "The value is no UTF-8 text, and Penstock's secrets are text."
    except ValueError:
        reason = "`payload.data` is no base64, or `dataCrc32c` is no number."
    # Outside of the handler: the exception's own context would hold the value.
    raise Failure(f"Cannot {doing}", reason)


def _token(environment: Environment) -> str:
    given = environment.get("GOOGLE_OAUTH_ACCESS_TOKEN")
    if given:
        return given
    file = environment.get("GOOGLE_APPLICATION_CREDENTIALS")
    call = _of_account(file) if file else _of_machine()
    try:
        answer = call.json()
    except Refused as refused:
        raise refusal(refused, call.doing, {}) from None
    return str(answer.get("access_token") or "")


def _of_machine() -> Call:
    headers = {"Metadata-Flavor": "Google"}
    return Call(_METADATA, "get a Google token", headers, seconds=3, cure=_CREDENTIALS)


def _of_account(file: str) -> Call:
    doing = f"use the service account in {file} (GOOGLE_APPLICATION_CREDENTIALS)"
    try:
        account = json.loads(Path(file).read_text())
        uri, email = str(account["token_uri"]), str(account["client_email"])
        pem = str(account["private_key"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Failure(
            f"Cannot {doing}",
            f"{type(error).__name__}: it must be the JSON key file of a service account, with "
            "`token_uri`, `client_email` and `private_key`.",
        ) from None
    now = int(time.time())
    claims = {"iss": email, "scope": _SCOPE, "aud": uri, "iat": now, "exp": now + 600}
    head = _base64url(json.dumps({"alg": "RS256", "typ": "JWT"}).encode())
    body = f"{head}.{_base64url(json.dumps(claims).encode())}"
    try:
        signature = rsa.private_key(pem).sign(body.encode())
    except ValueError as error:
        raise Failure(f"Cannot {doing}", f"Its `private_key` cannot be used: {error}.") from None
    form = urllib.parse.urlencode(
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": f"{body}.{_base64url(signature)}",
        }
    )
    return Call(uri, "get a Google token", data=form.encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


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
