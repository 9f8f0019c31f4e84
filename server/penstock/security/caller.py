"""Who makes a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Access = Literal["write", "read"]
"""What a token allows: everything, or only to read and to ask what a change would do."""

Scope = Literal["tenant", "server"]
"""Where a token counts: in its own tenant, or in every tenant and over tenants themselves."""

Intent = Literal["read", "ask", "write"]
"""What a call is for: GET and HEAD read; asking is to send something that changes nothing."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated actor (``token:<name>``) in the tenant that the call is about."""

    actor: str
    tenant: str
    access: Access = "write"
    scope: Scope = "tenant"
