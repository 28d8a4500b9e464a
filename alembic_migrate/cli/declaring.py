"""How a command is declared: its function, its own options, an example.

A command's function takes the session and its own values under the names that the project's verb
has for them; its docstring is the command's help. It returns an exit status, or None for 0.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

import click

from alembic_migrate.cli import completing
from alembic_migrate.cli.parsing import Command, Work
from alembic_migrate.cli.session import Session
from alembic_migrate.cli.streams import answers_only

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alembic_migrate.cli.options import Options


def command(
    name: str,
    *params: click.Parameter,
    example: str,
    terminal: bool = False,
    formats: tuple[str, ...] = (),
) -> Callable[[Work], Command]:
    """Return a decorator that makes a command of a function.

    Args:
        name: as it is typed; ``config show`` for a command of a group.
        params: its own options and arguments.
        example: a line to paste, the last of its help.
        terminal: it hands the terminal on to another program.
        formats: what its ``--format`` takes besides.
    """

    def run(options: Options, made: Command, values: dict[str, Any]) -> int:
        streams = contextlib.nullcontext(sys.stdout) if terminal else answers_only()
        with streams as out:
            session = Session(options, name, out)
            try:
                return made.work(session, **values) or 0
            except BrokenPipeError as lost:
                from alembic_migrate.cli.failing import as_error  # noqa: PLC0415 - for faults

                # Not the answer's reader, whom the session lets go: a connection of the work.
                raise as_error(lost) from lost
            finally:
                session.close()

    def make(work: Work) -> Command:
        return Command(name.rpartition(" ")[2], work, run, params, example, formats)

    return make


def flag(*flags: str, help: str) -> click.Option:  # noqa: A002 - click's own word
    """Return an option without a value: None where it was not typed."""
    return click.Option(flags, is_flag=True, default=None, help=help)


def value(*flags: str, metavar: str, help: str) -> click.Option:  # noqa: A002
    """Return an option with a value: None where it was not typed."""
    return click.Option(flags, metavar=metavar, help=help)


def number(*flags: str, help: str) -> click.Option:  # noqa: A002
    """Return an option that takes a whole number: None where it was not typed."""
    return click.Option(flags, metavar="N", type=int, help=help)


def values(*flags: str, metavar: str, help: str) -> click.Option:  # noqa: A002
    """Return an option that may be given several times."""
    return click.Option(flags, metavar=metavar, help=help, multiple=True)


def revision(metavar: str) -> click.Argument:
    """Return the argument for one revision; what stands for it when it is left out is shown."""
    return click.Argument(
        ["revision"], required=False, metavar=metavar, shell_complete=completing.revisions
    )


def revisions(metavar: str) -> click.Argument:
    """Return the argument for any number of revisions."""
    return click.Argument(
        ["revisions"],
        required=False,
        nargs=-1,
        metavar=metavar,
        shell_complete=completing.revisions,
    )


SQL = flag("--sql", help="Print the SQL instead of running it.")
SQL_DIR = click.Option(
    ["--sql-dir"],
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Write the SQL instead of running it: a file NAME.sql a base.",
)
TAG = value("--tag", metavar="TAG", help="A word for env.py: context.get_tag_argument().")
KEEP_GOING = flag("--keep-going", help="Go on with the other bases and tenants where one fails.")

JOBS = number("-j", "--jobs", help="Work on so many databases at once, in as many processes.")
CANARY = number(
    "--canary",
    help="So many tenants of each base go first; where one of them fails, no other is tried.",
)
MAX_FAILURES = number("--max-failures", help="Go on until so many have failed.")
SHARD = value(
    "--shard",
    metavar="I/N",
    help="Only the part I, counted from 0, of N parts that are the same on every machine.",
)
CONNECTIONS = number("--connections", help="At most so many connections to databases at once.")
EXECUTOR = click.Option(
    ["--executor"],
    metavar="processes|dask",
    type=click.Choice(("processes", "dask")),
    help="Where the processes are: on this machine, or below the workers of dask.",
)
SCHEDULER = value(
    "--scheduler",
    metavar="ADDRESS",
    help="Of dask, as in tcp://10.0.0.1:8786; its workers do the work.",
)
FLEET = (JOBS, CANARY, MAX_FAILURES, SHARD, CONNECTIONS, EXECUTOR, SCHEDULER)


def _separated(typed: Sequence[str]) -> tuple[str, ...]:
    """Return names of which one word may hold several, as ``--base`` takes them."""
    return tuple(name.strip() for word in typed for name in word.split(",") if name.strip())


class _Seconds(click.FloatRange):
    name = "number of seconds"


WAIT = click.Option(
    ["--wait"],
    metavar="SECONDS",
    type=_Seconds(min=0),
    help="Wait for a database that is still starting, and for nothing else.",
)
LOCK_WAIT = click.Option(
    ["--lock-wait"],
    metavar="SECONDS",
    type=_Seconds(min=0),
    help="Wait for another migration process; 0 fails at once.",
)
CONFIRM = click.Option(
    ["--confirm"],
    metavar="NAME",
    multiple=True,
    help="Consent to what may lose data of this base. Repeatable; commas separate several.",
    callback=lambda _ctx, _param, typed: _separated(typed),
    shell_complete=completing.bases,
)
