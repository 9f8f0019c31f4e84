"""`core.http.Download`: keeps a file from an HTTP service."""

from __future__ import annotations

import posixpath
import re
from contextlib import ExitStack
from email.message import Message
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.plugins.core.http._exchange import Saved
from penstock.plugins.core.http._http_task import HttpTask
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs, TaskFailed

_LONGEST_NAME = 200


class Download(HttpTask):
    """Keeps the file that an HTTP service gives, of whatever size, in the internal storage.

    Its name is that of `saveAs`, or that which the service says, or the last part of the address.

    Outputs: `uri` (of the stored file), `code`, `length` (bytes), `headers`.

    Example:
        id: fetch_orders
        namespace: company.team
        tasks:
          - id: orders
            type: core.http.Download
            uri: https://shop.example.com/export/orders.csv
            options:
              auth:
                type: BASIC
                username: reader
                password: "{{ secret('SHOP_PASSWORD') }}"
          - id: show
            type: core.log.Log
            message: "{{ outputs.orders.length }} bytes in {{ outputs.orders.uri }}"
    """

    fail_on_empty_response: Annotated[
        Dynamic[bool], Field(description="Whether a file without a byte fails the task.")
    ] = True
    save_as: Annotated[Dynamic[str | None], Field(description="The name of the stored file.")] = (
        None
    )

    def run(self, context: RunContext) -> Outputs:
        """Downloads it; raises `TaskFailed` with status and first bytes of a refusal."""
        target = context.working_directory / ".download"
        with ExitStack() as files:
            saved = self.exchange(context).save(self.call(context, files), target)
        if saved.size == 0 and self.fail_on_empty_response:
            raise TaskFailed(
                f"The service answered {saved.code} without a byte. If that may be, say "
                "`failOnEmptyResponse: false`."
            )
        uri = context.store_file(target, _clean(self.save_as) or _name(saved))
        headers: Json = {name: [*values] for name, values in saved.headers.items()}
        return {"uri": uri, "code": saved.code, "length": saved.size, "headers": headers}


def _name(saved: Saved) -> str:
    message = Message()
    message["content-disposition"] = saved.headers.get("content-disposition", [""])[-1]
    said = _clean(message.get_filename())
    return said or _clean(unquote(urlsplit(saved.uri).path)) or "download"


def _clean(name: str | None) -> str | None:
    """The last part of a path that somebody else names, without what no file name should have."""
    last = posixpath.basename((name or "").replace("\\", "/"))
    last = re.sub(r"[\x00-\x1f\x7f]", "", last).strip()[-_LONGEST_NAME:]
    return None if last.strip(".") == "" else last
