"""What bodies of calls about tokens hold."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from penstock.model.frozen import Frozen
from penstock.security.caller import Access, Scope
from penstock.store.kv import lifetime

NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]*$"
_SHORTEST, _LONGEST = 32, 512
# What an Authorization header takes (RFC 6750, 2.1).
_TEXT = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def _text(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not _SHORTEST <= len(text) <= _LONGEST or not _TEXT.fullmatch(text):
        raise PydanticCustomError(
            "token",
            "It must be random, of 32 to 512 letters, digits and '-', '.', '_', '~', '+', '/', "
            "such as the output of openssl rand -hex 32",
        )
    return value


def _ttl(value: str) -> str:
    if lifetime(value) is None:
        raise PydanticCustomError(
            "ttl", "It must be an ISO 8601 duration of at least a second, such as PT1H"
        )
    return value


class _Token(Frozen):
    expires_at: Annotated[
        AwareDatetime | None, Field(description="From when on it is void; never by default.")
    ] = None
    description: Annotated[str | None, Field(description="For people.")] = None
    access: Annotated[
        Access,
        Field(description="`read` allows to read and to plan, `write` to change things as well."),
    ] = "write"
    scope: Annotated[
        Scope | None,
        Field(
            description="`tenant`, or `server` for every tenant and for tenants themselves; what "
            "it is already by default, `tenant` for a new one."
        ),
    ] = None


class TokenSpec(_Token):
    """A token whose text the caller makes, so that nobody needs to be shown one."""

    value: Annotated[
        SecretStr | None,
        AfterValidator(lambda value: None if value is None else _text(value)),
        Field(
            description="The text, at least 32 characters; write-only, only its hash is stored. "
            "The one that is there by default."
        ),
    ] = None
    value_version: Annotated[
        str | None,
        Field(max_length=256, description="The text's version where it comes from; no part of it."),
    ] = None


class NewTokenSpec(_Token):
    """A token whose text the server makes."""

    name: Annotated[
        str, Field(pattern=NAME_PATTERN, max_length=100, description="What the audit calls it.")
    ]
    ttl: Annotated[
        str | None,
        AfterValidator(lambda value: None if value is None else _ttl(value)),
        Field(description="How long it lasts, an ISO 8601 duration; instead of `expiresAt`."),
    ] = None

    ephemeral: Annotated[
        bool,
        Field(
            description="True for one that is needed for a while: it is removed some time after it "
            "is void, instead of staying in the list. It must have an end."
        ),
    ] = False

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.ttl is not None and self.expires_at is not None:
            raise PydanticCustomError("end", "Give `ttl` or `expiresAt`, not both")
        if self.ephemeral and self.ttl is None and self.expires_at is None:
            raise PydanticCustomError("end", "An `ephemeral` token needs `ttl` or `expiresAt`")
        return self

    def until(self, now: datetime) -> datetime | None:
        """From when on it is void."""
        span = None if self.ttl is None else lifetime(self.ttl)
        return self.expires_at if span is None else now + span
