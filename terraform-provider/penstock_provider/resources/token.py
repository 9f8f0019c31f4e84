"""`penstock_token`: an API token whose text Terraform sends and never keeps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from penstock_provider.api import ApiError, Json
from penstock_provider.declared import ID, REVISION, as_text, given, kept, number, string
from penstock_provider.declared_single import DeclaredSingle, single_name
from penstock_provider.framework.plan import Plan
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import STRING, UNKNOWN, JsonValue, State, Value, plain
from penstock_provider.sentences import failure

_TEXT = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_SHORTEST, _LONGEST = 32, 512
_FORBIDDEN = 403


def _text_problem(value: Value) -> str | None:
    if not isinstance(value, str):
        return None
    if _SHORTEST <= len(value) <= _LONGEST and _TEXT.fullmatch(value):
        return None
    return (
        "A token's text must be random, of 32 to 512 letters, digits and `-`, `.`, `_`, `~`, `+`, "
        "`/`, such as the output of `openssl rand -hex 32`."
    )


def access_problem(value: Value) -> str | None:
    """Why this is no access of a token."""
    if isinstance(value, str) and value not in {"read", "write"}:
        return f'"{value}" is no access: write "read" or "write".'
    return None


def moment(value: Value | JsonValue) -> datetime | None:
    """The time that a text says; None when it is none, or has no zone."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.replace("Z", "+00:00").replace("z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _moment_problem(value: Value) -> str | None:
    if isinstance(value, str) and moment(value) is None:
        return f'"{value}" is no time with a zone: write it as "2030-01-31T00:00:00Z".'
    return None


def _same_moment(before: Value, after: Value) -> bool:
    return moment(before) == moment(after) is not None


class Token(DeclaredSingle):
    """A token."""

    kind = "token"
    collection = "/tokens"
    named = "name"
    identified_by = ("name",)
    names: ClassVar[Mapping[str, str]] = {"value": "value_wo", "valueVersion": "value_wo_version"}
    always_plan = True
    schema: ClassVar[Schema] = Schema(
        "An API token of the provider's tenant. Its text is write-only: it is in no state, plan or "
        "log, and the server keeps only a hash.",
        {
            "name": single_name("token"),
            "value_wo": Attribute(
                STRING,
                "The text, random and of at least 32 characters. Write-only: Terraform sends it "
                "and forgets it. When the server's differs, the plan shows a changed "
                "`fingerprint`. A replaced text is refused at once.",
                required=True,
                sensitive=True,
                write_only=True,
                check=_text_problem,
            ),
            "value_wo_version": Attribute(
                STRING,
                "Version of the text where it comes from, any text or number. A change sends the "
                "text again even where the provider's token may not compare.",
                optional=True,
            ),
            "description": Attribute(STRING, "What the token is for.", optional=True),
            "access": Attribute(
                STRING,
                "`write` for everything in the tenant, `read` only to read and to plan; `write` "
                "when not given.",
                optional=True,
                computed=True,
                default="write",
                check=access_problem,
            ),
            "expires_at": Attribute(
                STRING,
                "From when on it is void, such as `2030-01-31T00:00:00Z`; never when not given.",
                optional=True,
                equal=_same_moment,
                check=_moment_problem,
            ),
            "id": ID,
            "prefix": Attribute(
                STRING,
                "The text's first characters, to tell tokens apart.",
                computed=True,
                volatile=True,
            ),
            "fingerprint": Attribute(
                STRING,
                "Keyed hash of the text on the server; changes when the text does.",
                computed=True,
                volatile=True,
            ),
            "revision": REVISION,
        },
    )

    def spec(self, planned: State, config: State) -> Json:
        """The PUT body."""
        shown = given(
            planned,
            description="description",
            valueVersion="value_wo_version",
            access="access",
            expiresAt="expires_at",
        )
        return {"value": plain(config.get("value_wo")), **shown}

    async def settle(self, plan: Plan) -> None:
        """Compares the text with the server's."""
        if plan.prior is None or plan.replace:
            return
        equal = await self._equal(plan)
        if equal:
            for name in ("fingerprint", "prefix"):
                plan.planned[name] = plan.prior[name]
        elif equal is False:
            plan.changed.add("fingerprint")
            for name in ("fingerprint", "prefix", "revision"):
                plan.planned[name] = UNKNOWN

    async def _equal(self, plan: Plan) -> bool | None:
        """Whether the server has this text; None when that cannot be told."""
        value, name = plan.config.get("value_wo"), string(plain(plan.planned.get("name")))
        if not isinstance(value, str):
            return None
        try:
            asked: Json = {"items": [{"name": name, "value": value}]}
            answer = await self.provider.singles.post("/tokens:compare", asked)
        except ApiError as error:
            if error.status == _FORBIDDEN:
                plan.diagnostics.warning(
                    f"Token {name} is not compared",
                    "The provider's token may not compare tokens, so a text changed on the server "
                    "stays unseen. Change `value_wo_version` to send the text again.",
                    path=("value_wo",),
                )
                return None
            raise failure(error, f"compare token {name}", path=("value_wo",)) from None
        items = answer.get("items")
        first = items[0] if isinstance(items, list) and items else {}
        return isinstance(first, dict) and bool(first.get("equal"))

    def state(self, prior: State, form: Json) -> State:
        """The state, without any text."""
        before, ends = prior.get("expires_at"), form.get("expiresAt")
        return {
            "name": prior["name"],
            "value_wo_version": kept(prior.get("value_wo_version"), form.get("valueVersion")),
            "description": kept(prior.get("description"), form.get("description")),
            "access": as_text(form.get("access")),
            "expires_at": before if moment(before) == moment(ends) else as_text(ends),
            "id": prior["name"],
            "prefix": as_text(form.get("prefix")),
            "fingerprint": as_text(form.get("fingerprint")),
            "revision": number(form.get("revision")),
        }
