"""Every knob of the server, each with an environment variable ``PENSTOCK_<NAME>``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from penstock.model.plugin_default import PluginDefault


class Settings(BaseSettings):
    """Read from the environment; options of the command line win over it."""

    model_config = SettingsConfigDict(env_prefix="PENSTOCK_", extra="ignore")

    host: Annotated[str, Field(description="Address to listen on. Example: 0.0.0.0")] = "127.0.0.1"
    port: Annotated[
        int, Field(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    ] = 8484
    data: Annotated[
        Path,
        Field(
            description="Folder of the embedded database, keys and files of executions. "
            "Example: /var/lib/penstock"
        ),
    ] = Path("penstock-data")
    storage: Annotated[
        str | None,
        Field(
            description="Where files of executions and namespaces are kept; the data folder by "
            "default. The bucket's keys come from the environment, as AWS's tools read them. "
            "Example: s3://my-bucket/penstock"
        ),
    ] = None
    storage_endpoint: Annotated[
        str | None,
        Field(
            description="Address of a service that speaks S3; Amazon's by default. "
            "Example: https://minio.example.com"
        ),
    ] = None
    storage_region: Annotated[str | None, Field(description="Region of the bucket.")] = None
    local_files: Annotated[
        Path | None,
        Field(
            description="Folder of this machine that flows may read as file:// URIs; none by "
            "default. Example: /srv/penstock-files"
        ),
    ] = None
    database: Annotated[
        str | None,
        Field(
            description="Database URL; an SQLite file in the data folder by default. "
            "Example: postgresql+psycopg://penstock@db/penstock"
        ),
    ] = None
    workers: Annotated[
        int, Field(ge=1, le=1_000, description="How many tasks run at once in this process.")
    ] = 8
    master_key: Annotated[
        SecretStr | None,
        Field(
            description="32 bytes in base64 that encrypt the secrets; by default the file "
            "master.key in the data folder, made at first start."
        ),
    ] = None
    url: Annotated[
        str | None,
        Field(
            description="How people reach this server, for links. "
            "Example: https://penstock.example.com"
        ),
    ] = None
    environment: Annotated[
        str | None, Field(description="Name that expressions read as `kestra.environment`.")
    ] = None
    namespaces: Annotated[
        Literal["isolated", "open"],
        Field(
            description="Whether flows may use secrets, pairs, files and flows of namespaces that "
            "declare no allowedNamespaces: isolated (only their own and those above) or open."
        ),
    ] = "isolated"
    plugin_defaults: Annotated[
        list[PluginDefault],
        Field(
            description="Plugin defaults of all flows, as JSON. "
            'Example: [{"type": "core.http", "values": {"timeout": "PT1M"}}]'
        ),
    ] = []
    recover_missed_schedules: Annotated[
        Literal["ALL", "LAST", "NONE"],
        Field(
            description="What happens to dates that a schedule missed, where it does not say: ALL "
            "are caught up on (at most the latest 100), only the LAST, or NONE."
        ),
    ] = "ALL"
    terraform_state: Annotated[
        Literal["off", "on"],
        Field(
            description="Whether this server keeps states of Terraform for its `http` backend. "
            "A server cannot be rebuilt from a state that is lost with it."
        ),
    ] = "off"
    terraform_state_versions: Annotated[
        int, Field(ge=1, le=10_000, description="How many versions of each state are kept.")
    ] = 30
    max_body: Annotated[
        int, Field(ge=1_024, description="Largest body of a single object, in bytes.")
    ] = 1024 * 1024
    max_set_body: Annotated[
        int, Field(ge=1_024, description="Largest body of a set or state, in bytes.")
    ] = 16 * 1024 * 1024
    max_upload: Annotated[
        int,
        Field(ge=1_024, description="Largest body of a new execution with files, in bytes."),
    ] = 1024 * 1024 * 1024
    shutdown_seconds: Annotated[
        float, Field(ge=0, description="How long running tasks may go on when the server stops.")
    ] = 10.0
    log_level: Annotated[
        str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least level of log lines.")
    ] = "INFO"

    @property
    def state_versions(self) -> int | None:
        """How many versions of a Terraform state are kept; None when no states are."""
        return self.terraform_state_versions if self.terraform_state == "on" else None

    @property
    def database_url(self) -> str:
        """The database to use."""
        return self.database or f"sqlite:///{self.data.resolve() / 'penstock.db'}"
