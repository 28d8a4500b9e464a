"""Upgrade, downgrade, stamp: what changes a database."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from alembic_migrate.bridge.job import Job
from alembic_migrate.bridge.progress import Progress
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from alembic_migrate.events import Report
    from alembic_migrate.results import Run
    from alembic_migrate.targets import Target


def upgrade(target: Target, revision: str, *, sql: bool, tag: str | None, report: Report) -> Run:
    """Bring a database up to a revision, or write the script that would.

    Raises:
        AlembicMigrateError: the revision is unknown, the history is broken, the database is
            unreachable or in a state that cannot be right, or a revision fails.
    """
    scripts = Scripts(target)
    start, destination = _range(revision, sql=sql)
    plan = partial(scripts._upgrade_revs, destination)  # noqa: SLF001 - Alembic\'s own commands do
    job = Job(target, scripts, "upgrade", report, asked=destination, plan=plan)
    job.planning.is_usual = True
    job.start, job.tag, job.sql = start, tag, sql
    return job.run(destination)


def downgrade(
    target: Target,
    revision: str,
    *,
    sql: bool,
    tag: str | None,
    report: Report,
    base_is_fine: bool = False,
) -> Run:
    """Take a database back to a revision, or write the script that would.

    Args:
        target: the base.
        revision: where to.
        sql: write the script.
        tag: for the environment script.
        report: is told what happens.
        base_is_fine: a step back from base is nothing to do, and no error: others are meant too.

    Raises:
        AlembicMigrateError: as ``upgrade``.
    """
    scripts = Scripts(target)
    if sql and ":" not in revision:
        revision = f"head:{revision}"
    start, destination = _range(revision, sql=sql)
    plan = partial(scripts._downgrade_revs, destination)  # noqa: SLF001 - Alembic\'s own commands do
    job = Job(target, scripts, "downgrade", report, asked=destination, plan=plan)
    job.planning.is_usual, job.planning.base_is_fine = True, base_is_fine
    job.start, job.tag, job.sql = start, tag, sql
    return job.run(destination)


def stamp(
    target: Target,
    revisions: Sequence[str],
    *,
    sql: bool,
    tag: str | None,
    purge: bool,
    report: Report,
) -> Run:
    """Write revisions into the version table without running anything.

    Raises:
        AlembicMigrateError: as ``upgrade``; also ``purge`` together with ``sql``.
    """
    if purge and sql:
        raise UsageError("--purge and --sql exclude each other", hint="leave one of them away")
    scripts = Scripts(target)
    ranges = [_range(revision, sql=sql) for revision in revisions]
    starts = {start for start, _ in ranges if start is not None}
    if len(starts) > 1:
        raise UsageError(f"stamp --sql takes one starting revision, not {sorted(starts)}")
    destinations = tuple(destination for _, destination in ranges)
    asked = ", ".join(destinations)
    with scripts.explained(asked):
        # Resolved before anything is purged.
        scripts.get_revisions(destinations)
    plan = partial(scripts._stamp_revs, destinations)  # noqa: SLF001 - Alembic\'s own commands do
    job = Job(target, scripts, "stamp", report, asked=asked, plan=plan)
    job.start, job.tag, job.sql, job.purge = next(iter(starts), None), tag, sql, purge
    return job.run(destinations)


def ensure_version(target: Target, *, sql: bool, report: Report) -> Run:
    """Make the version table where there is none.

    Raises:
        AlembicMigrateError: the database cannot be used.
    """
    scripts = Scripts(target)
    job = Job(target, scripts, "ensure-version", report, asked="head", plan=lambda _heads: [])
    job.sql = sql
    return job.run("head")


def explained(target: Target, asked: str, report: Report) -> AbstractContextManager[None]:
    """Tell what goes wrong before anything is run on a target as one of our errors."""
    return Progress(target, Scripts(target), report).explained(asked)


def _range(revision: str, *, sql: bool) -> tuple[str | None, str]:
    start, colon, destination = revision.partition(":")
    if not colon:
        return None, revision
    if not sql:
        raise UsageError(
            f"the range {revision!r} needs --sql", hint="a database knows where it starts itself"
        )
    return start or None, destination
