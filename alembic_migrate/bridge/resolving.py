"""resolve: what a half-applied revision is, said by the user who has looked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.bridge.guarding import guarding
from alembic_migrate.bridge.journal import resolve, unfinished
from alembic_migrate.bridge.running import stamp
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.bridge.state import connected_heads
from alembic_migrate.databases.connecting import run_on
from alembic_migrate.errors import UsageError

if TYPE_CHECKING:
    from alembic_migrate.events import Report
    from alembic_migrate.results import JournalEntry, Run
    from alembic_migrate.targets import Target


def resolve_revision(target: Target, revision: str, *, applied: bool, report: Report) -> Run:
    """Bring version table and journal to what the user found.

    Args:
        target: the base.
        revision: the revision that was left half applied.
        applied: it is there as a whole; else nothing of it is.
        report: is told what happens.

    Raises:
        UsageError: the base keeps no journal, or no such revision was left half applied.
        AlembicMigrateError: the database cannot be used.
    """
    scripts = Scripts(target)
    with scripts.explained(revision):
        script = scripts.get_revision(revision)
    with guarding(target, report):
        left: JournalEntry | None = run_on(
            target.url, lambda c: unfinished(target, c), target.engine_factory
        )
    if left is None or left.revision != script.revision:
        found = f"{left.revision} is" if left is not None else "none is"
        raise UsageError(
            f"{target.prefix}revision {script.revision} was not left half applied; {found}",
            hint="alembic-db history --applied shows the journal",
        )
    heads = connected_heads(target)
    known = (
        {
            one.revision
            for one in scripts.iterate_revisions(heads, "base", inclusive=True, implicit_base=True)
        }
        if heads
        else set()
    )
    wanted = heads
    if applied and script.revision not in known:
        wanted = (script.revision,)
    elif not applied and script.revision in known:
        wanted = tuple(script._versioned_down_revisions) or ("base",)  # noqa: SLF001
    done = stamp(target, wanted or ("base",), sql=False, tag=None, purge=False, report=report)
    run_on(target.url, lambda c: resolve(target, c, script.revision), target.engine_factory)
    return done
