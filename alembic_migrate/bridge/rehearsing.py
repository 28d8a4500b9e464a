"""What can be rehearsed: revisions that one transaction can hold, and that it takes back."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from alembic_migrate.databases.listening import listening
from alembic_migrate.databases.statements import is_autocommit, is_commit, is_read, may_change
from alembic_migrate.databases.watching import OURS
from alembic_migrate.errors import MigrationError, UsageError
from alembic_migrate.history.contents import autocommit_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import Connection

    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.databases.executed import Statements
    from alembic_migrate.targets import Target

COMMITS = "it commits by itself, which a rehearsal cannot take back"

_TRANSACTIONAL = {"postgresql", "sqlite", "mssql"}


def refuse_rehearsal(target: Target, scripts: Scripts, steps: Sequence[Any]) -> None:
    """Refuse what a rollback would not take back.

    Args:
        target: the base.
        scripts: its revision files.
        steps: what would run.

    Raises:
        UsageError: the database commits DDL at once, the environment script is the project's own,
            or a revision commits by itself.
    """
    if target.environment != "builtin":
        raise UsageError(
            f"{target.prefix}a rehearsal needs the built-in environment: {target.folder}/env.py "
            "commits as it likes",
            hint='env = "builtin" under [tool.alembic-migrate] uses it',
        )
    look_at_it = f"look at the script instead: alembic-db upgrade{target.flag} --sql"
    backend = target.url.get_backend_name()
    if backend not in _TRANSACTIONAL:
        raise UsageError(
            f"{target.prefix}a rehearsal cannot be rolled back on {backend}, which commits DDL",
            hint=look_at_it,
        )
    before = None
    for step in steps:
        script = scripts.get_revision(step.revision.revision)
        line = autocommit_line(Path(script.path))
        if line is not None:
            rehearse = f"rehearse what comes before it: alembic-db upgrade{target.flag} --rehearse"
            raise UsageError(
                f"{target.prefix}revision {script.revision} cannot be rehearsed: "
                f"{script.path}:{line} commits by itself (autocommit_block)",
                hint=f"{rehearse} {before}" if before else look_at_it,
            )
        before = script.revision


class Rehearsal:
    """The one transaction of a rehearsal: nothing but its end is to end it.

    Args:
        statements: is told of a commit that SQLAlchemy does not know of.
    """

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._raw: Any = None
        self._number: int | None = None

    @contextmanager
    def rolled_back(self, connection: Connection) -> Iterator[None]:
        """Work in one transaction of a connection, and roll it back.

        Raises:
            UsageError: the connection has no transactions.
        """
        if is_autocommit(connection):
            raise UsageError(
                "a rehearsal needs a transaction, and the engine is in AUTOCOMMIT",
                hint="make it with another isolation_level",
            )
        # Alembic leaves a transaction alone that it has not begun.
        with connection.begin() as transaction:
            if connection.dialect.name == "postgresql":
                self._number = connection.execute(text("SELECT txid_current()")).scalar_one()
                self._raw = _raw(connection)
            try:
                yield
            finally:
                self._raw = None  # what follows is no part of it
            transaction.rollback()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Refuse meanwhile, on whatever connection, what would make a rehearsal last.

        Raises:
            MigrationError: something would commit; it has not. Or the driver's own ``commit()`` was
                called, of which SQLAlchemy knows nothing.
        """

        def refuse(_connection: Connection) -> None:
            raise MigrationError(COMMITS)

        def look(other: Connection, _cursor: object, statement: str, *_rest: object) -> None:
            if OURS in other.get_execution_options():
                return
            at_once = is_autocommit(other) and (not is_read(statement) or may_change(statement))
            if is_commit(statement, other.dialect.name) or at_once:
                refuse(other)
            if _raw(other) is self._raw:
                self.check()

        with listening({"commit": refuse, "before_cursor_execute": look}):
            yield

    def check(self) -> None:
        """Make sure that the transaction is still the one that was begun.

        SQLite is told beforehand to refuse a commit; on PostgreSQL it is found out afterwards.

        Raises:
            MigrationError: it is not.
        """
        if self._raw is None:
            return
        try:
            is_other = _asked(self._raw, "SELECT txid_current()") != self._number
        except Exception:  # noqa: BLE001 - the transaction has failed, which is told soon
            return
        if not is_other:
            return
        outcome = _asked(self._raw, f"SELECT txid_status({self._number})")
        self._raw = None
        if outcome == "aborted":
            raise MigrationError("it has rolled back by itself what was rehearsed before it")
        self._statements.commit()
        raise MigrationError(
            "it has committed by the driver's own commit(), which a rehearsal cannot take back"
        )


def _raw(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _asked(raw: Any, statement: str) -> Any:
    cursor = raw.cursor()
    try:
        cursor.execute(statement)
        return cursor.fetchone()[0]
    finally:
        cursor.close()


def check_deferred(connection: Connection) -> None:
    """Let the server check now what it would check at a commit: deferred constraints."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
