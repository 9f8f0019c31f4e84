"""The CDK classes that we use, in pure Python: same JSON without jsii and without Node.

Insurance and fast path at once. It keeps the file layout of `cdktf` (manifest, stacks), and
nothing of tokens, aspects or constructs beyond a flat list of elements in a stack.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from penstock_cdktf.document import JsonValue

Fragment = dict[str, JsonValue]


class App:
    """Collects stacks and writes them below `outdir`."""

    def __init__(
        self, *, outdir: str = "cdktf.out", context: Mapping[str, JsonValue] | None = None
    ) -> None:
        self.outdir = outdir
        self.context = dict(context or {})
        self.stacks: list[TerraformStack] = []

    def synth(self) -> None:
        """Writes `manifest.json` and `stacks/<name>/cdk.tf.json` for each stack."""
        manifest: dict[str, JsonValue] = {}
        for stack in self.stacks:
            folder = Path(self.outdir, "stacks", stack.name)
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / "cdk.tf.json", stack.to_terraform())
            manifest[stack.name] = {
                "annotations": [],
                "constructPath": stack.name,
                "dependencies": [],
                "name": stack.name,
                "stackMetadataPath": f"stacks/{stack.name}/metadata.json",
                "synthesizedStackPath": f"stacks/{stack.name}/cdk.tf.json",
                "workingDirectory": f"stacks/{stack.name}",
            }
        _write(Path(self.outdir, "manifest.json"), {"stacks": manifest, "version": "stubbed"})


class TerraformStack:
    """One Terraform root module."""

    def __init__(self, scope: App, id: str) -> None:  # noqa: A002  # the name in cdktf
        self.name = id
        self.elements: list[TerraformElement] = []
        scope.stacks.append(self)

    def to_terraform(self) -> Fragment:
        """Returns the merged fragments of all elements."""
        merged: Fragment = {}
        for element in self.elements:
            _merge(merged, element.to_terraform())
        return merged


class TerraformElement:
    """Anything that contributes a fragment of Terraform JSON."""

    def __init__(self, scope: TerraformStack, id: str) -> None:  # noqa: A002  # the name in cdktf
        self.id = id
        scope.elements.append(self)

    def to_terraform(self) -> Fragment:
        """Returns this element's fragment."""
        return {}


class TerraformProvider(TerraformElement):
    """A provider block with its source address; subclasses override `to_terraform`."""

    def __init__(
        self,
        scope: TerraformStack,
        id: str,  # noqa: A002  # the name in cdktf
        *,
        terraform_resource_type: str,
        terraform_provider_source: str | None = None,
    ) -> None:
        super().__init__(scope, id)
        self.resource_type = terraform_resource_type
        self.source = terraform_provider_source


class TerraformBackend(TerraformElement):
    """Where the state lives; subclasses override `to_terraform`."""

    def __init__(self, scope: TerraformStack, id: str, name: str) -> None:  # noqa: A002
        super().__init__(scope, id)
        self.backend_name = name


def _merge(target: Fragment, fragment: Mapping[str, JsonValue]) -> None:
    for key, value in fragment.items():
        known = target.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(known, value)
        elif isinstance(value, dict):
            copy: Fragment = {}
            _merge(copy, value)
            target[key] = copy
        else:
            target[key] = value


def _write(path: Path, value: JsonValue) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
