"""Starts executions whose inputs come as a form, with files."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
from starlette.concurrency import run_in_threadpool

from penstock.api.multipart import Form
from penstock.errors import InvalidObject
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.model.nesting import TooDeep, parsed
from penstock.model.problem import Problem
from penstock.security.caller import Caller
from penstock.service import execution
from penstock.service.services import Services
from penstock.service.upload import Folder

KIND = "multipart/form-data"
_INPUT = "inputs."


async def start(
    services: Services,
    caller: Caller,
    chunks: AsyncIterator[bytes],
    *,
    content_type: str,
    most_text: int,
) -> Execution:
    """The execution that a form asks for, once it is committed.

    Its parts are those of the JSON body, `labels` and `breakpoints` in JSON, and `inputs.<id>`,
    each a text or a file. Files are stored before the execution is, and removed if it is refused.
    """
    folder = services.uploads
    await run_in_threadpool(folder.mkdir, parents=True, exist_ok=True, mode=0o700)
    waiting = Path(await run_in_threadpool(tempfile.mkdtemp, dir=folder))
    try:
        form = Form(_boundary(content_type), waiting, most_text=most_text)
        await form.read(chunks)
        wanted = execution.parse_wanted(_body(form))
        version = await run_in_threadpool(execution.find_flow, services, caller, wanted)
        kept = Folder(services.storage, caller.tenant, services.new_id())
        try:
            ready = await run_in_threadpool(
                execution.prepare_with_files,
                services,
                caller,
                wanted,
                version=version,
                files=(kept, form.uploads),
            )
            return await services.executor.accept(
                ready.execution, ready.version, ready.audit, warnings=ready.warnings
            )
        except Exception:
            # Not when the wait is cancelled: the execution may have been accepted.
            await run_in_threadpool(kept.remove, version.flow)
            raise
    finally:
        # It is handed to a thread before anything is awaited, so who leaves does not stop it.
        await asyncio.to_thread(shutil.rmtree, waiting, ignore_errors=True)


def _boundary(content_type: str) -> bytes:
    from python_multipart.multipart import parse_options_header  # noqa: PLC0415 - few forms come

    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise InvalidObject(f"The body is {KIND}, and its header names no boundary.")
    return boundary


def _body(form: Form) -> dict[str, Json]:
    """The same request as a JSON body would make it."""
    inputs: dict[str, Json] = {}
    body: dict[str, Json] = {"inputs": inputs}
    for name, text in form.texts.items():
        if name.startswith(_INPUT):
            inputs[name.removeprefix(_INPUT)] = text
        elif name in ("labels", "revision", "breakpoints"):
            body[name] = _json(name, text)
        else:
            body[name] = text
    return body


def _json(name: str, text: str) -> Json:
    try:
        return parsed(text)
    except TooDeep as error:
        problem = Problem(f"The part `{name}`: {error}.", path=name, code="too-deep")
        raise InvalidObject(problem.message, problems=[problem]) from None
    except orjson.JSONDecodeError:
        problem = Problem(f"The part `{name}` is not JSON.", path=name, code="wrong-type")
        raise InvalidObject(problem.message, problems=[problem]) from None
