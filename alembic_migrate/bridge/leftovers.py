"""What earlier runs left in the journal: how a killed one ended, and what is half applied."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import inspect, select

from alembic_migrate.bridge.journal import (
    DONE,
    FAILED,
    GOING_ON,
    HALF,
    RUNNING,
    Journal,
    entries,
    journal_table,
    now,
)
from alembic_migrate.databases.state import read_heads
from alembic_migrate.errors import MigrationError
from alembic_migrate.history.contents import autocommit_line

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.results import JournalEntry
    from alembic_migrate.targets import Target


def refuse_half_applied(
    target: Target, journal: Journal | None, scripts: Scripts, verb: str
) -> None:
    """Refuse to go on over a revision that an earlier run left half applied.

    Args:
        target: the base.
        journal: its journal; None where it is only looked at.
        scripts: its revisions.
        verb: what would be done.

    Raises:
        MigrationError: there is one.
    """
    closing = journal is not None and journal.alone
    noted = journal or Journal(target, None)
    left = noted.prepare(lambda c: _Leftovers(target, scripts, c).half_applied(closing=closing))
    if left is None or verb not in GOING_ON:
        return
    resolve_it = f"alembic-db resolve{target.flag} {left.revision}"
    raise MigrationError(
        f"{target.prefix}revision {left.revision} is half applied: its {left.direction} began "
        f"{left.started} on {left.host} and did not end",
        hint="look at the schema, bring it to one side or the other, and say which:\n"
        f"{resolve_it} --applied\nor {resolve_it} --not-applied",
        data={"base": target.name, "half_applied": left.revision},
    )


class _Leftovers:
    """The rows that were never closed, held against the version table and the files.

    Args:
        target: the base.
        scripts: its revisions.
        connection: to its database.
    """

    def __init__(self, target: Target, scripts: Scripts, connection: Connection) -> None:
        self._target = target
        self._scripts = scripts
        self._connection = connection
        self._rolls_back = connection.dialect.name == "postgresql"

    def half_applied(self, *, closing: bool) -> JournalEntry | None:
        """Return the revision that is half applied, or None.

        Args:
            closing: close the rows of killed runs. Without the lock a row may be that of a run that
                is alive.
        """
        rows = entries(self._target, self._connection)
        if closing and any(row.outcome == RUNNING for row in rows):
            self._close()
            rows = entries(self._target, self._connection)
        if not any(row.outcome in {RUNNING, HALF} for row in rows):
            return None
        left = (
            row
            for row in rows
            if row.outcome == HALF
            or (row.outcome == RUNNING and self._end_of(row.revision, row.direction) == HALF)
        )
        return next(left, None)

    def _close(self) -> None:
        """Close the rows of runs that were killed: no other one is alive."""
        table = journal_table(self._target)
        row = table.c
        found = select(row.id, row.revision, row.direction).where(row.outcome == RUNNING)
        for number, revision, direction in self._connection.execute(found).all():
            outcome = self._end_of(revision, direction)
            closed = table.update().where(row.id == number)
            self._connection.execute(closed.values(outcome=outcome, finished=now()))

    def _end_of(self, revision: str, direction: str) -> str:
        """Return how a killed run ended: a stamp is one statement, and is there or is not."""
        if direction not in GOING_ON:
            return DONE if self._is_stamped(revision) else FAILED
        if self._applied is not None and (revision in self._applied) == (direction == "upgrade"):
            return DONE  # the version table says already what it says after it
        return FAILED if self._rolls_back and revision not in self._outside else HALF

    def _is_stamped(self, revision: str) -> bool:
        if self._applied is None:
            return False
        return not self._applied if revision == "base" else {*revision.split(", ")} <= self._applied

    @cached_property
    def _applied(self) -> set[str] | None:
        """Return the revisions that the version table tells of; None where there is no such table.

        An environment script may keep it elsewhere.
        """
        table, schema = self._target.version_table, self._target.version_table_schema
        if not inspect(self._connection).has_table(table, schema=schema):
            return None
        found: set[str] = set()
        for head in read_heads(self._connection, table, schema):
            found.add(head)
            try:
                found |= self._scripts.applied([head])
            except (CommandError, RevisionError):  # no file has it; the run will tell so
                continue
        return found

    @cached_property
    def _outside(self) -> list[str]:
        """Return the revisions that commit something of their own (``autocommit_block``)."""
        files = {script.revision: Path(script.path) for script in self._scripts.walk_revisions()}
        return [name for name, file in files.items() if autocommit_line(file) is not None]
