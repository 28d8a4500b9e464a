"""resolve: what a half-applied revision is, said by the user who has looked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alembic.runtime.migration import RevisionStep

from alembic_migrate.bridge.asking import ask
from alembic_migrate.bridge.job import Job
from alembic_migrate.bridge.journal import resolve, unfinished
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.script import Script

    from alembic_migrate.events import Report
    from alembic_migrate.results import JournalEntry, Run
    from alembic_migrate.targets import Target


class _ByHand(RevisionStep):
    """A step that moves the version table as the revision would, and does nothing else."""

    by_hand = True

    def __init__(self, scripts: Scripts, script: Script, *, is_upgrade: bool) -> None:
        super().__init__(scripts.revision_map, script, is_upgrade=True)
        self.is_upgrade = is_upgrade
        self.migration_fn = lambda **_given: None


def resolve_revision(target: Target, revision: str, *, applied: bool, report: Report) -> Run:
    """Bring version table and journal to what the user found.

    Args:
        target: the base.
        revision: the revision that was left half applied.
        applied: it is there as a whole; else nothing of it is.
        report: is told what happens.

    Raises:
        UsageError: no such revision was left half applied, or the base keeps no journal.
        AlembicMigrateError: the database cannot be used.
    """
    scripts = Scripts(target)
    with scripts.explained(revision):
        script: Script | None = scripts.get_revision(revision)
    left = ask(target, lambda c: unfinished(target, c))
    if script is None or left is None or left.revision != script.revision:
        raise _not_that_one(target, revision if script is None else script.revision, left)

    def plan(heads: Sequence[str]) -> list[Any]:
        is_there = script.revision in scripts.applied(heads)
        return [] if is_there == applied else [_ByHand(scripts, script, is_upgrade=applied)]

    job = Job(target, scripts, "stamp", report, asked=script.revision, plan=plan)
    done = job.run(script.revision)
    ask(target, lambda c: resolve(target, c, script.revision))
    return replace(done, verb="resolve")


def _not_that_one(target: Target, revision: str, left: JournalEntry | None) -> UsageError:
    found = f"{left.revision} was" if left is not None else "none was"
    hint = "alembic-db history --applied shows the journal"
    if not target.config["journal"]:
        hint = f"only a journal knows: journal = true under {target.table}"
    return UsageError(
        f"{target.prefix}revision {revision} was not left half applied; {found}", hint=hint
    )
