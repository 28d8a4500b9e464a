"""The commands that change databases, or print the SQL that would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alembic_migrate.cli import completing
from alembic_migrate.cli.declaring import (
    CONFIRM,
    FLEET,
    KEEP_GOING,
    LOCK_WAIT,
    SQL,
    SQL_DIR,
    TAG,
    WAIT,
    command,
    flag,
    revision,
    revisions,
)
from alembic_migrate.cli.session import Session, given
from alembic_migrate.errors import UsageError
from alembic_migrate.render import runs
from alembic_migrate.render.words import name_of, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.fleet.limits import Fleet
    from alembic_migrate.results import Run


@command(
    "upgrade",
    revision("[REVISION=head]"),
    SQL,
    SQL_DIR,
    TAG,
    click.Option(
        ["--plan"],
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="Run exactly what a plan holds; it is refused where anything has changed since.",
    ),
    flag("--rehearse", help="Run for real inside one transaction, and roll it back."),
    CONFIRM,
    KEEP_GOING,
    *FLEET,
    WAIT,
    LOCK_WAIT,
    example="alembic-db upgrade --all",
)
def upgrade(session: Session, **typed: Any) -> None:
    """Upgrade to a later revision.

    REVISION is an id or the first letters of one, +2, ID+1, BRANCH@head, head or heads; a range
    FROM:TO with --sql. Several bases run in the order of their "after" keys. A plan that was kept
    (alembic-db plan --out FILE) says itself what runs, and on which bases.
    """
    _run(session, session.project.upgrade, typed)


@command(
    "downgrade",
    revision("[REVISION=-1]"),
    SQL,
    SQL_DIR,
    TAG,
    CONFIRM,
    KEEP_GOING,
    *FLEET,
    WAIT,
    LOCK_WAIT,
    example="alembic-db downgrade -1 --base app",
)
def downgrade(session: Session, **typed: Any) -> None:
    """Go back to an earlier revision.

    REVISION is an id or the first letters of one, -2, ID-1, or base: before the first one. Several
    bases run in the opposite order. A base with protected = true wants --confirm NAME.
    """
    _run(session, session.project.downgrade, typed)


@command(
    "stamp",
    revisions("[REVISIONS=head]..."),
    SQL,
    SQL_DIR,
    TAG,
    flag("--purge", help="Empty the version table first, whatever it holds."),
    CONFIRM,
    KEEP_GOING,
    *FLEET,
    WAIT,
    LOCK_WAIT,
    example="alembic-db stamp head",
)
def stamp(session: Session, **typed: Any) -> None:
    """Set the version table without running anything.

    For a database that has its tables already.
    """
    _run(session, session.project.stamp, typed)


@command(
    "ensure-version",
    SQL,
    SQL_DIR,
    KEEP_GOING,
    *FLEET,
    WAIT,
    LOCK_WAIT,
    example="alembic-db ensure-version",
)
def ensure_version(session: Session, **typed: Any) -> None:
    """Make the version table where there is none."""
    _run(session, session.project.ensure_version, typed)


@command(
    "resolve",
    click.Argument(["revision"], metavar="REVISION", shell_complete=completing.revisions),
    flag("--applied", help="The revision is there as a whole."),
    flag("--not-applied", help="Nothing of the revision is there."),
    example="alembic-db resolve 3f2a --not-applied",
)
def resolve(
    session: Session, *, revision: str, applied: bool | None, not_applied: bool | None
) -> None:
    """Say of a revision that was left half applied what it is.

    Look at the schema first, and bring it to one side or the other by hand. The journal
    (journal = true) knows which revision it is, and upgrade refuses to go on until it is resolved.
    """
    if bool(applied) == bool(not_applied):
        raise UsageError(
            "resolve takes --applied or --not-applied",
            hint=f"alembic-db resolve {revision} --not-applied",
        )
    _show(session, session.project.resolve(revision, applied=bool(applied), report=session.report))


def _run(session: Session, verb: Any, typed: dict[str, Any]) -> None:
    folder = typed.pop("sql_dir")
    as_script = bool(typed.pop("sql") or folder)
    fleet = _fleet(typed, detail=session.options.verbose)
    done = verb(**given(**typed, fleet=fleet, sql=as_script), report=session.report)
    if folder:
        files = [_write(Path(folder), each, named=session.named) for each in done]
        session.done(done, lambda: runs.written_scripts(map(shown, files)), files=files)
    elif as_script:
        session.results(done, lambda: runs.script(done, named=session.named))
    else:
        _show(session, done)


def _fleet(typed: dict[str, Any], *, detail: bool) -> Fleet | None:
    """Return how to go through many databases, taken out of what was typed; None: one by one."""
    names = [option.name for option in FLEET if option.name]
    asked = given(**{name: typed.pop(name) for name in names})
    if not asked:
        return None
    from alembic_migrate.fleet.limits import Fleet  # noqa: PLC0415 - imports what works on them

    return Fleet(**asked, detail=detail)


def _show(session: Session, done: Sequence[Run]) -> None:
    verbose = session.options.verbose
    session.done(done, lambda: runs.runs(done, named=session.named, verbose=verbose))


def _write(folder: Path, run: Run, *, named: bool) -> Path:
    """Write a base's script, whole or not at all, and return where it is."""
    from alembic_migrate.replacing import replace_file  # noqa: PLC0415 - for --sql-dir alone

    folder.mkdir(parents=True, exist_ok=True)
    name = name_of(run, named=named) or run.base
    target = folder.absolute() / f"{name.replace('/', '-')}.sql"
    replace_file(target, f"{runs.script((run,))}\n".encode())
    return target


COMMANDS = (upgrade, downgrade, stamp, ensure_version, resolve)
