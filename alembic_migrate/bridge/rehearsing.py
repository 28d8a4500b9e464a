"""What can be rehearsed: revisions that one transaction can hold, and that it takes back."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from alembic_migrate.databases.listening import listening
from alembic_migrate.databases.watching import OURS, is_autocommit, is_commit, is_read
from alembic_migrate.errors import MigrationError, UsageError
from alembic_migrate.history.contents import autocommit_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import Connection

    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.targets import Target

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


@contextmanager
def rolled_back(connection: Connection) -> Iterator[None]:
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
        yield
        transaction.rollback()


@contextmanager
def nothing_commits() -> Iterator[None]:
    """Refuse meanwhile, on whatever connection, what would make a rehearsal last.

    Raises:
        MigrationError: something would commit; it has not.
    """

    def refuse(_connection: Connection) -> None:
        raise MigrationError("it commits by itself, which a rehearsal cannot take back")

    def look(other: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        ours = OURS in other.get_execution_options()
        at_once = is_autocommit(other) and not is_read(statement)
        if not ours and (is_commit(statement) or at_once):
            refuse(other)

    with listening({"commit": refuse, "before_cursor_execute": look}):
        yield


def check_deferred(connection: Connection) -> None:
    """Let the server check now what it would check at a commit: deferred constraints."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
