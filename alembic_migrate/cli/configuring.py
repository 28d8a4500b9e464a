"""The commands about this tool itself: its configuration, its completion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from alembic_migrate.cli.declaring import command, flag
from alembic_migrate.cli.options import COMPLETION_VARIABLE, PROGRAM
from alembic_migrate.cli.parsing import Group

if TYPE_CHECKING:
    from alembic_migrate.cli.session import Session


@command(
    "config show",
    flag("--resolve", help="Call get_base() too, which imports the project's models."),
    example="alembic-db config show --base app",
)
def show(session: Session, *, resolve: bool | None) -> None:
    """Show every key with its value and where that came from."""
    rows = session.project.config_rows(resolve=bool(resolve))

    def document() -> dict[str, Any]:
        from alembic_migrate.render import payload  # noqa: PLC0415 - only for programs

        return payload.configuration(rows)

    def text() -> str:
        from alembic_migrate.render import configuration  # noqa: PLC0415 - which imports json

        return configuration.configuration(rows)

    session.answer(document, text)


@command("config schema", example="alembic-db config schema > alembic-migrate.schema.json")
def schema(session: Session) -> None:
    """Print the JSON Schema of the configuration, for editors."""
    session.document(session.project.config_schema())


config = Group(
    "config",
    doc="Show the configuration and where each value came from.",
    example="alembic-db config show",
)
config.add_command(show)
config.add_command(schema)


@command(
    "completion",
    click.Argument(["shell"], type=click.Choice(("bash", "zsh", "fish"))),
    example='eval "$(alembic-db completion bash)"',
)
def completion(session: Session, *, shell: str) -> None:
    """Print the script that completes words in a shell.

    Commands, options, names of bases and revisions are completed.
    """
    from click.shell_completion import (  # noqa: PLC0415 - only for this command
        ShellComplete,
        get_completion_class,
    )

    kind = get_completion_class(shell)
    assert kind is not None
    completer = kind(click.Group(), {}, PROGRAM, COMPLETION_VARIABLE)
    # Not the shell's own source(): bash's starts a bash to ask for its version.
    session.plain(ShellComplete.source(completer).strip("\n"))


COMMANDS = (config, completion)
