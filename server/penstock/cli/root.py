"""``penstock``: global options, lazily loaded groups, and errors as sentences."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from penstock import __version__
from penstock.cli.output import Output, fail
from penstock.errors import PenstockError

if TYPE_CHECKING:
    from penstock.client import Client

OK, ERROR, CHANGES, BLOCKED, DRIFT = 0, 1, 2, 3, 4

COMMANDS = {
    "server": ("penstock.cli.server", "Runs the server, all roles in one process."),
    "validate": ("penstock.cli.validate", "Checks flow files without a server."),
    "fmt": ("penstock.cli.fmt", "Cleans up flow files and upgrades old spellings."),
    "plan": ("penstock.cli.plan", "Says what apply would change."),
    "apply": ("penstock.cli.apply", "Writes flow files as one set, all or nothing."),
    "flow": ("penstock.cli.flow", "Lists, reads, writes and deletes flows."),
    "namespace": ("penstock.cli.namespace", "Lists, reads, writes and deletes namespaces."),
    "secret": ("penstock.cli.secret", "Lists, writes and deletes secrets."),
    "kv": ("penstock.cli.kv", "Lists, reads, writes and deletes key-value pairs."),
    "file": ("penstock.cli.namespace_file", "Lists, reads, writes and moves namespaces' files."),
    "schedule": ("penstock.cli.schedule", "Lists, reads, writes and deletes schedules."),
    "trigger": ("penstock.cli.trigger", "Switches triggers, unlocks them, runs dates of the past."),
    "token": ("penstock.cli.token", "Lists, makes and revokes tokens."),
    "tenant": ("penstock.cli.tenant", "Lists, reads, writes and deletes tenants."),
    "execution": ("penstock.cli.execution", "Runs flows and looks after executions."),
    "why": ("penstock.cli.why", "Says what an execution waits for, or why it ended."),
    "audit": ("penstock.cli.audit", "Shows who changed what."),
    "terraform": ("penstock.cli.terraform", "Runs Terraform with the provider built in."),
    "terraform-state": (
        "penstock.cli.terraform_state",
        "Looks after states that this server keeps for Terraform.",
    ),
    "provider": ("penstock.cli.provider", "Makes Terraform find the provider."),
    "env": ("penstock.cli.env", "Synthesises, plans and applies an environment."),
    "promote": ("penstock.cli.promote", "Promotes proven flows to the next environment."),
    "flow-test": ("penstock.cli.flow_test", "Keeps and runs tests of flows on the server."),
    "test": ("penstock.cli.test", "Runs tests of flows, without a server."),
    "docs": ("penstock.cli.docs", "Writes the reference pages of this installation."),
    "run": ("penstock.cli.run", "Runs a flow file in this process, without a server."),
}
"""Name → module with a click command `command`, and what the list of commands says of it."""


@dataclass(slots=True)
class Session:
    """The global options, and the client made of them when first used."""

    url: str
    token: str | None
    tenant: str
    output: Output
    _client: Client | None = field(default=None, repr=False)

    @property
    def client(self) -> Client:
        """The API's client."""
        if self._client is None:
            from penstock.client import Client  # noqa: PLC0415 - commands without a server stay fast

            self._client = Client(self.url, self.token, tenant=self.tenant)
        return self._client

    def close(self) -> None:
        """Gives the connection back."""
        if self._client is not None:
            self._client.close()


class Root(click.Group):
    """Knows its commands by name, and loads one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        del ctx
        return [name for name, (module, _) in COMMANDS.items() if _exists(module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, imported now."""
        del ctx
        if cmd_name not in COMMANDS or not _exists(COMMANDS[cmd_name][0]):
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant; a mistyped name suggests the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            close = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f" Did you mean `penstock {close[0]}`?" if close else ""
            raise click.UsageError(f"There is no command `{args[0]}`.{hint}", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands without importing any."""
        rows = [(name, COMMANDS[name][1]) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _exists(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--url", envvar="PENSTOCK_URL", default=None, help="The server's address.")
@click.option("--token", envvar="PENSTOCK_TOKEN", default=None, help="The API token.")
@click.option(
    "--tenant", envvar="PENSTOCK_TENANT", default=None, help="The tenant; main by default."
)
@click.option("--profile", envvar="PENSTOCK_PROFILE", default=None, help="A saved server.")
@click.option(
    "--output",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    help="For people, or for programs.",
)
@click.version_option(__version__, prog_name="penstock")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    url: str | None,
    token: str | None,
    tenant: str | None,
    profile: str | None,
    output: str,
) -> None:
    """Penstock: orchestration managed as infrastructure."""
    from penstock.cli.profile import load  # noqa: PLC0415 - `--help` needs no files

    saved = load(profile)
    session = Session(
        url=url or saved.url or "http://127.0.0.1:8484",
        token=token or saved.token,
        tenant=tenant or saved.tenant or "main",
        output=Output(is_json=output == "json"),
    )
    ctx.obj = session
    ctx.call_on_close(session.close)


def run() -> None:
    """Runs a command line and ends the process with its exit code."""
    arguments = _output_first(sys.argv[1:])
    is_json = arguments[:2] == ["--output", "json"]
    try:
        code = command.main(arguments, standalone_mode=False)
    except click.UsageError as error:
        fail(error.format_message(), hint=_usage(error), is_json=is_json)
        code = ERROR
    except click.ClickException as error:
        fail(error.format_message(), is_json=is_json)
        code = ERROR
    except (click.Abort, KeyboardInterrupt):
        code = ERROR
    except PenstockError as error:
        fail(error.message, hint=error.hint, problems=error.problems, is_json=is_json)
        code = ERROR
    except BrokenPipeError:
        # The reader of the pipe has enough; Python would complain once more at its own exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = OK
    sys.exit(code if isinstance(code, int) else OK)


def _usage(error: click.UsageError) -> str | None:
    return None if error.ctx is None else f"`{error.ctx.command_path} --help` shows how to call it."


def _output_first(arguments: list[str]) -> list[str]:
    """Lets ``--output`` stand anywhere, not only before the command."""
    for index, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == "--output" and arguments[index + 1 : index + 2]:
            rest = arguments[:index] + arguments[index + 2 :]
            return ["--output", arguments[index + 1], *rest]
        if argument.startswith("--output="):
            rest = arguments[:index] + arguments[index + 1 :]
            return ["--output", argument.partition("=")[2], *rest]
    return arguments
