"""The manual's examples are read by the code, and no setting or command is missing from it."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from penstock_cdktf.cli import main
from penstock_cdktf.environment import read_environment
from penstock_cdktf.gates import Gates, read_policy

MANUAL = (Path(__file__).parents[2] / "docs/promotion.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", MANUAL, re.DOTALL | re.MULTILINE)


def test_the_example_of_an_environment_is_valid_and_uses_every_setting():
    found = read_environment(EXAMPLES[0], name="prod", file="m", environ={})
    unset = [
        f"{type(value).__name__}.{field.name}"
        for value in (found, *found.namespaces, *found.secrets, *found.schedules)
        for field in dataclasses.fields(value)
        if getattr(value, field.name) in (None, (), {}, "")
    ]
    assert unset == []


def test_the_example_of_a_policy_is_valid_and_uses_every_gate():
    policy = read_policy(EXAMPLES[1], file="m")
    assert policy.may_override
    assert all(
        re.search(rf"^  {field.name}:", EXAMPLES[1], re.MULTILINE)
        for field in dataclasses.fields(Gates)
    )


@pytest.mark.parametrize(
    "command",
    ["env synth", "env plan", "env apply", "env status"]
    + [f"promote {verb}" for verb in ("status", "plan", "apply", "rollback", "verify")],
)
def test_every_option_of_every_command_is_in_the_manual(command, capsys):
    with pytest.raises(SystemExit):
        main([*command.split(), "--help"])
    options = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert f"`penstock {command}" in MANUAL
    assert [option for option in sorted(options) if option not in MANUAL] == []
