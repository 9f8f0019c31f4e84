"""The life of a resource as tests know it: one file of `lives/` for each, named like the resource."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from pathlib import Path

from penstock_provider.framework.loop import Loop
from penstock_provider.provider import Penstock

FLOW = """id: hello
namespace: NAMESPACE
description: Greets
tasks:
  - id: say
    type: core.log.Log
    message: WORD
"""


def flow(namespace: str, word: str = "hi", name: str = "hello") -> str:
    text = FLOW.replace("NAMESPACE", namespace).replace("WORD", word)
    return text.replace("id: hello", f"id: {name}")


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def block(kind: str, **attributes: str) -> str:
    rows = "".join(f"  {name} = {value}\n" for name, value in attributes.items())
    return f'resource "{kind}" "it" {{\n{rows}}}\n'


@dataclass
class Life:
    """One resource `it`: its block, a changed block, and where the server keeps the object.

    `drifted` is the body that somebody puts behind Terraform's back, and `needs` are paths and bodies of what
    must be on the server before.
    """

    path: str
    identity: str
    block: str
    changed: str
    drifted: dict
    needs: list[tuple[str, dict]] = field(default_factory=list)
    address: str = ""


def provider() -> Penstock:
    """A provider that nobody talks to."""
    loop = Loop()
    loop.close()
    return Penstock(loop)


def resources() -> list[str]:
    """Names of all resources without `penstock_`."""
    return sorted(name.removeprefix("penstock_") for name in provider().resources())


def data_sources() -> list[str]:
    """Names of all data sources without `penstock_`."""
    return sorted(name.removeprefix("penstock_") for name in provider().data_sources())


def life_of(noun: str, namespace: str, folder: Path) -> Life:
    """What `lives/<noun>.py` says about a resource in that namespace; `folder` is for local files."""
    module = importlib.import_module(f".lives.{noun}", __package__)
    return module.life(namespace, folder)
