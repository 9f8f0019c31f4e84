"""`env plan|apply`: from settings to a plan that is checked, and to that very plan applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from penstock_cdktf.conform import Conformance, check
from penstock_cdktf.environment import load_environments, pick
from penstock_cdktf.lock import read_locks
from penstock_cdktf.synth import synthesise
from penstock_cdktf.terraform import Terraform, environment_for, find_command


@dataclass(frozen=True, slots=True)
class Deployment:
    """What is to be deployed, and with what."""

    root: Path
    name: str
    outdir: Path
    environ: Mapping[str, str]
    terraform: Sequence[str] | None = None
    lock_timeout: str = "60s"
    dirty: bool = False
    quiet: bool = False
    heal: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: exit code 0 nothing to do or applied, 2 changes, 4 drift or mismatch."""

    environment: str
    changed: bool
    applied: bool
    exit_code: int
    conformance: Conformance | None


def plan(deployment: Deployment) -> Outcome:
    """Synthesises, plans, and checks the plan against the locks; leaves the plan in the stack."""
    terraform, follows_locks = _prepare(deployment)
    changed = terraform.plan()
    conformance = _conformance(deployment, terraform) if follows_locks else None
    if conformance and (conformance.mismatches or conformance.drift):
        return Outcome(deployment.name, changed, False, 4, conformance)
    return Outcome(deployment.name, changed, False, 2 if changed else 0, conformance)


def apply(deployment: Deployment) -> Outcome:
    """Plans as `plan` does and applies exactly that plan, if it is what the locks say.

    Drift stops it too, unless `heal` says that the locks shall win over the server.
    """
    terraform, follows_locks = _prepare(deployment)
    changed = terraform.plan()
    try:
        conformance = _conformance(deployment, terraform) if follows_locks else None
        if conformance and (conformance.mismatches or (conformance.drift and not deployment.heal)):
            return Outcome(deployment.name, changed, False, 4, conformance)
        if changed:
            terraform.apply()
        return Outcome(deployment.name, changed, changed, 0, conformance)
    finally:
        terraform.forget()


def _prepare(deployment: Deployment) -> tuple[Terraform, bool]:
    environ = deployment.environ
    command = find_command(deployment.terraform, environ)
    name = deployment.name
    environments = load_environments(deployment.root, environ=environ)
    follows_locks = pick(environments, name).flows.origin == "lock"
    synthesis = synthesise(
        deployment.root,
        outdir=deployment.outdir,
        environ=environ,
        only=[name],
        dirty=[name] if deployment.dirty else [],
    )
    terraform = Terraform(
        command,
        synthesis.stacks[name],
        environment_for(name, environ),
        deployment.lock_timeout,
        deployment.quiet,
    )
    terraform.init()
    return terraform, follows_locks


def _conformance(deployment: Deployment, terraform: Terraform) -> Conformance:
    return check(terraform.show(), read_locks(deployment.root, deployment.name))
