"""One environment as one Terraform root module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from penstock_cdktf import l1
from penstock_cdktf.backend import RawBackend
from penstock_cdktf.compat import App, TerraformProvider, TerraformStack
from penstock_cdktf.document import JsonValue
from penstock_cdktf.environment import Environment, Schedule
from penstock_cdktf.environment_files import EnvironmentFile, read_files
from penstock_cdktf.errors import InvalidFileError, Problem, nearest
from penstock_cdktf.flowtext import FlowRef
from penstock_cdktf.names import terraform_name
from penstock_cdktf.resources import Ref, Resources, block
from penstock_cdktf.sources import FlowSet, read_flows
from penstock_cdktf.state import backend_settings


class PenstockProvider(TerraformProvider):
    """The provider block; its token is read from PENSTOCK_TOKEN by the provider itself."""

    def __init__(self, scope: TerraformStack, settings: l1.Provider) -> None:
        super().__init__(
            scope,
            "penstock",
            terraform_resource_type="penstock",
            terraform_provider_source=l1.PROVIDER_SOURCE,
        )
        self._settings = settings

    def to_terraform(self) -> dict[str, JsonValue]:
        """Returns the provider block and its requirement; the CDK library calls this."""
        required: dict[str, JsonValue] = {
            "penstock": {"source": l1.PROVIDER_SOURCE, "version": l1.PROVIDER_VERSION}
        }
        return {
            "terraform": {
                "required_providers": required,
                "required_version": l1.TERRAFORM_VERSION,
            },
            "provider": {"penstock": [escaped(block(self._settings))]},
        }


def escaped(settings: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Returns a provider block's settings with `source` in the block `_`, where it is allowed.

    Terraform reserves the argument `source` of provider blocks. In its JSON syntax a nested block
    of that name looks like the argument; the block `_` says that what it holds is the provider's.
    """
    kept = {name: value for name, value in settings.items() if name != "source"}
    return {**kept, "_": {"source": settings["source"]}} if "source" in settings else kept


class EnvironmentStack(TerraformStack):
    """Backend, provider and every object of one environment.

    Args:
        app: the CDK app.
        root: the folder that holds `environments/`.
        environment: its settings.
        flows: its flow texts; read from where the settings say when left out.
        files: its files of namespaces; read from beside the settings when left out.
        source: provenance for the provider block.
        run: provenance for the provider block.
    """

    def __init__(
        self,
        app: App,
        root: Path,
        environment: Environment,
        *,
        flows: FlowSet | None = None,
        files: Sequence[EnvironmentFile] | None = None,
        source: l1.Source | None = None,
        run: l1.Run | None = None,
    ) -> None:
        super().__init__(app, environment.name)
        self.environment = environment
        self.flows = read_flows(root, environment) if flows is None else flows
        check_schedules(environment, self.flows)
        folder = Path(app.outdir, "stacks", environment.name)
        settings = backend_settings(environment.backend, root=root, stack=folder)
        RawBackend(self, environment.backend.kind, settings)
        server = environment.server
        PenstockProvider(
            self, l1.Provider(server.endpoint, server.tenant, environment.owner, source, run)
        )
        self.resources = Resources(self)
        self._add_namespaces()
        self._add_schedules(self._add_flows())
        self._add_secrets()
        self._add_pairs()
        self._add_files(read_files(root, environment.name) if files is None else files)

    def _add_namespaces(self) -> None:
        for namespace in self.environment.namespaces:
            self.resources.add(
                terraform_name(namespace.name),
                l1.Namespace(
                    namespace.name,
                    namespace.description,
                    namespace.variables or None,
                    namespace.labels or None,
                    namespace.allowed_namespaces,
                    namespace.plugin_defaults or None,
                ),
            )

    def _add_flows(self) -> Mapping[str, str]:
        sources: dict[str, dict[str, str]] = {}
        for ref, flow in sorted(self.flows.flows.items()):
            sources.setdefault(ref.namespace, {})[ref.id] = flow_file(flow.sha256)
        return {
            namespace: self.resources.add(terraform_name(namespace), l1.Flows(namespace, texts))
            for namespace, texts in sources.items()
        }

    def _add_schedules(self, flows: Mapping[str, str]) -> None:
        for schedule in self.environment.schedules:
            self.resources.add(
                terraform_name(schedule.namespace, schedule.id),
                l1.Schedule(
                    schedule.namespace,
                    schedule.id,
                    schedule.flow,
                    schedule.cron,
                    schedule.timezone,
                    schedule.inputs or None,
                    schedule.disabled,
                    schedule.allow_concurrent,
                    schedule.description,
                ),
                depends_on=[flows[schedule.namespace]],
            )

    def _add_secrets(self) -> None:
        for secret in self.environment.secrets:
            name, manager = terraform_name(secret.namespace, secret.key), secret.manager
            value = self.resources.ephemeral(
                name,
                l1.SecretManagerValue(
                    manager.kind,
                    manager.project,
                    manager.secret,
                    str(manager.version),
                    manager.endpoint,
                ),
                attribute="value",
            )
            self.resources.add(
                name,
                l1.Secret(secret.namespace, secret.key, value, manager.version, secret.description),
            )

    def _add_pairs(self) -> None:
        for pair in self.environment.kv:
            self.resources.add(
                terraform_name(pair.namespace, pair.key),
                l1.Kv(pair.namespace, pair.key, pair.value, pair.type, pair.description, pair.ttl),
            )

    def _add_files(self, files: Sequence[EnvironmentFile]) -> None:
        texts: dict[str, dict[str, str]] = {}
        for file in files:
            path = f"${{path.module}}/files/{file.sha256}"
            if file.is_text:
                reads = Ref(f'${{file("{path}")}}')
                texts.setdefault(file.namespace, {})[file.path] = reads
            else:
                self.resources.add(
                    terraform_name(file.namespace, file.path),
                    l1.File(file.namespace, file.path, Ref(f'${{abspath("{path}")}}')),
                )
        for namespace, members in texts.items():
            self.resources.add(terraform_name(namespace), l1.Files(namespace, members))


def flow_file(digest: str) -> Ref:
    """Returns the expression that reads a flow's text from the stack's own folder."""
    return Ref(f'${{file("${{path.module}}/flows/{digest}.yaml")}}')


def check_schedules(environment: Environment, flows: FlowSet) -> None:
    """Raises InvalidFileError when a schedule names a flow that the environment does not have."""
    problems = [
        _missing_flow(environment, schedule, flows)
        for schedule in environment.schedules
        if FlowRef(schedule.namespace, schedule.flow) not in flows.flows
    ]
    if problems:
        raise InvalidFileError(problems)


def _missing_flow(environment: Environment, schedule: Schedule, flows: FlowSet) -> Problem:
    there = flows.of(schedule.namespace)
    close = nearest(schedule.flow, there)
    if close:
        hint = f"Did you mean `{close}`?"
    elif environment.flows.origin == "lock":
        hint = f"Promote it: penstock promote apply --to {environment.name}."
    else:
        hint = f"Its flows come from {environment.flows.path} ({environment.flows.origin})."
    return Problem(
        schedule.at,
        f"Schedule {schedule.namespace}/{schedule.id} starts the flow `{schedule.flow}`, which "
        f"`{environment.name}` does not have in {schedule.namespace}.",
        hint,
    )
