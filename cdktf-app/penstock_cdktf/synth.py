"""From environments to `cdktf.out/stacks/<env>/cdk.tf.json`, byte for byte the same everywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast

from penstock_cdktf.document import JsonValue
from penstock_cdktf.environment import Environment, load_environments, pick
from penstock_cdktf.environment_files import EnvironmentFile, read_files
from penstock_cdktf.errors import AppError
from penstock_cdktf.provenance import find_run, find_source
from penstock_cdktf.repository import Repository
from penstock_cdktf.sources import FlowSet, read_flows
from penstock_cdktf.state import refuse_shared_state


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What was written: the library that did it, and each environment's folder and flow count."""

    library: str
    stacks: Mapping[str, Path]
    flows: Mapping[str, int]


class Ready(NamedTuple):
    """An environment with everything that was read for it."""

    environment: Environment
    flows: FlowSet
    files: tuple[EnvironmentFile, ...]


def synthesise(
    root: Path,
    *,
    outdir: Path,
    environ: Mapping[str, str],
    only: Sequence[str] = (),
    dirty: Sequence[str] = (),
) -> Synthesis:
    """Synthesises environments.

    Args:
        root: the folder that holds `environments/`.
        outdir: the build output; `stacks/<env>/` with `cdk.tf.json`, `flows/` and `files/` goes
            there.
        environ: the machine's environment.
        only: names of environments; empty means all.
        dirty: environments whose flows come from the working tree whatever their settings say.

    Raises:
        AppError: with a sentence for everything that is wrong. Environments that are right are
            written all the same, so that one which waits for its first promotion stops no other.
    """
    environments = load_environments(root, environ=environ)
    refuse_shared_state(environments.values(), root)
    chosen = [pick(environments, name) for name in (only or tuple(environments))]
    failures: list[AppError] = []
    ready: list[Ready] = []
    for environment in chosen:
        try:
            flows = read_flows(root, environment, dirty=environment.name in dirty)
            _check(environment, flows)
            files = read_files(root, environment.name)
            ready.append(Ready(environment, flows, files))
        except AppError as error:
            failures.append(error)
    written = _write(root, ready, outdir=outdir, environ=environ)
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise AppError("\n".join(str(error) for error in failures))
    return written


def _check(environment: Environment, flows: FlowSet) -> None:
    from penstock_cdktf.stack import check_schedules  # noqa: PLC0415  # loads the CDK library

    check_schedules(environment, flows)


def _write(
    root: Path,
    ready: Sequence[Ready],
    *,
    outdir: Path,
    environ: Mapping[str, str],
) -> Synthesis:
    from penstock_cdktf.compat import LIBRARY, App  # noqa: PLC0415  # starts Node
    from penstock_cdktf.stack import EnvironmentStack  # noqa: PLC0415

    outdir.mkdir(parents=True, exist_ok=True)
    # One library refuses ephemeral and write-only blocks unless the target is said.
    app = App(outdir=str(outdir), context={"targetVersions": {"terraform": ">=1.11.0"}})
    repository, run = Repository(root), find_run(environ)
    for environment, flows, files in ready:
        source = find_source(repository, flows.commit)
        EnvironmentStack(app, root, environment, flows=flows, files=files, source=source, run=run)
    app.synth()
    stacks: dict[str, Path] = {}
    for environment, flows, files in ready:
        folder = outdir / "stacks" / environment.name
        texts = {f"{flow.sha256}.yaml": flow.data for flow in flows.flows.values()}
        copy_contents(folder / "flows", texts)
        copy_contents(folder / "files", {file.sha256: file.data for file in files})
        canonicalise(folder / "cdk.tf.json", environment)
        stacks[environment.name] = folder
    counts = {environment.name: len(flows.flows) for environment, flows, _ in ready}
    return Synthesis(LIBRARY, stacks, counts)


def copy_contents(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Puts each content into the folder, byte for byte, and removes what is stale."""
    folder.mkdir(parents=True, exist_ok=True)
    present = {path.name: path for path in folder.iterdir()}
    for name in present.keys() - contents.keys():
        present[name].unlink()
    for name, data in contents.items():
        # Always written: a file that somebody touched must not survive under the old hash.
        (folder / name).write_bytes(data)


def canonicalise(path: Path, environment: Environment) -> None:
    """Rewrites a stack's file: sorted, and without the marks of the library that wrote it."""
    document = cast("dict[str, JsonValue]", json.loads(path.read_text(encoding="utf-8")))
    document["//"] = {
        "metadata": {
            "backend": environment.backend.kind,
            "stackName": environment.name,
            "version": "stubbed",
        },
        "outputs": {},
    }
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
