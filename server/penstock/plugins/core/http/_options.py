"""How `core.http` tasks reach a service: time limits, proxy, credentials, redirects."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from penstock.model.dynamic import SECRET, Dynamic
from penstock.model.frozen import Frozen
from penstock.plugins.text import Text


class Timeout(Frozen):
    """How long to wait for a service."""

    connect_timeout: Annotated[
        Dynamic[timedelta], Field(description="For the connection to be made.")
    ] = timedelta(seconds=30)
    read_idle_timeout: Annotated[
        Dynamic[timedelta], Field(description="For the next bytes of an answer.")
    ] = timedelta(minutes=5)


class Proxy(Frozen):
    """The proxy to go through."""

    type: Annotated[
        Literal["DIRECT", "HTTP", "SOCKS"],
        Field(description="SOCKS is version 5; DIRECT goes without a proxy."),
    ] = "DIRECT"
    address: Annotated[Dynamic[Text | None], Field(description="Host name of the proxy.")] = None
    port: Annotated[Dynamic[int], Field(description="Port of the proxy.")] = 3128
    username: Annotated[Dynamic[Text | None], Field(description="User name, if it asks.")] = None
    password: Annotated[
        Dynamic[Text | None],
        Field(description="Password, if it asks.", json_schema_extra=SECRET),
    ] = None


class BasicAuth(Frozen):
    """User name and password in the Authorization header."""

    type: Literal["BASIC"]
    username: Annotated[Dynamic[Text], Field(description="User name.")] = ""
    password: Annotated[Dynamic[Text], Field(description="Password.", json_schema_extra=SECRET)] = (
        ""
    )


class BearerAuth(Frozen):
    """A token in the Authorization header."""

    type: Literal["BEARER"]
    token: Annotated[Dynamic[Text], Field(description="The token.", json_schema_extra=SECRET)]


class DigestAuth(Frozen):
    """User name and password, proven by a digest."""

    type: Literal["DIGEST"]
    username: Annotated[Dynamic[Text], Field(description="User name.")] = ""
    password: Annotated[Dynamic[Text], Field(description="Password.", json_schema_extra=SECRET)] = (
        ""
    )


Auth = Annotated[BasicAuth | BearerAuth | DigestAuth, Field(discriminator="type")]


class Ssl(Frozen):
    """How certificates are checked."""

    insecure_trust_all_certificates: Annotated[
        Dynamic[bool], Field(description="Take any certificate. Only for trials.")
    ] = False


class LogPart(StrEnum):
    """A part of the exchange that can be written to the log."""

    REQUEST_HEADERS = "REQUEST_HEADERS"
    REQUEST_BODY = "REQUEST_BODY"
    RESPONSE_HEADERS = "RESPONSE_HEADERS"
    RESPONSE_BODY = "RESPONSE_BODY"


class HttpOptions(Frozen):
    """What seldom needs to be said about a call."""

    timeout: Annotated[Timeout, Field(description="Time limits.")] = Timeout()
    proxy: Annotated[Proxy | None, Field(description="A proxy to go through.")] = None
    auth: Annotated[Auth | None, Field(description="BASIC, BEARER or DIGEST credentials.")] = None
    ssl: Annotated[Ssl, Field(description="How certificates are checked.")] = Ssl()
    follow_redirects: Annotated[
        Dynamic[bool], Field(description="Whether a redirect is followed.")
    ] = True
    allow_failed: Annotated[
        Dynamic[bool], Field(description="Whether any status, even 400 and above, is a success.")
    ] = False
    allowed_response_codes: Annotated[
        Dynamic[tuple[int, ...]],
        Field(description="Statuses of 400 and above that are a success all the same."),
    ] = ()
    default_charset: Annotated[
        Dynamic[Text], Field(description="Charset of an answer that names none.")
    ] = "UTF-8"
    logs: Annotated[
        tuple[LogPart, ...], Field(description="Parts of the exchange to write to the log.")
    ] = ()
    basic_auth_user: Annotated[
        Dynamic[Text | None],
        Field(
            description="Write `auth: {type: BASIC, username: …, password: …}`.",
            json_schema_extra={"deprecated": True},
        ),
    ] = None
    basic_auth_password: Annotated[
        Dynamic[Text | None],
        Field(
            description="Write `auth: {type: BASIC, username: …, password: …}`.",
            json_schema_extra={"deprecated": True, **SECRET},
        ),
    ] = None

    def with_older(self, *, allow_failed: bool | None, ssl: Ssl | None) -> HttpOptions:
        """These options with what older spellings say; the present ones win."""
        found = self
        if self.auth is None and self.basic_auth_user is not None:
            password = self.basic_auth_password or ""
            auth = BasicAuth(type="BASIC", username=self.basic_auth_user, password=password)
            found = found.model_copy(update={"auth": auth})
        if allow_failed is not None and "allow_failed" not in self.model_fields_set:
            found = found.model_copy(update={"allow_failed": allow_failed})
        if ssl is not None and "ssl" not in self.model_fields_set:
            found = found.model_copy(update={"ssl": ssl})
        return found
