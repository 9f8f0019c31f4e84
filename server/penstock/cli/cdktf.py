"""Hands a command to the CDK app, with the Terraform that the provider finds."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.cli.root import ERROR, OK
from penstock.errors import NotFound

_WITH_TERRAFORM = ("plan", "apply")


def run(group: str, arguments: Sequence[str], *, is_json: bool) -> int:
    """Runs ``penstock env|promote …`` and gives its exit code."""
    from penstock_cdktf.cli import main  # noqa: PLC0415 - only these commands need the app
    from penstock_provider.terraform import NoTerraformError, find_terraform  # noqa: PLC0415 - as above

    output = ["--output", "json"] if is_json else []
    terraform = None
    if group == "env" and arguments and arguments[0] in _WITH_TERRAFORM:
        try:
            terraform = find_terraform()
        except NoTerraformError as error:
            raise NotFound(str(error)) from None
    try:
        return main([group, *arguments, *output], terraform=terraform)
    except SystemExit as ended:
        # argparse ends with 2 on a wrong command line; to our callers 2 means changes.
        return OK if ended.code in (None, OK) else ERROR
