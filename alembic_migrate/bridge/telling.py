"""What is told when a run fails: where, why, and what it left in the database."""

from __future__ import annotations

import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from alembic_migrate.bridge.journal import FAILED, HALF
from alembic_migrate.bridge.truth import Position, Truth, look
from alembic_migrate.databases.faults import explain, first_line, gave_way, is_database_fault
from alembic_migrate.databases.sharing import shared_line
from alembic_migrate.discovery.modules import describe, line_in
from alembic_migrate.errors import (
    AlembicMigrateError,
    ConfigError,
    Interrupted,
    LockError,
    MigrationError,
    Terminated,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.bridge.progress import Progress

_HURRY = 3.0  # seconds for what is asked after a signal
_NO_SCRIPT = (
    "no script can be written of a revision that asks the database; run it there without --sql, or "
    "let it ask context.is_offline_mode() first"
)


@contextmanager
def _as_it_began(progress: Progress) -> Iterator[None]:
    """Let what ended a revision be told, and not that it could not be rolled back then."""
    try:
        yield
    except Exception as error:
        if progress.ending is None:
            raise
        raise progress.ending from error


@contextmanager
def explained(progress: Progress, asked: str = "") -> Iterator[None]:
    """Tell what goes wrong meanwhile as one of our errors.

    Args:
        progress: what ran so far.
        asked: the revision as it was typed.
    """
    try:
        with _as_it_began(progress):
            yield
    except AlembicMigrateError as error:
        if error.data.get("lost") and "after" not in error.data:
            truth = _look(progress)
            error.hint = f"{truth.told()}\nrun the command again"
            error.data |= truth.as_data()
        # One of ours may arise inside a revision too: a check of foreign keys.
        told = isinstance(error, LockError | ConfigError | Interrupted) or "revision" in error.data
        if progress.running is None or told:
            raise
        raise _failed(progress, progress.running.revision, error) from error
    except Exception as error:
        if progress.running is not None:
            raise _failed(progress, progress.running.revision, error) from error
        if isinstance(error, CommandError | RevisionError):
            with progress.scripts.explained(asked):
                raise
        url = progress.target.configured_url()
        if is_database_fault(error):
            raise explain(error, url, progress.target.how_to_make) from error
        raise MigrationError(
            f"{progress.target.prefix}{describe(error)}",
            hint="--raiseerr shows the whole traceback",
        ) from error
    except (KeyboardInterrupt, Terminated) as asked_to_end:
        raise _interrupted(progress, asked_to_end) from asked_to_end


def _failed(progress: Progress, revision: str, error: Exception) -> MigrationError:
    script = progress.scripts.get_revision(revision.split(", ", maxsplit=1)[0])
    line = line_in(error, script.path) or shared_line(error)
    place = f"{script.path}:{line}" if line else str(script.path)
    said = f"{type(error).__name__}: {first_line(error)}"
    if progress.guard is not None and progress.guard.refusal is not None:
        said = progress.guard.refusal
    if isinstance(error, AlembicMigrateError):
        said = error.message
    facts: dict[str, Any] = {
        "base": progress.target.name,
        "revision": revision,
        "file": str(script.path),
        "line": line,
        **gave_way(error),
    }
    hint = _NO_SCRIPT
    if not progress.offline:
        truth = _look(progress, lost=_lost_midway(progress, error))
        hint, facts = _told(progress, truth), facts | truth.as_data()
        blocked = progress.guard.session.blocked_by if progress.guard is not None else None
        if facts["lock_timeout"] and blocked:
            facts["blocked_by"] = blocked
            hint += f"\nit was kept waiting by {blocked}"
        _note_end(progress, truth)
    return MigrationError(
        f"{progress.target.prefix}revision {revision} failed in {progress.direction}(): "
        f"{place}: {said}",
        hint=hint,
        data=facts,
    )


def _interrupted(progress: Progress, error: BaseException) -> Interrupted:
    number = signal.SIGTERM if isinstance(error, Terminated) else signal.SIGINT
    verb = "terminated" if isinstance(error, Terminated) else "interrupted"
    if progress.offline or (progress.running is None and not progress.steps):
        return Interrupted(f"{progress.target.prefix}{verb}", number, hint="nothing changed")
    ended = progress.guard is not None and progress.guard.session.end()
    lost = None if ended else progress.statements.unknown
    truth = _look(progress, lost=lost, seconds=_HURRY)
    _note_end(progress, truth)
    at = f" while revision {progress.running.revision} ran" if progress.running else ""
    return Interrupted(
        f"{progress.target.prefix}{verb}{at}",
        number,
        hint=_told(progress, truth),
        data=truth.as_data(),
    )


def _told(progress: Progress, truth: Truth) -> str:
    """Return what a failure left, and the way out where the journal keeps it in mind."""
    noted = progress.guard is not None and progress.guard.journal is not None
    if not (noted and truth.is_half and progress.running):
        return truth.told()
    resolve = f"alembic-db resolve{progress.target.flag} {progress.running.revision}"
    return (
        f"{truth.told()}\nupgrade refuses to go on until you say that it is mended: "
        f"{resolve} --not-applied, or --applied where you completed it"
    )


def _note_end(progress: Progress, truth: Truth) -> None:
    if progress.running is not None and progress.guard is not None:
        with suppress(Exception):  # what failed matters more than its row
            progress.guard.ended(HALF if truth.is_half else FAILED)


def _lost_midway(progress: Progress, error: BaseException) -> str | None:
    """Return the statement that may be finished although the connection was cut under it."""
    lost = progress.statements.unknown
    if lost is None or not (isinstance(error, DBAPIError) and error.connection_invalidated):
        return None
    if progress.guard is not None:
        progress.guard.session.end()
    return lost


def _look(progress: Progress, *, lost: str | None = None, seconds: float | None = None) -> Truth:
    done = tuple(step.revision for step in progress.steps)
    left = (tuple(progress.statements.kept), tuple(progress.statements.perhaps), lost)
    sites = progress.sites.all(progress.before)
    if not sites:
        return Truth(Position(progress.before, None, known=False), done, *left)
    *others, (position, new) = [
        look(site, (), seconds) if progress.guard is None else progress.guard.look_at(site, seconds)
        for site in sites
    ]
    with suppress(Exception):  # the version table may name anything
        done = _still_done(progress, done, position.after)
    return Truth(position, done, *left, new, tuple(other for other, _ in others))


def _still_done(
    progress: Progress, done: tuple[str, ...], after: tuple[str, ...] | None
) -> tuple[str, ...]:
    """Return the finished revisions without those that one transaction for all took back."""
    if after is None:
        return done
    applied = progress.scripts.applied(after)
    up = progress.direction == "upgrade"
    return tuple(each for each in done if (each in applied) == up)
