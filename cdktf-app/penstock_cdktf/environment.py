"""The settings of one environment, `environments/<name>/environment.yaml`, as a frozen model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

from penstock_cdktf.address import not_an_address, resolve_addresses
from penstock_cdktf.document import JsonValue, Section, open_section
from penstock_cdktf.errors import AppError, Position, did_you_mean
from penstock_cdktf.pairs import Pair, read_pairs

NAMESPACE = r"[a-z0-9][a-z0-9._-]*"
IDENTIFIER = r"[a-zA-Z0-9][a-zA-Z0-9._-]*"
_NAMESPACE_WORDS = "lower-case letters, digits, `.`, `_` and `-`, and begin with a letter or digit"
_IDENTIFIER_WORDS = "letters, digits, `.`, `_` and `-`, and begin with a letter or digit"
_NAME = re.compile(r"[a-z][a-z0-9-]*")

Origin = Literal["git", "worktree", "lock"]


@dataclass(frozen=True, slots=True)
class Server:
    """The Penstock server of an environment."""

    endpoint: str
    tenant: str = "main"


@dataclass(frozen=True, slots=True)
class Backend:
    """A Terraform backend: its kind and its settings as written, credentials left to variables."""

    kind: str
    settings: Mapping[str, JsonValue]
    at: Position


@dataclass(frozen=True, slots=True)
class FlowSource:
    """Where an environment's flow texts come from."""

    origin: Origin = "git"
    ref: str = "HEAD"
    path: str = "cdktf-app/flows"


@dataclass(frozen=True, slots=True)
class Namespace:
    """What an environment declares for a namespace."""

    name: str
    description: str | None
    variables: Mapping[str, JsonValue]
    labels: Mapping[str, str]
    allowed_namespaces: tuple[str, ...] | None
    plugin_defaults: tuple[JsonValue, ...]


@dataclass(frozen=True, slots=True)
class SecretManager:
    """A pinned version of a secret in a secret manager."""

    kind: str
    project: str
    secret: str
    version: int
    endpoint: str | None


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of a namespace and where its value comes from."""

    namespace: str
    key: str
    description: str | None
    manager: SecretManager
    at: Position


@dataclass(frozen=True, slots=True)
class Schedule:
    """A timetable of this environment for a flow in the same namespace."""

    namespace: str
    id: str
    flow: str
    cron: str
    timezone: str | None
    inputs: Mapping[str, JsonValue]
    disabled: bool | None
    allow_concurrent: bool | None
    description: str | None
    at: Position


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment, everything in it checked."""

    name: str
    file: str
    owner: str
    server: Server
    backend: Backend
    flows: FlowSource
    namespaces: tuple[Namespace, ...]
    secrets: tuple[Secret, ...]
    schedules: tuple[Schedule, ...]
    kv: tuple[Pair, ...]

    def has_secret(self, namespace: str, key: str) -> bool:
        """Whether a flow of the namespace finds the secret, there or in a parent namespace."""
        return any(
            secret.key == key and (namespace + ".").startswith(secret.namespace + ".")
            for secret in self.secrets
        )


_KEYS = ("owner", "server", "backend", "flows", "namespaces", "secrets", "schedules", "kv")


def read_environment(text: str, *, name: str, file: str, environ: Mapping[str, str]) -> Environment:
    """Reads the text of an `environment.yaml`.

    Args:
        text: the YAML.
        name: the environment's name, its folder.
        file: how messages name the file.
        environ: the machine's environment, for `${env:NAME:-default}` in addresses.

    Raises:
        InvalidFileError: with every finding, each with line and column.
    """
    root = open_section(text, file=file, known=_KEYS)
    resolve_addresses(root.document, root.node, environ)
    environment = Environment(
        name=name,
        file=file,
        owner=root.text("owner") or f"terraform:{name}",
        server=_server(root),
        backend=_backend(root),
        flows=_flow_source(root),
        namespaces=tuple(_namespaces(root)),
        secrets=tuple(_secrets(root)),
        schedules=tuple(_schedules(root)),
        kv=read_pairs(root, namespace=NAMESPACE, key=IDENTIFIER),
    )
    root.document.finish()
    return environment


def load_environments(root: Path, *, environ: Mapping[str, str]) -> dict[str, Environment]:
    """Reads all of `environments/*/environment.yaml` below `root`, by name.

    Raises:
        AppError: there is none, or a folder's name cannot be an environment's.
        InvalidFileError: one of the files is wrong.
    """
    found: dict[str, Environment] = {}
    for path in sorted(root.glob("environments/*/environment.yaml")):
        name = path.parent.name
        file = path.relative_to(root).as_posix()
        if not _NAME.fullmatch(name):
            raise AppError(
                f"{file}: an environment's folder is named with lower-case letters, digits and "
                f"`-`; `{name}` is not."
            )
        text = path.read_text(encoding="utf-8")
        found[name] = read_environment(text, name=name, file=file, environ=environ)
    if not found:
        raise AppError(f"There is no environments/*/environment.yaml below {root}.")
    return found


def pick(environments: Mapping[str, Environment], name: str) -> Environment:
    """Returns the named environment, or raises a sentence with the nearest name."""
    if name not in environments:
        raise AppError(
            f"There is no environment `{name}`. {did_you_mean(name, tuple(environments))}"
        )
    return environments[name]


def _server(root: Section) -> Server:
    section = root.section("server", known=("endpoint", "tenant"), required=True)
    if section is None:
        return Server("")
    endpoint = section.must("endpoint")
    if endpoint and (why := not_an_address(endpoint)):
        section.report("endpoint", f"it {why}.")
    return Server(endpoint.rstrip("/"), section.text("tenant") or "main")


_BACKENDS = (
    "azurerm", "consul", "cos", "gcs", "http", "kubernetes", "local", "oci", "oss", "pg", "s3",
)  # fmt: skip


def _backend(root: Section) -> Backend:
    section = root.section("backend", known=_BACKENDS, required=True)
    if section is None:
        return Backend("local", {}, root.at)
    kinds = section.keys()
    if len(kinds) != 1:
        section.report(None, "it must hold exactly one kind of backend, such as `local` or `http`.")
        return Backend("local", {}, section.at)
    settings = section.table(kinds[0])
    if kinds[0] == "local":
        _check_local(section, settings)
    return Backend(kinds[0], settings, section.at)


def _check_local(section: Section, settings: Mapping[str, JsonValue]) -> None:
    path = settings.get("path")
    if not isinstance(path, str) or not path:
        section.report("local", "it needs `path`, relative to the repository's root.")
    elif Path(path).is_absolute():
        section.report(
            "local", "its `path` must be relative to the repository's root, not absolute."
        )


def _flow_source(root: Section) -> FlowSource:
    section = root.section("flows", known=("from", "ref", "path"))
    if section is None:
        return FlowSource()
    origin = section.choice("from", ("git", "worktree", "lock"), default="git")
    if origin != "git" and section.has("ref"):
        section.report("ref", f"flows from `{origin}` follow no ref; remove it.")
    path = section.text("path") or FlowSource().path
    if Path(path).is_absolute() or ".." in Path(path).parts:
        section.report("path", "it must lie inside the repository, relative to its root.")
    ref = section.text("ref", pattern=r"[^-].*", what="a Git ref") or "HEAD"
    return FlowSource(cast("Origin", origin), ref, Path(path).as_posix())


def _namespaces(root: Section) -> list[Namespace]:
    found: list[Namespace] = []
    known = ("description", "variables", "labels", "allowedNamespaces", "pluginDefaults")
    for name, section in root.entries("namespaces", known=known):
        if not re.fullmatch(NAMESPACE, name):
            section.report(None, f"a namespace may hold {_NAMESPACE_WORDS}.")
        labels = section.table("labels")
        for label, value in labels.items():
            if not isinstance(value, str):
                section.report("labels", f"the label `{label}` must be text; put it in quotes.")
        found.append(
            Namespace(
                name,
                section.text("description"),
                section.table("variables"),
                {label: str(value) for label, value in labels.items()},
                _allowed(section),
                _plugin_defaults(section),
            )
        )
    return found


def _allowed(section: Section) -> tuple[str, ...] | None:
    if not section.has("allowedNamespaces"):
        return None
    allowed = section.texts("allowedNamespaces")
    for name in allowed:
        if not re.fullmatch(rf"\*|{NAMESPACE}", name):
            section.report(
                "allowedNamespaces",
                f"`{name}` is neither `*` nor a namespace, which may hold {_NAMESPACE_WORDS}.",
            )
    return allowed


def _plugin_defaults(section: Section) -> tuple[JsonValue, ...]:
    for each in section.each("pluginDefaults", known=("type", "values", "forced", "ref")):
        each.must("type")
        each.flag("forced")
        each.text("ref")
        if not each.table("values"):
            each.report("values", "it needs at least one property with its value.")
    defaults = section.json("pluginDefaults")
    return tuple(defaults) if isinstance(defaults, list) else ()


def _secrets(root: Section) -> list[Secret]:
    found: dict[tuple[str, str], Secret] = {}
    for section in root.each("secrets", known=("namespace", "key", "description", "manager")):
        secret = Secret(
            section.must("namespace", pattern=NAMESPACE, what=_NAMESPACE_WORDS),
            section.must("key", pattern=r"[A-Za-z0-9_.-]+", what="letters, digits and `_.-`"),
            section.text("description"),
            _secret_manager(section),
            section.at,
        )
        if (secret.namespace, secret.key) in found:
            section.report(None, f"{secret.namespace}/{secret.key} is declared twice.")
        found[secret.namespace, secret.key] = secret
    return list(found.values())


def _secret_manager(secret: Section) -> SecretManager:
    known = ("kind", "project", "secret", "version", "endpoint")
    section = secret.section("manager", known=known, required=True)
    if section is None:
        return SecretManager("gcp", "", "", 1, None)
    version = section.must(
        "version",
        pattern="[1-9][0-9]*",
        what='a pinned version number in quotes, such as "3": Git then says which one is in use',
    )
    endpoint = section.text("endpoint")
    if endpoint and (why := not_an_address(endpoint)):
        section.report("endpoint", f"it {why}.")
    return SecretManager(
        section.choice("kind", ("gcp",), default="gcp"),
        section.must("project"),
        section.must("secret"),
        int(version) if version.isdecimal() else 1,
        endpoint.rstrip("/") if endpoint else None,
    )


_SCHEDULE = (
    "namespace", "id", "flow", "cron", "timezone", "inputs", "disabled", "allowConcurrent",
    "description",
)  # fmt: skip


def _schedules(root: Section) -> list[Schedule]:
    found: dict[tuple[str, str], Schedule] = {}
    for section in root.each("schedules", known=_SCHEDULE):
        schedule = Schedule(
            section.must("namespace", pattern=NAMESPACE, what=_NAMESPACE_WORDS),
            section.must("id", pattern=IDENTIFIER, what=_IDENTIFIER_WORDS),
            section.must("flow", pattern=IDENTIFIER, what=_IDENTIFIER_WORDS),
            _cron(section),
            _timezone(section),
            section.table("inputs"),
            section.flag("disabled"),
            section.flag("allowConcurrent"),
            section.text("description"),
            section.at,
        )
        if (schedule.namespace, schedule.id) in found:
            section.report(None, f"{schedule.namespace}/{schedule.id} is declared twice.")
        found[schedule.namespace, schedule.id] = schedule
    return list(found.values())


def _cron(section: Section) -> str:
    from cronsim import CronSim, CronSimError  # noqa: PLC0415  # only where there are schedules

    cron = section.must("cron")
    try:
        if cron:
            CronSim(cron, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        section.report("cron", f"`{cron}` is no cron expression: {error}.")
    return cron


def _timezone(section: Section) -> str | None:
    import zoneinfo  # noqa: PLC0415  # only where there are schedules

    name = section.text("timezone")
    if name is None:
        return None
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        close = did_you_mean(name, tuple(zoneinfo.available_timezones()))
        hint = close if close.startswith("Did") else "Use a name such as `Europe/Paris`."
        section.report("timezone", f"there is no time zone `{name}`.", hint=hint)
    return name
