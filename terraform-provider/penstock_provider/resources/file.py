"""`penstock_file`: one file of a namespace, of any bytes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import ClassVar

from penstock_provider import kestra
from penstock_provider.api import Json
from penstock_provider.declared import (
    ID,
    REVISION,
    Declared,
    name_check,
    number,
)
from penstock_provider.file_content import MOST_BYTES, SMALL, Content, content_of, decoded
from penstock_provider.framework.diagnostics import Diagnostics, Failure
from penstock_provider.framework.plan import Plan
from penstock_provider.framework.resource import Change, Reading
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import (
    NUMBER,
    STRING,
    UNKNOWN,
    State,
)
from penstock_provider.object_set import Item

_GIVEN = ("content", "content_base64", "source")


class File(Declared):
    """A file."""

    kind = "file"
    origins = (
        kestra.origin(
            "kestra_namespace_file", namespace="namespace", path="filename|destination_path"
        ),
    )
    always_plan = True
    names: ClassVar[Mapping[str, str]] = {"id": "path", "base64": "content_base64"}
    schema: ClassVar[Schema] = Schema(
        "A file of a namespace, of any bytes up to 10 MiB. For many text files of one namespace, "
        "`penstock_files` applies them in one transaction.",
        {
            "namespace": name_check("file"),
            "path": Attribute(
                STRING,
                "Path in the namespace, such as `sql/orders.sql`. A change makes a new file.",
                required=True,
                replace=True,
            ),
            "content": Attribute(
                STRING,
                "The file's text; either this, `content_base64` or `source`.",
                optional=True,
                computed=True,
            ),
            "content_base64": Attribute(
                STRING,
                "The file's bytes in base64, for what is no text.",
                optional=True,
                computed=True,
            ),
            "source": Attribute(
                STRING,
                "Path of a local file, read at plan and again at apply: neither its bytes nor the "
                "path are in the state, so the path may differ from machine to machine.",
                optional=True,
                write_only=True,
            ),
            "id": ID,
            "size": Attribute(NUMBER, "Number of bytes; known at plan.", computed=True),
            "revision": REVISION,
            "content_hash": Attribute(
                STRING, "SHA-256 of the bytes, hexadecimal; known at plan.", computed=True
            ),
        },
    )

    async def validate(self, config: State, diagnostics: Diagnostics) -> None:
        """Exactly one of the three must be given."""
        there = [name for name in _GIVEN if config.get(name) is not None]
        if len(there) != 1:
            said = "none is" if not there else f"{' and '.join(f'`{name}`' for name in there)} are"
            diagnostics.error(
                "A file has one content",
                f"Give one of `content`, `content_base64` and `source`; {said} given.",
                path=(there[-1],) if there else ("content",),
            )

    def spec(self, planned: State, config: State) -> Json:
        """The PUT body. A local file must be what was planned."""
        content = content_of(config)
        if content is None:
            raise Failure("The file's content is not known", "It should be by now: report this.")
        if planned.get("content_hash") not in (content.hash, UNKNOWN):
            raise Failure(
                "The local file has changed since the plan",
                "Plan again, look at the difference, and apply.",
                path=("source",),
            )
        return content.spec()

    async def plan(self, plan: Plan) -> None:
        """Hash and size are known as soon as the content is; the server checks the rest."""
        planned, prior = plan.planned, None if plan.replace else plan.prior
        content = content_of(plan.config)
        _settle(plan, prior, content)
        if not plan.changed or not all(isinstance(name, str) for name in self.identity(planned)):
            return
        reference = self.reference(planned)
        if prior is None:
            planned["id"] = reference.name
        if content is not None and len(content.data) > MOST_BYTES:
            raise Failure(
                f"File {reference.name} is too large",
                f"It has {len(content.data)} bytes; a file of a namespace has at most "
                f"{MOST_BYTES}. Put data where executions read it, such as a bucket.",
                path=(next(name for name in _GIVEN if plan.config.get(name) is not None),),
            )
        whole = content.spec() if content is not None and content.is_small else None
        await self.ask(plan, Item(reference, whole or {"base64": {"$unknown": True}}))

    async def read(self, reading: Reading) -> State | None:
        """The file as it is; only a content that is in the state, or small, is fetched."""
        state = await super().read(reading)
        if state is None:
            return None
        before = reading.state
        if state["content_hash"] == before.get("content_hash"):
            return {**state, **{name: before.get(name) for name in ("content", "content_base64")}}
        shown = any(before.get(name) is not None for name in ("content", "content_base64"))
        is_imported = before.get("content_hash") is None
        size = state["size"]
        if shown or (is_imported and isinstance(size, int) and size <= SMALL):
            reference = self.reference(state)
            data = (await self.provider.objects.contents([reference]))[0]
            if data is not None:
                state.update(_shown(data))
        return state

    def state(self, prior: State, form: Json) -> State:
        """The state without content: that is the caller's."""
        return {
            "namespace": prior["namespace"],
            "path": prior["path"],
            **self.computed(self.reference(prior), form),
            "size": number(form.get("size")),
        }

    async def _write(self, change: Change, verb: str, if_match: str | None) -> State:
        state = await super()._write(change, verb, if_match)
        planned = change.planned
        return {**state, **{name: planned.get(name) for name in ("content", "content_base64")}}

    async def imported(self, identity: str) -> State:
        """Import id: ``namespace/path``; a namespace has no slash."""
        namespace, slash, path = identity.partition("/")
        if not slash or not namespace or not path:
            raise Failure(
                f'"{identity}" is no import id',
                'Write it as `namespace/path`, for example "company.team/sql/orders.sql".',
            )
        return {"namespace": namespace, "path": path}


def _settle(plan: Plan, prior: State | None, content: Content | None) -> None:
    """Plans content, hash, size and revision; nothing changes while the bytes are the same."""
    planned, config = plan.planned, plan.config
    shown = ("content", "content_base64")
    if content is None:
        planned.update({name: config.get(name) for name in shown})
        planned.update(dict.fromkeys(("content_hash", "size", "revision"), UNKNOWN))
        plan.changed.add("content_hash")
        return
    before = prior or {}
    same = before.get("content_hash") == content.hash
    kept = same and all(config.get(name) in (None, before.get(name)) for name in shown)
    planned.update({name: (before if kept else config).get(name) for name in shown})
    planned["content_hash"], planned["size"] = content.hash, len(content.data)
    planned["revision"] = before["revision"] if same else UNKNOWN
    plan.changed.difference_update(shown)
    if not kept:
        plan.changed.add("content_hash")


def _shown(data: bytes) -> State:
    """The content as it is in a state."""
    content = decoded(data)
    if content is not None:
        return {"content": content, "content_base64": None}
    return {"content": None, "content_base64": base64.b64encode(data).decode()}
