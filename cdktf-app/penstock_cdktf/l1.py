"""The provider's resources as typed, frozen values; a test holds them against its schema.

Field names are the attribute names of the provider. None leaves an attribute out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from penstock_cdktf.document import JsonValue

PROVIDER_SOURCE = "penstock/penstock"
PROVIDER_VERSION = "~> 0.1"
TERRAFORM_VERSION = ">= 1.11"


@dataclass(frozen=True, slots=True)
class Resource:
    """What `Resources.add` takes."""

    TYPE: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Namespace(Resource):
    """A namespace with what its flows inherit, and who else may use it."""

    TYPE: ClassVar[str] = "penstock_namespace"
    namespace: str
    description: str | None = None
    variables: Mapping[str, JsonValue] | None = None
    labels: Mapping[str, str] | None = None
    allowed_namespaces: Sequence[str] | None = None
    plugin_defaults: Sequence[JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class Flow(Resource):
    """One flow by its YAML text; namespace and id are in the text, and may be said again."""

    TYPE: ClassVar[str] = "penstock_flow"
    source: str
    namespace: str | None = None
    flow_id: str | None = None


@dataclass(frozen=True, slots=True)
class Flows(Resource):
    """All flows of one namespace, id to YAML text, written in one transaction."""

    TYPE: ClassVar[str] = "penstock_flows"
    namespace: str
    sources: Mapping[str, str] = field(default_factory=dict)
    prune: bool | None = None


@dataclass(frozen=True, slots=True)
class Secret(Resource):
    """A secret; the value is write-only, a new `value_wo_version` makes Terraform send it again."""

    TYPE: ClassVar[str] = "penstock_secret"
    namespace: str
    key: str
    value_wo: str
    value_wo_version: int
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Schedule(Resource):
    """A timetable for a flow."""

    TYPE: ClassVar[str] = "penstock_schedule"
    namespace: str
    schedule_id: str
    flow_id: str
    cron: str
    timezone: str | None = None
    inputs: Mapping[str, JsonValue] | None = None
    disabled: bool | None = None
    allow_concurrent: bool | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Kv(Resource):
    """A key-value pair of a namespace."""

    TYPE: ClassVar[str] = "penstock_kv"
    namespace: str
    key: str
    value: JsonValue
    type: str | None = None
    description: str | None = None
    ttl: str | None = None


@dataclass(frozen=True, slots=True)
class File(Resource):
    """One file of a namespace, of any bytes; `source` is a path, whose bytes are in no state."""

    TYPE: ClassVar[str] = "penstock_file"
    namespace: str
    path: str
    source: str | None = None
    content: str | None = None
    content_base64: str | None = None


@dataclass(frozen=True, slots=True)
class Files(Resource):
    """Text files of one namespace, path to text, written in one transaction."""

    TYPE: ClassVar[str] = "penstock_files"
    namespace: str
    files: Mapping[str, str]
    prune: bool | None = None


@dataclass(frozen=True, slots=True)
class Test(Resource):
    """Tests of a flow by their YAML text."""

    TYPE: ClassVar[str] = "penstock_test"
    source: str
    namespace: str | None = None
    test_id: str | None = None


@dataclass(frozen=True, slots=True)
class Ephemeral:
    """What `Resources.ephemeral` takes."""

    TYPE: ClassVar[str]


@dataclass(frozen=True, slots=True)
class SecretManagerValue(Ephemeral):
    """A value read from a secret manager for the length of one run; `.value` is never stored."""

    TYPE: ClassVar[str] = "penstock_secret_manager_value"
    manager: str
    project: str
    secret: str
    version: str
    endpoint: str | None = None
    region: str | None = None
    vault: str | None = None
    json_key: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Provenance: the repository and commit which the configuration was made from."""

    repository: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Provenance: the automation run that applies."""

    id: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """The provider block; the token comes from PENSTOCK_TOKEN and is never written."""

    endpoint: str
    tenant: str
    owner: str
    source: Source | None = None
    run: Run | None = None
