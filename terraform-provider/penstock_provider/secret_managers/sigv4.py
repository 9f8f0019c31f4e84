"""AWS Signature Version 4, as much as a POST with a JSON body needs."""

from __future__ import annotations

import hashlib
import hmac
import urllib.parse
from dataclasses import dataclass, field
from datetime import datetime

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of an identity; ``session`` is empty for a long-lived one."""

    access: str
    secret: str = field(repr=False)
    session: str = field(default="", repr=False)


def signed(
    url: str,
    headers: dict[str, str],
    body: bytes,
    *,
    credentials: Credentials,
    region: str,
    service: str,
    now: datetime,
) -> dict[str, str]:
    """The headers of a signed POST: those given, and who asks. ``now`` is in UTC."""
    parts = urllib.parse.urlsplit(url)
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    sent = {**headers, "X-Amz-Date": moment}
    if credentials.session:
        sent["X-Amz-Security-Token"] = credentials.session
    lower = {name.lower(): " ".join(value.split()) for name, value in sent.items()}
    lower["host"] = parts.netloc
    names = ";".join(sorted(lower))
    request = "\n".join(
        [
            "POST",
            urllib.parse.quote(parts.path or "/", safe="/~"),
            parts.query,
            *(f"{name}:{lower[name]}" for name in sorted(lower)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"{_ALGORITHM}\n{moment}\n{scope}\n{digest}"
    key = f"AWS4{credentials.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    sent["Authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access}/{scope}, SignedHeaders={names}, "
        f"Signature={signature}"
    )
    return sent
