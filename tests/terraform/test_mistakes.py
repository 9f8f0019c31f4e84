"""Typical mistakes, each stopped at plan with a sentence that helps: a folder and a golden text each.

All of a group are modules of one configuration, so that one plan tells all of them. A folder has
`main.tf`, perhaps `before.tf` (what was applied before) and `server.json` (what others have put on
the server). `PENSTOCK_GOLDEN=write` writes the texts anew: read them before you commit them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from ..provider.workspace import Terraform  # noqa: TID252 (no name for `tests` at run time)

FOLDER = Path(__file__).parent / "mistakes"
GROUPS = ("validated", "planned")
NAMES = {group: sorted(each.name for each in (FOLDER / group).iterdir()) for group in GROUPS}
ALL = [(group, name) for group in GROUPS for name in NAMES[group]]
EITHER = frozenset(
    {
        "cyclic_subflow", "deleted_file", "full_namespace", "missing_subflow", "moved",
        "not_allowed", "pinned_revision", "plugin_defaults", "removed_input", "schedule_flow",
        "schedule_inputs", "shut_out", "subflow_input_missing", "subflow_input_type",
        "subflow_input_unknown", "subflow_output", "test_flow", "test_task", "two_resources",
        "used_flow", "used_member", "used_secret", "used_variable", "wrong_namespace",
    }
)  # fmt: skip
PROVIDERS = (
    'terraform {\n  required_providers {\n    penstock = { source = "penstock/penstock" }\n  }\n}\n'
)


def lay_out(directory: Path, group: str, *, before: bool) -> str:
    """Copies the modules of a group, and gives the text of the configuration that uses them."""
    text = ""
    for name in NAMES[group]:
        source = FOLDER / group / name
        module = directory / name
        shutil.rmtree(module, ignore_errors=True)
        module.mkdir()
        (module / "versions.tf").write_text(PROVIDERS)
        part = source / ("before.tf" if before else "main.tf")
        (module / "main.tf").write_text(part.read_text() if part.exists() else "")
        text += f'module "{name}" {{\n  source = "./{name}"\n}}\n'
    return text


def told(output: str) -> dict[str, list[str]]:
    """The diagnostics of each module, as text."""
    found: dict[str, list[str]] = {}
    for line in output.splitlines():
        event = json.loads(line)
        diagnostic = event.get("diagnostic")
        if diagnostic is None:
            continue
        said = f"{diagnostic['summary']} {diagnostic['detail']}"
        place = diagnostic.get("range")
        named = re.search(r"mistakes\.([a-z]+(?:-[a-z]+)*)", said)
        if place is not None:
            module = place["filename"].partition("/")[0]
        else:
            module = named[1].removesuffix("-owner").replace("-", "_") if named else ""
        # What two resources have to do with each other is told with the later one, either of them.
        # Of a member of a map, releases of Terraform name lines of their own choice.
        attribute = re.match(r" ? ?\w+ += ", (diagnostic.get("snippet") or {}).get("code", ""))
        where = f"  on {place['filename']} line {place['start']['line']}\n" if attribute else ""
        if module in EITHER:
            where = ""
        detail = "\n".join(f"  {each}" for each in diagnostic["detail"].splitlines())
        found.setdefault(module, []).append(
            f"{diagnostic['severity'].capitalize()}: {diagnostic['summary']}\n{where}\n{detail}\n"
        )
    return found


@pytest.fixture(scope="module")
def mistakes(tmp_path_factory, server, reattach):
    found = {}
    for group in GROUPS:
        terraform = Terraform(tmp_path_factory.mktemp(group), server.url, server.token, reattach)
        for name in NAMES[group]:
            setup = FOLDER / group / name / "server.json"
            for each in json.loads(setup.read_text()) if setup.exists() else ():
                server.put(each["put"], each["body"], **{"Penstock-Owner": each["owner"]})
        terraform.write(lay_out(terraform.directory, group, before=True))
        terraform.run("get")
        if group == "planned":
            terraform.apply()
        terraform.write(lay_out(terraform.directory, group, before=False))
        # A plan that succeeds would say so; this one must not.
        output = terraform.run("plan", "-json", code=1)
        found[group] = told(output)
        if group == "planned":
            terraform.write(lay_out(terraform.directory, group, before=True))
            terraform.run("destroy", "-auto-approve")
    return found


@pytest.mark.parametrize(("group", "name"), ALL)
def test_D33_a_mistake_is_stopped_at_plan(mistakes, group, name):
    found = mistakes[group].get(name, [])
    text = "\n".join(sorted(found))
    golden = FOLDER / group / name / "told.txt"
    if os.environ.get("PENSTOCK_GOLDEN") == "write":
        golden.write_text(text)
    assert any(each.startswith("Error: ") for each in found)
    assert text == golden.read_text()


def test_D33_there_are_the_ten_and_thirty_more():
    ten = {
        "typo", "missing_secret", "cyclic_subflow", "wrong_cron", "removed_input", "renamed_task",
        "bad_image", "wrong_namespace", "deleted_file", "too_short_timeout",
    }  # fmt: skip
    assert ten <= set(NAMES["planned"])
    assert len(ALL) >= 40
