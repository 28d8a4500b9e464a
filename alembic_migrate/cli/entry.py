"""The program's way in and out: the one place that catches errors and knows exit statuses."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from typing import TYPE_CHECKING, NoReturn

import click

from alembic_migrate.cli.commands import db
from alembic_migrate.cli.options import COMPLETION_VARIABLE, PROGRAM
from alembic_migrate.cli.streams import (
    flush_quietly,
    never_fail_on_letters,
    write_quietly,
)
from alembic_migrate.errors import Terminated
from alembic_migrate.signals import ends_in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

# Advice of our dependencies to their callers; the user cannot follow it.
_DEPENDENCIES = r"(alembic|sqlalchemy|mako|pydantic|click|rich|tomlkit)(\.|$)"


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and leave the process with its exit status.

    Args:
        argv: the words after the program's name; those of the process by default.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    never_fail_on_letters()
    try:
        status = run(arguments)
    except (KeyboardInterrupt, Terminated) as again:
        # Asked to end while the first request was still being told.
        number = signal.SIGTERM if isinstance(again, Terminated) else signal.SIGINT
        status = 128 + number
    flush_quietly()
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit status; every error is told before that."""
    try:
        with ends_in_order(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=_DEPENDENCIES)
            return _dispatch(arguments)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except BrokenPipeError:
        return 0  # The reader of a help text has seen enough of it.
    except BaseException as raised:  # noqa: BLE001 - the one place that catches everything
        return _tell(arguments, raised)


def _dispatch(arguments: list[str]) -> int:
    if instruction := os.environ.get(COMPLETION_VARIABLE):
        from click.shell_completion import shell_complete  # noqa: PLC0415 - only for the shell

        return shell_complete(db, {}, PROGRAM, COMPLETION_VARIABLE, instruction)
    with db.make_context(PROGRAM, list(arguments)) as ctx:
        status = db.invoke(ctx)
    return status if isinstance(status, int) else 0


def _tell(arguments: Sequence[str], raised: BaseException) -> int:
    """Tell an error to people or to programs, and return its exit status."""
    from alembic_migrate.cli.failing import (  # noqa: PLC0415 - for faults alone
        as_error,
        every_error,
        tell,
        typed,
    )

    error = as_error(raised)
    if "--raiseerr" in arguments:
        import traceback  # noqa: PLC0415 - for faults alone

        from alembic_migrate.masking import mask_traceback  # noqa: PLC0415

        for each in every_error(raised):
            write_quietly(sys.stderr, mask_traceback("".join(traceback.format_exception(each))))
    form, color = typed(arguments, "--format", "text"), typed(arguments, "--color", "auto")
    tell(error, form=form if form in ("json", "jsonl") else "text", color=color)
    return error.exit_status
