"""The journal: what was run on a database, when, from which file, and how it ended.

It is written outside the migration's transaction, so that it survives a failure: on a connection
of its own, or (SQLite, where one connection writes at a time) after the run. A half-applied
revision of a database that cannot roll DDL back is so known to the next run.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, DateTime, Integer, MetaData, String, Table, inspect, select
from sqlalchemy.dialects.mysql import DATETIME

from alembic_migrate.databases.connecting import run_on
from alembic_migrate.errors import MigrationError
from alembic_migrate.history.contents import autocommit_line
from alembic_migrate.integrity.sums import text_sum
from alembic_migrate.results import JournalEntry
from alembic_migrate.targets.target import JOURNAL_SUFFIX
from alembic_migrate.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from alembic.script import Script
    from sqlalchemy.engine import Connection

    from alembic_migrate.databases.holding import Held
    from alembic_migrate.targets import Target

RUNNING, DONE, FAILED, HALF, RESOLVED = "running", "done", "failed", "half applied", "resolved"

# The verbs that a half-applied revision stops.
GOING_ON = frozenset({"upgrade", "downgrade"})

# MySQL's own keeps whole seconds, which are too long for most revisions.
_TIME = DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")


def journal_table(target: Target) -> Table:
    """Return the journal's table: the version table's name with ``_journal`` behind it."""
    return Table(
        target.version_table + JOURNAL_SUFFIX,
        MetaData(),
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("revision", String(64), nullable=False),
        Column("direction", String(16), nullable=False),
        Column("started", _TIME, nullable=False),
        Column("finished", _TIME),
        Column("outcome", String(32), nullable=False),
        Column("file_hash", String(64)),
        Column("tool_version", String(32), nullable=False),
        Column("host", String(255), nullable=False),
        schema=target.version_table_schema,
    )


@dataclass(frozen=True)
class _Row:
    revision: str
    direction: str
    started: datetime
    file_hash: str | None
    finished: datetime | None = None
    outcome: str = RUNNING
    number: int | None = None  # in the table; None: it is not there yet
    commits: int = 0  # of the run, when the revision ended

    def values(self) -> dict[str, object]:
        return {
            "revision": self.revision,
            "direction": self.direction,
            "started": self.started,
            "finished": self.finished,
            "outcome": self.outcome,
            "file_hash": self.file_hash,
            "tool_version": VERSION,
            "host": socket.gethostname(),
        }


class Journal:
    """The journal of one target while it is migrated.

    Args:
        target: the base.
        connection: one in AUTOCOMMIT; None where rows are written when the run is over.
    """

    def __init__(self, target: Target, connection: Held | None) -> None:
        self.target = target
        self.table = journal_table(target)
        self._connection = connection
        self._row: _Row | None = None
        self._uncommitted: list[_Row] = []
        self._later: list[_Row] = []

    def prepare(self, outside: Collection[str]) -> JournalEntry | None:
        """Make the table where there is none, and return a revision that is half applied.

        Where DDL is rolled back, a run that was killed left nothing, and its row is closed.

        Args:
            outside: revisions that commit something of their own (``autocommit_block``).
        """
        if self._connection is None:
            target = self.target
            return run_on(
                target.url, lambda c: half_applied(target, c, outside), target.engine_factory
            )
        return self._connection.call(lambda c: self._prepare(c, outside))

    def _prepare(self, connection: Connection, outside: Collection[str]) -> JournalEntry | None:
        self.table.create(connection, checkfirst=True)
        # Without the lock a row may be that of a run that is alive.
        if connection.dialect.name == "postgresql" and self.target.config["lock"] != "off":
            row = self.table.c
            connection.execute(
                self.table.update()
                .where(row.outcome == RUNNING, row.revision.not_in(list(outside)))
                .values(outcome=FAILED, finished=_now())
            )
        return half_applied(self.target, connection, outside)

    def begin(self, revision: str, direction: str, path: str | None) -> None:
        """Note that a revision starts."""
        row = _Row(revision, direction, _now(), file_hash(path))
        if self._connection is not None:
            insert = self.table.insert().values(**row.values())
            key = self._connection.call(lambda c: c.execute(insert).inserted_primary_key)
            row = replace(row, number=key[0] if key else None)
        self._row = row

    def end(self, outcome: str, commits: int, *, settled: bool) -> None:
        """Note how the revision ended that started last.

        With one transaction for all revisions, one that is done is not committed yet: what becomes
        of it is noted when that is known.

        Args:
            outcome: how it ended.
            commits: how often the run has committed something so far.
            settled: nothing of it waits for a commit.
        """
        if self._row is None:
            return
        row = replace(self._row, finished=_now(), outcome=outcome, commits=commits)
        self._row = None
        done = outcome == DONE
        waiting, self._uncommitted = self._uncommitted, []
        for earlier in waiting:
            if commits > earlier.commits or (done and settled):
                self._note(earlier)
            elif done:
                self._uncommitted.append(earlier)
            else:
                self._note(replace(earlier, outcome=FAILED))
        if done and not settled:
            self._uncommitted.append(row)
        else:
            self._note(row)

    def _note(self, row: _Row) -> None:
        if self._connection is None:
            self._later.append(row)
            return
        update = (
            self.table.update()
            .where(self.table.c.id == row.number)
            .values(finished=row.finished, outcome=row.outcome)
        )
        self._connection.call(lambda c: c.execute(update))

    def close(self) -> None:
        """Write what could not be written while the run held the database."""
        later, self._later = self._later, []
        if later:
            run_on(self.target.url, lambda c: self._write(c, later), self.target.engine_factory)

    def _write(self, connection: Connection, rows: list[_Row]) -> None:
        rows = sorted(rows, key=lambda row: row.started)
        self.table.create(connection, checkfirst=True)
        connection.execute(self.table.insert(), [row.values() for row in rows])
        connection.commit()


def entries(target: Target, connection: Connection) -> tuple[JournalEntry, ...]:
    """Return a database's journal, newest first; empty where there is none."""
    table = journal_table(target)
    if not inspect(connection).has_table(table.name, schema=table.schema):
        return ()
    rows = connection.execute(select(table).order_by(table.c.id.desc())).mappings()
    return tuple(
        JournalEntry(
            revision=row["revision"],
            direction=row["direction"],
            started=row["started"].replace(tzinfo=UTC).isoformat(timespec="milliseconds"),
            finished=(
                row["finished"].replace(tzinfo=UTC).isoformat(timespec="milliseconds")
                if row["finished"] is not None
                else None
            ),
            outcome=row["outcome"],
            file_hash=row["file_hash"],
            tool_version=row["tool_version"],
            host=row["host"],
        )
        for row in rows
    )


def unfinished(target: Target, connection: Connection) -> JournalEntry | None:
    """Return the revision that a run left half applied and nobody has resolved, or None."""
    left = (one for one in entries(target, connection) if one.outcome in {RUNNING, HALF})
    return next(left, None)


def half_applied(
    target: Target, connection: Connection, outside: Collection[str]
) -> JournalEntry | None:
    """Return the revision that is half applied, or None.

    Args:
        target: the base.
        connection: to its database.
        outside: revisions that commit something of their own; of others that were killed
            PostgreSQL has kept nothing.
    """
    rolls_back = connection.dialect.name == "postgresql"
    left = (
        one
        for one in entries(target, connection)
        if one.outcome == HALF
        or (one.outcome == RUNNING and not (rolls_back and one.revision not in outside))
    )
    return next(left, None)


def refuse_half_applied(
    target: Target, journal: Journal | None, revisions: Iterable[Script], verb: str
) -> None:
    """Refuse to go on over a revision that an earlier run left half applied.

    Args:
        target: the base.
        journal: its journal; None where it is only looked at.
        revisions: the revisions of the folder.
        verb: what would be done.

    Raises:
        MigrationError: there is one.
    """
    files = {script.revision: Path(script.path) for script in revisions}
    outside = [name for name, file in files.items() if autocommit_line(file) is not None]
    left = (journal or Journal(target, None)).prepare(outside)
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


def resolve(target: Target, connection: Connection, revision: str) -> None:
    """Close the rows of a revision that was left half applied."""
    table = journal_table(target)
    connection.execute(
        table.update()
        .where(table.c.revision == revision, table.c.outcome.in_([RUNNING, HALF]))
        .values(outcome=RESOLVED, finished=_now())
    )
    connection.commit()


def file_hash(path: str | None) -> str | None:
    """Return the sum of a revision file's text, as ``alembic-db.sum`` has it; None without one."""
    if path is None:
        return None
    try:
        content = Path(path).read_bytes()
    except OSError:
        return None
    return text_sum(content)


def _now() -> datetime:
    # Without a time zone, as all three kinds of databases keep it; it is UTC.
    return datetime.now(UTC).replace(tzinfo=None)
