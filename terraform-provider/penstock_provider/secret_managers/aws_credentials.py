"""Who asks AWS: keys, a web identity, a container's role or a machine's."""

from __future__ import annotations

import html
import re
import time
import urllib.parse
from pathlib import Path

from penstock_provider.framework.diagnostics import Failure
from penstock_provider.secret_managers.asked import Environment
from penstock_provider.secret_managers.call import Call, Form, Refused, refusal
from penstock_provider.secret_managers.sigv4 import Credentials

_CONTAINER = "http://169.254.170.2"
_TRUSTED = ("127.0.0.1", "::1", "localhost", "169.254.170.2", "169.254.170.23", "fd00:ec2::23")
_MACHINE = "http://169.254.169.254"
_NONE = (
    "Give credentials by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (with AWS_SESSION_TOKEN when "
    "they are for a session), such as `aws configure export-credentials --format env` prints, or "
    "by AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN. On AWS itself give the machine or the "
    "container a role."
)


def domain(region: str) -> str:
    """The domain of a region's services."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def find(environment: Environment, region: str, doing: str) -> Credentials:
    """The first credentials that there are. Raises ``Failure``."""
    access, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if access and secret:
        return Credentials(access, secret, environment.get("AWS_SESSION_TOKEN") or "")
    if environment.get("AWS_WEB_IDENTITY_TOKEN_FILE") and environment.get("AWS_ROLE_ARN"):
        return _of_web_identity(environment, region)
    relative = environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    full = environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if relative or full:
        return _of_container(environment, f"{_CONTAINER}{relative}" if relative else str(full))
    if (environment.get("AWS_EC2_METADATA_DISABLED") or "").lower() == "true":
        raise Failure(f"Cannot {doing}", _NONE)
    return _of_machine(environment)


def _of_web_identity(environment: Environment, region: str) -> Credentials:
    file, role = environment["AWS_WEB_IDENTITY_TOKEN_FILE"], environment["AWS_ROLE_ARN"]
    doing = f"assume {role} with the web identity in {file}"
    endpoint = (
        environment.get("AWS_ENDPOINT_URL_STS")
        or environment.get("AWS_ENDPOINT_URL")
        or f"https://sts.{region}.{domain(region)}"
    )
    form = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": role,
        "RoleSessionName": environment.get("AWS_ROLE_SESSION_NAME") or f"penstock-{time.time_ns()}",
        "WebIdentityToken": _content(file, doing).strip(),
    }
    call = Call(endpoint.rstrip("/") + "/", doing, data=urllib.parse.urlencode(form).encode())
    try:
        text = call.text()
    except Refused as refused:
        cures: dict[int | str, str] = {
            400: "The token is expired, or of another audience or issuer than the role expects.",
            403: "The role does not trust this identity: look at its trust policy.",
        }
        raise refusal(refused, doing, cures) from None
    found = {
        name: html.unescape(part[1])
        for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")
        if (part := re.search(rf"<{name}>([^<]+)</{name}>", text))
    }
    if len(found) != 3:  # noqa: PLR2004 (all three)
        raise Failure(f"Cannot {doing}", "The answer holds no credentials.")
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def _of_container(environment: Environment, url: str) -> Credentials:
    doing = "get the container's credentials"
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _TRUSTED:
        reason = "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or an address of this machine."
        raise Failure(f"Cannot {doing}", reason)
    file = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    token = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN") or ""
    if file:
        token = _content(file, doing).strip()
    headers = {"Authorization": token} if token else {}
    return _read(Call(url, doing, headers, seconds=3, cure=_NONE))


def _of_machine(environment: Environment) -> Credentials:
    doing = "get the machine's credentials"
    base = (environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or _MACHINE).rstrip("/")
    lasting = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    try:
        token = Call(
            f"{base}/latest/api/token", doing, lasting, method="PUT", seconds=2, cure=_NONE
        ).text()
        headers = {"X-aws-ec2-metadata-token": token}
        roles = f"{base}/latest/meta-data/iam/security-credentials/"
        role = Call(roles, doing, headers, seconds=2, cure=_NONE).text().strip()
    except Refused as refused:
        cures: dict[int | str, str] = {404: "The machine has no role. " + _NONE}
        raise refusal(refused, doing, cures) from None
    return _read(Call(roles + urllib.parse.quote(role), doing, headers, seconds=2, cure=_NONE))


def _read(call: Call) -> Credentials:
    try:
        found: Form = call.json()
    except Refused as refused:
        raise refusal(refused, call.doing, {}) from None
    parts = [found.get(name) for name in ("AccessKeyId", "SecretAccessKey", "Token")]
    access, secret, session = (part if isinstance(part, str) else "" for part in parts)
    if not access or not secret:
        raise Failure(f"Cannot {call.doing}", f"The answer holds none. {_NONE}")
    return Credentials(access, secret, session)


def _content(file: str, doing: str) -> str:
    try:
        return Path(file).read_text()
    except (OSError, ValueError) as error:
        kind = type(error).__name__
        raise Failure(f"Cannot {doing}", f"{file} cannot be read ({kind}).") from None
