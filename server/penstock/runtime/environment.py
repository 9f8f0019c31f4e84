"""What expressions see of the process that runs them."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.engine.variables import Environment

_ENV_PREFIX = "ENV_"


def environment_of(
    variables: Mapping[str, str], *, name: str | None, url: str | None
) -> Environment:
    """`variables` that begin with ``ENV_`` are shown as ``envs.*``, in lower case.

    Args:
        variables: the process's environment.
        name: what `kestra.environment` says.
        url: how people reach the server, for links.
    """
    envs = {
        key.removeprefix(_ENV_PREFIX).lower(): value
        for key, value in variables.items()
        if key.startswith(_ENV_PREFIX)
    }
    return Environment(envs=envs, name=name, url=url)
