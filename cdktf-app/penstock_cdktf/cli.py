"""`env …` and `promote …`: the commands of the CDK app, which `penstock` delegates to.

Exit codes: 0 nothing to do or done, 1 error, 2 changes, 3 blocked, 4 drift.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from penstock_cdktf.document import JsonValue
from penstock_cdktf.errors import AppError

if TYPE_CHECKING:
    from penstock_cdktf.promote import Route, Wish
    from penstock_cdktf.proposal import Proposal


def main(argv: Sequence[str], *, terraform: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code.

    Args:
        argv: the arguments, beginning with the group: `["env", "plan", "dev"]`.
        terraform: the Terraform command; PENSTOCK_TERRAFORM and PATH decide when left out.
    """
    arguments = _parser().parse_args(list(argv))
    run: Callable[[argparse.Namespace, Sequence[str] | None], int] = arguments.run
    try:
        return run(arguments, terraform)
    except AppError as error:
        if arguments.output == "json":
            _say(arguments, {"error": str(error)}, "")
        else:
            sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--root", type=Path, default=Path(), help="folder with environments/")
    common.add_argument("--output", choices=("text", "json"), default="text")
    parser = argparse.ArgumentParser(prog="penstock")
    groups = parser.add_subparsers(required=True, metavar="GROUP")
    _env_parser(groups.add_parser("env", help="synthesise, plan and apply environments"), common)
    _promote_parser(groups.add_parser("promote", help="promote proven content"), common)
    return parser


def _env_parser(group: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    verbs = group.add_subparsers(required=True, metavar="COMMAND")
    for verb, run, about in (
        ("synth", _synth, "write cdktf.out/stacks/ENV/cdk.tf.json"),
        ("plan", _plan_env, "synthesise, plan with Terraform, check against the locks"),
        ("apply", _apply_env, "plan, check, and apply exactly that plan"),
    ):
        one = verbs.add_parser(verb, help=about, parents=[common])
        one.add_argument("env", nargs="*" if verb == "synth" else None)
        one.add_argument("--out", type=Path, help="build output (CDKTF_OUTDIR, cdktf.out)")
        one.add_argument("--dirty", action="store_true", help="flows from the working tree")
        if verb != "synth":
            one.add_argument("--lock-timeout", default="60s", help="wait for the state's lock")
        one.set_defaults(run=run, heal=False)
        if verb == "apply":
            one.add_argument("--heal", action="store_true", help="let the locks win over drift")
    status = verbs.add_parser("status", help="what is deployed where", parents=[common])
    status.add_argument("env", nargs="*", help="all of them when none is named")
    status.add_argument("--kind", action="append", help="only objects of this kind")
    status.add_argument("--select", action="append", default=[], metavar="PATTERN")
    status.set_defaults(run=_matrix)


def _promote_parser(group: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    verbs = group.add_subparsers(required=True, metavar="COMMAND")
    route = argparse.ArgumentParser(add_help=False, parents=[common])
    route.add_argument("--from", dest="source", help="environment that proves")
    route.add_argument("--to", dest="target", help="environment that is promoted to")
    wish = argparse.ArgumentParser(add_help=False, parents=[route])
    wish.add_argument("--select", action="append", default=[], metavar="PATTERN")
    wish.add_argument("--with-closure", action="store_true", help="and the subflows of these")
    wish.add_argument("--allow-remove", action="store_true")
    wish.add_argument("--override-gates", metavar="REASON", help="recorded in the lock")
    verbs.add_parser("status", parents=[route]).set_defaults(run=_status)
    plan = verbs.add_parser("plan", parents=[wish])
    plan.add_argument("--markdown", action="store_true", help="for a pull request")
    plan.set_defaults(run=_plan)
    apply = verbs.add_parser("apply", parents=[wish])
    apply.add_argument("--ready", action="store_true", help="write what is not blocked")
    apply.add_argument("--commit", action="store_true", help="commit the changed locks")
    apply.set_defaults(run=_apply)
    back = verbs.add_parser("rollback", parents=[common])
    back.add_argument("flow", nargs="?", metavar="NAMESPACE/ID")
    back.add_argument("--to", dest="commit_id", metavar="COMMIT")
    back.add_argument("--env", dest="target", help="environment to roll back")
    back.add_argument("--select", action="append", default=[], metavar="PATTERN")
    back.add_argument("--commit", action="store_true", help="commit the changed locks")
    back.set_defaults(run=_rollback, source=None)
    verify = verbs.add_parser("verify", parents=[route])
    verify.add_argument("--offline", action="store_true", help="ask no server")
    verify.set_defaults(run=_verify)


def _say(arguments: argparse.Namespace, value: JsonValue, text: str) -> None:
    shown = json.dumps(value, indent=2, ensure_ascii=False) if arguments.output == "json" else text
    sys.stdout.write(shown + "\n")


def _outdir(arguments: argparse.Namespace, root: Path) -> Path:
    given: Path | None = arguments.out
    return given or Path(os.environ.get("CDKTF_OUTDIR") or root / "cdktf.out")


def _synth(arguments: argparse.Namespace, _: Sequence[str] | None) -> int:
    from penstock_cdktf.synth import synthesise  # noqa: PLC0415

    root: Path = arguments.root
    done = synthesise(
        root,
        outdir=_outdir(arguments, root),
        environ=os.environ,
        only=arguments.env,
        dirty=_dirty(arguments, root),
    )
    stacks: list[JsonValue] = [
        {"environment": name, "folder": str(folder), "flows": done.flows[name]}
        for name, folder in done.stacks.items()
    ]
    lines = [
        f"{name}: {done.flows[name]} flows in {folder}" for name, folder in done.stacks.items()
    ]
    _say(arguments, {"library": done.library, "stacks": stacks}, "\n".join(lines))
    return 0


def _dirty(arguments: argparse.Namespace, root: Path) -> Sequence[str]:
    from penstock_cdktf.environment import load_environments  # noqa: PLC0415

    if not arguments.dirty:
        return ()
    if arguments.env:
        return tuple(arguments.env)
    found = load_environments(root, environ=os.environ)
    return [name for name, one in found.items() if one.flows.origin != "lock"]


def _plan_env(arguments: argparse.Namespace, terraform: Sequence[str] | None) -> int:
    return _deploy(arguments, terraform, verb="plan")


def _apply_env(arguments: argparse.Namespace, terraform: Sequence[str] | None) -> int:
    return _deploy(arguments, terraform, verb="apply")


def _deploy(arguments: argparse.Namespace, terraform: Sequence[str] | None, *, verb: str) -> int:
    from penstock_cdktf import deployment, report  # noqa: PLC0415

    wanted = deployment.Deployment(
        root=arguments.root,
        name=arguments.env,
        outdir=_outdir(arguments, arguments.root),
        environ=os.environ,
        terraform=terraform,
        lock_timeout=arguments.lock_timeout,
        dirty=arguments.dirty,
        quiet=arguments.output == "json",
        heal=arguments.heal,
    )
    outcome = deployment.plan(wanted) if verb == "plan" else deployment.apply(wanted)
    _say(arguments, report.outcome_json(outcome), report.outcome_text(outcome))
    return outcome.exit_code


def _matrix(arguments: argparse.Namespace, _: Sequence[str] | None) -> int:
    from penstock_cdktf import matrix  # noqa: PLC0415
    from penstock_cdktf.environment import load_environments, pick  # noqa: PLC0415
    from penstock_cdktf.errors import did_you_mean  # noqa: PLC0415

    kinds: Sequence[str] = arguments.kind or matrix.KINDS
    for kind in kinds:
        if kind not in matrix.KINDS:
            raise AppError(f"There is no kind `{kind}`. {did_you_mean(kind, matrix.KINDS)}")
    there = load_environments(arguments.root, environ=os.environ)
    names: Sequence[str] = arguments.env or tuple(there)
    found = matrix.read_matrix(
        [pick(there, name) for name in names], os.environ, kinds=kinds, select=arguments.select
    )
    _say(arguments, matrix.matrix_json(found), matrix.matrix_text(found))
    return found.exit_code


def _status(arguments: argparse.Namespace, _: Sequence[str] | None) -> int:
    from penstock_cdktf import report, verify  # noqa: PLC0415

    route = _route(arguments)
    found = verify.status(route)
    names = {"source": route.source.name, "target": route.target.name}
    _say(arguments, report.status_json(found, **names), report.status_text(found, **names))
    return found.exit_code


def _plan(arguments: argparse.Namespace, _: Sequence[str] | None) -> int:
    from penstock_cdktf import promote, report  # noqa: PLC0415

    route = _route(arguments)
    found = promote.plan(route, _wish(arguments), now=datetime.now(UTC))
    names = {"source": route.source.name, "target": route.target.name}
    text = report.proposal_text(found)
    if arguments.markdown:
        text = report.proposal_markdown(found, **names)
    _say(arguments, report.proposal_json(found, **names), text)
    return found.exit_code


def _apply(arguments: argparse.Namespace, _: Sequence[str] | None) -> int:
    from penstock_cdktf import promote, report  # noqa: PLC0415

    route = _route(arguments)
    found = promote.plan(route, _wish(arguments), now=datetime.now(UTC))
    written = promote.apply(route, found, ready=arguments.ready)
    names = {"source": route.source.name, "target": route.target.name}
    text = report.proposal_text(found, diffs=False)
    if written:
        text += "\n" + "\n".join(f"wrote {name}" for name in written)
    elif found.blocked:
        text += "\nNothing was written. --select promotes a part, --ready what is not blocked."
    _say(arguments, report.proposal_json(found, **names, written=written), text)
    _commit(arguments, written, f"Promote {_title(found)} from {route.source.name}")
    return 3 if found.blocked else 0


def _title(found: Proposal) -> str:
    changes = [str(item.ref) for item in found.changes if not item.blocked]
    return changes[0] if len(changes) == 1 else f"{len(changes)} flows"


def _commit(arguments: argparse.Namespace, written: Sequence[str], message: str) -> None:
    from penstock_cdktf.repository import Repository  # noqa: PLC0415

    if arguments.commit and written:
        Repository(arguments.root).commit_files(written, message)


def _rollback(arguments: argparse.Namespace, _: Sequence[str] | None) -> int:
    from penstock_cdktf.rollback import roll_back  # noqa: PLC0415

    route = _route(arguments)
    written = roll_back(route, flow=arguments.flow, to=arguments.commit_id, select=arguments.select)
    text = "\n".join(f"wrote {name}" for name in written) or "Nothing to do."
    _say(arguments, {"written": list(written)}, text)
    _commit(arguments, written, f"Roll back {arguments.flow or 'to ' + arguments.commit_id}")
    return 0


def _verify(arguments: argparse.Namespace, _: Sequence[str] | None) -> int:
    from penstock_cdktf import report, verify  # noqa: PLC0415

    found = verify.verify(_route(arguments), offline=arguments.offline)
    _say(arguments, report.verification_json(found), report.verification_text(found))
    return found.exit_code


def _route(arguments: argparse.Namespace) -> Route:
    from penstock_cdktf.promote import find_route  # noqa: PLC0415

    return find_route(
        arguments.root, source=arguments.source, target=arguments.target, environ=os.environ
    )


def _wish(arguments: argparse.Namespace) -> Wish:
    from penstock_cdktf.promote import Wish  # noqa: PLC0415

    return Wish(
        select=arguments.select,
        with_closure=arguments.with_closure,
        allow_remove=arguments.allow_remove,
        override_reason=arguments.override_gates,
    )
