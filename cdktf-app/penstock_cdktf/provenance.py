"""Which repository, commit and automation run a configuration comes from."""

from __future__ import annotations

from collections.abc import Mapping

from penstock_cdktf.l1 import Run, Source
from penstock_cdktf.repository import Repository


def find_source(repository: Repository, commit: str | None) -> Source | None:
    """Returns the provenance of flows read from a commit; none for an uncommitted working tree."""
    if commit is None:
        return None
    return Source(repository.remote(), commit)


def find_run(environ: Mapping[str, str]) -> Run | None:
    """Returns the automation run that this process belongs to, from its environment variables.

    `PENSTOCK_RUN_ID` and `PENSTOCK_RUN_URL` come first; the usual variables of three widespread
    automation servers are understood as well. No server is asked.
    """
    get = environ.get
    if run_id := get("PENSTOCK_RUN_ID"):
        return Run(run_id, get("PENSTOCK_RUN_URL"))
    if run_id := get("GITHUB_RUN_ID"):
        server, repository = get("GITHUB_SERVER_URL"), get("GITHUB_REPOSITORY")
        complete = server and repository
        return Run(run_id, f"{server}/{repository}/actions/runs/{run_id}" if complete else None)
    if run_id := get("CI_JOB_ID"):
        return Run(run_id, get("CI_JOB_URL"))
    if run_id := get("BUILD_ID"):
        return Run(run_id, get("BUILD_URL"))
    return None
