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
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Column, DateTime, Integer, MetaData, String, Table, inspect, select
from sqlalchemy.types import TypeDecorator

from alembic_migrate import results
from alembic_migrate.bridge.asking import ask
from alembic_migrate.databases.connecting import run_on
from alembic_migrate.databases.watching import OURS
from alembic_migrate.integrity.sums import text_sum
from alembic_migrate.targets.target import JOURNAL_SUFFIX
from alembic_migrate.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection, Dialect
    from sqlalchemy.types import TypeEngine

    from alembic_migrate.databases.holding import Held
    from alembic_migrate.results import Applied, JournalEntry
    from alembic_migrate.targets import Target

T = TypeVar("T")

RUNNING, DONE, FAILED, HALF, RESOLVED = "running", "done", "failed", "half applied", "resolved"

# The verbs that a half-applied revision stops.
GOING_ON = frozenset({"upgrade", "downgrade"})


class _Time(TypeDecorator[datetime]):
    """A time; MySQL's own keeps whole seconds, which are too long for most revisions."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type that a database has for it."""
        if dialect.name not in {"mysql", "mariadb"}:
            return super().load_dialect_impl(dialect)
        from sqlalchemy.dialects.mysql import DATETIME  # noqa: PLC0415 - 16 modules

        return dialect.type_descriptor(DATETIME(fsp=6))


def journal_table(target: Target) -> Table:
    """Return the journal's table: the version table's name with ``_journal`` behind it."""
    return Table(
        target.version_table + JOURNAL_SUFFIX,
        MetaData(),
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("revision", String(64), nullable=False),
        Column("direction", String(16), nullable=False),
        Column("started", _Time, nullable=False),
        Column("finished", _Time),
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

    @property
    def alone(self) -> bool:
        """Whether it is written under the lock: every run whose rows are open is over then."""
        return self._connection is not None and self.target.config["lock"] != "off"

    def prepare(self, look: Callable[[Connection], T]) -> T:
        """Make the table where there is none, and return what a look at it finds."""
        if self._connection is None:
            return run_on(self.target.url, look, self.target.engine_factory)

        def made(connection: Connection) -> T:
            self.table.create(connection, checkfirst=True)
            return look(connection)

        return self._connection.call(made)

    def begin(self, revision: str, direction: str, path: str | None) -> None:
        """Note that a revision starts."""
        row = _Row(revision, direction, now(), file_hash(path))
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
        row = replace(self._row, finished=now(), outcome=outcome, commits=commits)
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
        connection.execution_options(**{OURS: True})  # nothing that a revision did
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
        results.JournalEntry(
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


def read_journal(target: Target) -> Applied:
    """Return a target's journal, newest first.

    Raises:
        DatabaseError: the database cannot be read.
    """
    return results.Applied(target.name, ask(target, lambda c: entries(target, c)))


def unfinished(target: Target, connection: Connection) -> JournalEntry | None:
    """Return the revision that a run left half applied and nobody has resolved, or None."""
    left = (
        one
        for one in entries(target, connection)
        if one.outcome == HALF or (one.outcome == RUNNING and one.direction in GOING_ON)
    )
    return next(left, None)


def is_open(target: Target, connection: Connection) -> bool:
    """Tell whether there is a row whose end is not noted, or was not a whole one."""
    return any(one.outcome in {RUNNING, HALF} for one in entries(target, connection))


def resolve(target: Target, connection: Connection, revision: str) -> None:
    """Close the rows of a revision that was left half applied."""
    table = journal_table(target)
    connection.execute(
        table.update()
        .where(table.c.revision == revision, table.c.outcome.in_([RUNNING, HALF]))
        .values(outcome=RESOLVED, finished=now())
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


def now() -> datetime:
    """Return the time as the journal has it."""
    # Without a time zone, as all three kinds of databases keep it; it is UTC.
    return datetime.now(UTC).replace(tzinfo=None)
