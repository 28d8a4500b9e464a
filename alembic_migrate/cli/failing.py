"""Errors of every kind as one of this package's own, and how they are told."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

import click

from alembic_migrate.cli.options import PROGRAM
from alembic_migrate.cli.parsing import HintedError, perhaps
from alembic_migrate.cli.streams import use_colour, write_quietly
from alembic_migrate.errors import (
    AlembicMigrateError,
    BasesFailed,
    Interrupted,
    Terminated,
    UsageError,
)
from alembic_migrate.masking import mask
from alembic_migrate.render import authoring, payload, runs
from alembic_migrate.render.errors import error_text
from alembic_migrate.results import Run, Written

if TYPE_CHECKING:
    from collections.abc import Sequence


def as_error(raised: BaseException) -> AlembicMigrateError:
    """Return whatever was raised as an error that can be told; passwords in it are masked."""
    if isinstance(raised, AlembicMigrateError):
        return raised
    if isinstance(raised, click.ClickException):
        return _usage(raised)
    if isinstance(raised, KeyboardInterrupt):
        return Interrupted("interrupted")
    if isinstance(raised, Terminated):
        return Interrupted("terminated", signal.SIGTERM)
    if isinstance(raised, SystemExit):
        return AlembicMigrateError(f"the project's own Python called sys.exit({raised.code!r})")
    said = mask(str(raised)).strip().split("\n")[0]
    name = type(raised).__name__
    return AlembicMigrateError(
        f"{name}: {said}" if said else name,
        hint="--raiseerr shows where it came from.",
    )


def every_error(raised: BaseException) -> list[BaseException]:
    """Return what was raised, after the errors of the single bases where several ran."""
    outcomes = raised.outcomes if isinstance(raised, BasesFailed) else ()
    return [*(each.error for each in outcomes if each.error is not None), raised]


def tell(error: AlembicMigrateError, *, form: str, color: str) -> None:
    """Write an error: as text to stderr, or as the one document on stdout.

    Args:
        error: the error.
        form: ``text``, ``json`` or ``jsonl``.
        color: ``auto``, ``always`` or ``never``.
    """
    if form == "text":
        front = "Error:"
        if use_colour(sys.stderr, color):
            front = click.style(front, fg="red", bold=True)
        write_quietly(sys.stderr, f"{front} {error_text(error, _summary)}")
        return
    document = payload.failure(error)
    if form == "json":
        write_quietly(sys.stdout, payload.dump(document))
    else:
        write_quietly(sys.stdout, payload.dump(payload.last(document), one_line=True))


def typed(arguments: Sequence[str], option: str, default: str) -> str:
    """Return an option's value by looking at the words: parsing them may be what failed."""
    found = default
    for place, word in enumerate(arguments):
        if word == "--":
            break
        if word == option:
            found = arguments[place + 1] if place + 1 < len(arguments) else found
        elif word.startswith(f"{option}="):
            found = word.partition("=")[2]
    return found


def _usage(raised: click.ClickException) -> UsageError:
    message = raised.format_message()
    ctx = getattr(raised, "ctx", None)
    hints = [raised.hint] if isinstance(raised, HintedError) and raised.hint else []
    if isinstance(raised, click.NoSuchOption):
        message = f"No such option: {raised.option_name}"
        hints = [perhaps(raised.possibilities or ())]
    path = ctx.command_path if ctx is not None else PROGRAM
    hints.append(f"{path} --help shows what is possible.")
    return UsageError(message.rstrip("."), hint="\n".join(hint for hint in hints if hint))


def _summary(result: Any) -> str:
    """Return what was done to one base of several, of which another failed."""
    if isinstance(result, Run):
        return runs.summary(result)
    if isinstance(result, Written):
        return authoring.summary(result)
    return "done"
