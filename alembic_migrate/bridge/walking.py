"""Revisions of a history run one by one, in an order that is given, looked at in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from alembic.runtime.migration import RevisionStep

from alembic_migrate.bridge.job import Job
from alembic_migrate.errors import MigrationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.engine import Connection

    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.events import Report
    from alembic_migrate.results import Step
    from alembic_migrate.targets import Target


def in_order(scripts: Scripts) -> tuple[str, ...]:
    """Return the ids of a history in the order in which they run from the base to all its heads.

    Raises:
        HistoryError: it is broken, or a revision has no ``upgrade()``.
    """
    with scripts.explained():
        ids = [each.revision for each in scripts.iterate_revisions("heads", "base")]
    return tuple(reversed(ids))


def walk(
    target: Target,
    scripts: Scripts,
    verb: Literal["upgrade", "downgrade"],
    revisions: Sequence[str],
    report: Report,
    look: Callable[[Connection], None] | None = None,
) -> tuple[tuple[Step, ...], MigrationError | None]:
    """Run revisions on a scratch database, one after the other, in the order given.

    Args:
        target: what ``made_for`` handed out.
        scripts: the revision files.
        verb: which way.
        revisions: their ids.
        report: is told what happens.
        look: is shown the connection before each of them.

    Returns:
        those that ran, and what the one raised that failed.

    Raises:
        AlembicMigrateError: it is not for a revision that they do not run.
    """

    def plan(_heads: Any) -> list[Any]:
        up = verb == "upgrade"
        return [
            RevisionStep(scripts.revision_map, scripts.get_revision(each), up) for each in revisions
        ]

    destination = "heads" if verb == "upgrade" else "base"
    job = Job(target, scripts, verb, report, asked=destination, plan=plan)
    job.progress.look = look
    try:
        return job.run(destination).steps, None
    except MigrationError as error:
        if "revision" not in error.data:
            raise
        return job.progress.steps, error
