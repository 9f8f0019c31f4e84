"""What the tasks and triggers that call an HTTP service share."""

from __future__ import annotations

import json
import mimetypes
from contextlib import ExitStack
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Frozen, Json
from penstock.plugins.core.http._exchange import Call, Exchange, FilePart
from penstock.plugins.core.http._options import HttpOptions, Ssl
from penstock.plugins.text import Text
from penstock.sdk.context import RunContext
from penstock.sdk.task import RunnableTask


class HttpCall(Frozen):
    """The properties of whatever sends a request."""

    uri: Annotated[Dynamic[Text], Field(description="The address to call.")]
    method: Annotated[Dynamic[Text], Field(description="GET, POST, PUT, DELETE, …")] = "GET"
    body: Annotated[
        Dynamic[Json], Field(description="The body: text, or a map or list that is sent as JSON.")
    ] = None
    form_data: Annotated[
        Dynamic[dict[str, Json] | None],
        Field(
            description="Form fields. With contentType multipart/form-data a field may be a file: "
            "{name: report.csv, content: <URI of a stored file>}."
        ),
    ] = None
    params: Annotated[
        Dynamic[dict[str, Json] | None],
        Field(description="Query parameters; a list repeats its parameter."),
    ] = None
    content_type: Annotated[
        Dynamic[Text | None], Field(description="Type of the body. Default: application/json.")
    ] = None
    headers: Annotated[Dynamic[dict[str, Text] | None], Field(description="Request headers.")] = (
        None
    )
    options: Annotated[
        HttpOptions, Field(description="Time limits, proxy, credentials, redirects, logs.")
    ] = HttpOptions()
    allow_failed: Annotated[
        Dynamic[bool | None],
        Field(
            description="Write `options: {allowFailed: …}`.",
            json_schema_extra={"deprecated": True},
        ),
    ] = None
    ssl_options: Annotated[
        Ssl | None,
        Field(description="Write `options: {ssl: …}`.", json_schema_extra={"deprecated": True}),
    ] = None

    def exchange(self, context: RunContext, *, hides_body: bool = False) -> Exchange:
        """The exchange, with the options of all spellings."""
        options = self.options.with_older(allow_failed=self.allow_failed, ssl=self.ssl_options)
        return Exchange(context, options, hides_body)

    def call(self, context: RunContext, files: ExitStack) -> Call:
        """What to send; files of a form are open until `files` is closed."""
        headers = dict(self.headers or {})
        named = {name.lower() for name in headers}
        call = Call(
            method=self.method.upper(),
            uri=self.uri,
            params={name: _texts(value) for name, value in (self.params or {}).items()},
            headers=headers,
        )
        if self.form_data is not None:
            if (self.content_type or "").split(";")[0].strip().lower() == "multipart/form-data":
                return replace(call, files=self._parts(context, files))
            fields = {name: _texts(value) for name, value in self.form_data.items()}
            return replace(call, fields=fields)
        if self.body is None:
            return call
        body = self.body if isinstance(self.body, str) else json.dumps(self.body)
        if "content-type" not in named:
            headers["Content-Type"] = self.content_type or "application/json"
        return replace(call, content=body.encode())

    def _parts(self, context: RunContext, files: ExitStack) -> list[FilePart]:
        parts: list[FilePart] = []
        for number, (name, value) in enumerate((self.form_data or {}).items()):
            if isinstance(value, dict) and isinstance(value.get("content"), str):
                target = context.working_directory / f".form-{number}"
                context.fetch_file(str(value["content"]), target)
                shown = str(value.get("name") or name)
                kind = mimetypes.guess_type(shown)[0] or "application/octet-stream"
                parts.append((name, (shown, files.enter_context(target.open("rb")), kind)))
            else:
                text = value if isinstance(value, str) else json.dumps(value)
                parts.append((name, (None, text.encode(), None)))
        return parts


class HttpTask(HttpCall, RunnableTask):
    """A task that sends a request."""


def _texts(value: Json) -> str | list[str]:
    if isinstance(value, list):
        return [item if isinstance(item, str) else json.dumps(item) for item in value]
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
