"""Who makes a call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated actor (``token:<name>``) in the tenant that the call is about."""

    actor: str
    tenant: str
