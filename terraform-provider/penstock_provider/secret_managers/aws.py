"""AWS Secrets Manager."""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import UTC, datetime

from penstock_provider.framework.diagnostics import Failure
from penstock_provider.secret_managers.asked import Asked, Environment
from penstock_provider.secret_managers.aws_credentials import domain, find
from penstock_provider.secret_managers.call import Call, Refused, refusal
from penstock_provider.secret_managers.sigv4 import signed

TITLE = "AWS Secrets Manager"
NEEDS = ()
TAKES = ("version", "region", "endpoint")
_ARN = re.compile(r"arn:[^:]+:secretsmanager:(?P<region>[^:]+):")
_VERSION_ID = re.compile(r"[0-9A-Za-z-]{32,64}")
_CREDENTIALS = "Renew the credentials: they are not, or not any more, valid."
_CURES: dict[int | str, str] = {
    "ResourceNotFoundException": "There is no such secret or version in this region and account.",
    "AccessDeniedException": "The identity may not read it: allow it "
    "secretsmanager:GetSecretValue, and kms:Decrypt where the secret has a key of its own.",
    "DecryptionFailure": "The secret's key cannot be used: look at it in KMS.",
    "InvalidRequestException": "The secret has no such version now, or is marked for deletion.",
    "ThrottlingException": "Too many calls: try again, or with a lower -parallelism.",
    "UnrecognizedClientException": _CREDENTIALS,
    "InvalidSignatureException": "The secret access key is wrong, or this machine's clock is.",
    "ExpiredTokenException": _CREDENTIALS,
    "InvalidClientTokenId": _CREDENTIALS,
}


def read(asked: Asked, environment: Environment) -> str:
    """The value of a version id or a stage; ``secret`` is a name or an ARN."""
    doing = f"read {asked.name}"
    region = _region(asked, environment, doing)
    endpoint = (
        asked.endpoint
        or environment.get("AWS_ENDPOINT_URL_SECRETS_MANAGER")
        or environment.get("AWS_ENDPOINT_URL")
        or f"https://secretsmanager.{region}.{domain(region)}"
    )
    wanted = {"SecretId": asked.secret}
    if asked.version:
        is_id = _VERSION_ID.fullmatch(asked.version) is not None
        wanted["VersionId" if is_id else "VersionStage"] = asked.version
    body = json.dumps(wanted).encode()
    url = endpoint.rstrip("/") + "/"
    headers = signed(
        url,
        {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "secretsmanager.GetSecretValue",
        },
        body,
        credentials=find(environment, region, doing),
        region=region,
        service="secretsmanager",
        now=datetime.now(UTC),
    )
    try:
        answer = Call(url, doing, headers, body).json()
    except Refused as refused:
        raise refusal(refused, doing, _CURES) from None
    value, binary = answer.get("SecretString"), answer.get("SecretBinary")
    if isinstance(value, str):
        return value
    reason = "The answer has neither `SecretString` nor `SecretBinary`."
    if isinstance(binary, str):
        try:
            return base64.b64decode(binary, validate=True).decode()
        except UnicodeDecodeError:
            reason = "The value is no UTF-8 text, and Penstock's secrets are text."
        except binascii.Error:
            reason = "`SecretBinary` is no base64."
    # Outside of the handler: the exception's own context would hold the value.
    raise Failure(f"Cannot {doing}", reason)


def _region(asked: Asked, environment: Environment, doing: str) -> str:
    of_arn = _ARN.match(asked.secret)
    region = (
        asked.region
        or (of_arn["region"] if of_arn else "")
        or environment.get("AWS_REGION")
        or environment.get("AWS_DEFAULT_REGION")
    )
    if not region or not re.fullmatch(r"[a-z0-9-]+", region):
        raise Failure(
            f"Cannot {doing}",
            "Say in which region the secret is: `region`, AWS_REGION, or the secret's whole ARN.",
            path=("region",),
        )
    return region
