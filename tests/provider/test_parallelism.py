"""On how many objects Terraform works at a time, and when `exec` asks it for more."""

from __future__ import annotations

import pytest

from penstock_provider.parallelism import parallelism, widened

OURS = 'provider "registry.terraform.io/penstock/penstock" {\n  version = "0.1.0"\n}\n'
OTHER = 'provider "registry.terraform.io/hashicorp/aws" {\n  version = "6.0.0"\n}\n'


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (("terraform", "apply"), {}, 10),
        (("terraform", "apply", "-parallelism=30"), {}, 30),
        (("terraform", "apply", "--parallelism", "7", "x.tfplan"), {}, 7),
        (("terraform", "plan"), {"TF_CLI_ARGS_plan": "-no-color -parallelism=50"}, 50),
        (("terraform", "plan", "-parallelism=2"), {"TF_CLI_ARGS": "-parallelism=50"}, 2),
        (("terraform", "plan", "-parallelism=many"), {}, 10),
        (("terraform", "plan", "-parallelism=0"), {}, 10),
        ((), {"PENSTOCK": "-parallelism=3"}, 10),
    ],
)
def test_how_many_terraform_works_on(arguments, environment, expected):
    assert parallelism(arguments, environment) == expected


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_more_at_a_time_where_nothing_speaks_against_it(folder):
    (folder / ".terraform.lock.hcl").write_text(OURS)
    made = widened(("apply",), {"HOME": "x", "TF_CLI_ARGS_apply": "-no-color"})
    assert made == {
        "HOME": "x",
        "TF_CLI_ARGS_plan": "-parallelism=100",
        "TF_CLI_ARGS_apply": "-parallelism=100 -no-color",
        "TF_CLI_ARGS_destroy": "-parallelism=100",
        "TF_CLI_ARGS_refresh": "-parallelism=100",
    }
    assert parallelism(("terraform", "apply"), made) == 100


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (("apply", "-parallelism=5"), {}),
        (("apply", "--parallelism", "5"), {}),
        (("apply",), {"TF_CLI_ARGS": "-parallelism=5"}),
        (("apply",), {"TF_CLI_ARGS_apply": "-no-color -parallelism=5"}),
    ],
)
def test_who_says_how_many_has_that(folder, arguments, environment):
    assert widened(arguments, environment) == environment


def test_other_providers_are_not_asked_for_more(folder):
    below = folder / "stack"
    below.mkdir()
    (below / ".terraform.lock.hcl").write_text(OURS + OTHER)
    assert widened(("-chdir=stack", "plan"), {}) == {}
    assert widened(("plan",), {}) != {}
