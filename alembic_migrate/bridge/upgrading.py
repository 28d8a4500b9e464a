"""An upgrade of one target: looked at without Alembic, and run with it where there is work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.bridge.standing import nothing_to_do
from alembic_migrate.errors import AlembicMigrateError, Terminated

if TYPE_CHECKING:
    from alembic_migrate.events import Report
    from alembic_migrate.results import Run
    from alembic_migrate.targets import Target


def upgrade(target: Target, revision: str, *, sql: bool, tag: str | None, report: Report) -> Run:
    """Bring a database up to a revision, or write the script that would.

    Raises:
        AlembicMigrateError: as ``running.upgrade``.
    """
    done = None if sql or target.behind else _looked_at(target, revision, report)
    if done is not None:
        return done
    from alembic_migrate.bridge import running  # noqa: PLC0415 - imports Alembic

    return running.upgrade(target, revision, sql=sql, tag=tag, report=report)


def _looked_at(target: Target, revision: str, report: Report) -> Run | None:
    try:
        return nothing_to_do(target, revision)
    except AlembicMigrateError:
        raise
    except (Exception, KeyboardInterrupt, Terminated):
        from alembic_migrate.bridge import running  # noqa: PLC0415 - imports Alembic

        with running.explained(target, revision, report):
            raise
