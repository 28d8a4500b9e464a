"""The SQL of revisions, noted while it is executed once, and executed for other tenants.

What is noted is the statement as SQLAlchemy hands it to the driver, percent signs doubled where the
driver halves them again. Executed as it is, without parameters, it takes the same way.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import MetaData, Table
from sqlalchemy.sql import ddl

from alembic_migrate.databases.listening import listening
from alembic_migrate.databases.statements import is_read, may_change
from alembic_migrate.integrity.sums import text_sum

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.engine import Connection

    Run = Callable[..., Any]

# Databases whose SQL says nothing of the schema that it is executed in.
BACKENDS = frozenset({"postgresql", "mysql", "mariadb", "sqlite"})

# What listens to the making of a table, and what SQLAlchemy may have been told to write otherwise.
_TABLE_EVENTS = ("before_create", "after_create", "before_drop", "after_drop")
_CONSTRUCTS = (
    ddl.CreateTable,
    ddl.CreateColumn,
    ddl.CreateIndex,
    ddl.DropTable,
    ddl.DropIndex,
    ddl.AddConstraint,
    ddl.DropConstraint,
)
_THEIRS = frozenset({"alembic", "sqlalchemy"})  # Alembic's own knows what it is given alone
_LINE = "alembic_migrate_line"


class Sharing(Protocol):
    """What is done about a revision in place of running it plainly."""

    def around(self, revision: str, connection: Connection, run: Run) -> Run:
        """Return what to call in the place of its ``upgrade()``.

        Args:
            revision: its id.
            connection: where it runs.
            run: its ``upgrade()``.
        """

    def is_outdated(self, revision: str, file: str) -> bool:
        """Tell whether the file of a revision was changed since its SQL was noted."""


@dataclass(frozen=True, slots=True)
class SharedStatement:
    """One statement of a revision.

    Attributes:
        sql: as the driver gets it.
        line: the line of the revision's file that it comes from, where that is known.
    """

    sql: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """The SQL of revisions.

    Attributes:
        server: what it may depend on; on another server they run as usual.
        revisions: the statements of each, by its id.
        sums: of the texts of their files, by their ids.
    """

    server: tuple[Any, ...]
    revisions: Mapping[str, tuple[SharedStatement, ...]]
    sums: Mapping[str, str]

    def around(self, revision: str, connection: Connection, run: Run) -> Run:
        """Return what executes the statements of a revision; of one without them, its own."""
        statements = self.revisions.get(revision)
        if statements is None or not self.fits(connection):
            return run

        def execute(**_given: Any) -> None:
            for each in statements:
                try:
                    connection.exec_driver_sql(each.sql)
                except Exception as error:
                    setattr(error, _LINE, each.line)
                    raise

        return execute

    def has(self, revision: str) -> bool:
        """Tell whether the SQL of a revision is among it."""
        return revision in self.revisions

    def fits(self, connection: Connection) -> bool:
        """Tell whether it is what SQLAlchemy would write for a connection's server."""
        return traits(connection) == self.server

    def is_outdated(self, revision: str, file: str) -> bool:
        """Tell whether the file of a revision was changed since its SQL was noted."""
        return revision in self.revisions and _sum_of(file) != self.sums[revision]


def _sum_of(file: str) -> str | None:
    try:
        state = os.stat(file)  # noqa: PTH116 - once a revision and tenant
        return _sum_as_of(file, state.st_mtime_ns, state.st_ctime_ns, state.st_size)
    except OSError:
        return None


@lru_cache(maxsize=4096)
def _sum_as_of(file: str, *_state: int) -> str:
    return text_sum(Path(file).read_bytes())


def shared_line(error: BaseException) -> int | None:
    """Return the line of a revision's file whose shared statement has failed, or None."""
    return getattr(error, _LINE, None)


def as_sent(sql: str, connection: Connection) -> str:
    """Return what a driver sends of a statement that was noted."""
    halves = connection.dialect.paramstyle in {"format", "pyformat"}
    return sql.replace("%%", "%") if halves else sql


def traits(connection: Connection) -> tuple[Any, ...]:
    """Return what the SQL may depend on that SQLAlchemy writes for a server."""
    dialect = connection.dialect
    return (
        dialect.name,
        dialect.driver,
        dialect.server_version_info,
        dialect.identifier_preparer.initial_quote,
        getattr(dialect, "_backslash_escapes", None),
        bool(getattr(dialect, "is_mariadb", False)),
    )


@dataclass(slots=True)
class Recording:
    """Notes what revisions execute while they run.

    Args:
        files: the files of the revisions to note, and the sums of their texts, by their ids.

    Attributes:
        server: what the SQL may depend on; None as long as none of them has begun.
        found: what they executed.
        unfit: ids of those that did more than to execute plain statements.
    """

    files: Mapping[str, tuple[str, str]]
    server: tuple[Any, ...] | None = None
    found: dict[str, list[SharedStatement]] = field(default_factory=dict)
    unfit: set[str] = field(default_factory=set)

    def around(self, revision: str, connection: Connection, run: Run) -> Run:
        """Return what runs a revision and notes what it executes."""
        if revision not in self.files:
            return run
        file, _ = self.files[revision]

        def record(**given: Any) -> None:
            noted = self.found[revision] = []
            self.server = traits(connection)
            if connection.dispatch.before_execute:  # it may change what is executed
                self.unfit.add(revision)

            def note(
                other: Connection,
                _cursor: object,
                _statement: str,
                parameters: Any,
                context: Any,
                many: bool,
            ) -> None:
                sql = str(context.statement)  # as no listener has changed it yet
                plain = not (many or parameters or is_read(sql) or may_change(sql))
                if other is not connection or not plain:
                    self.unfit.add(revision)
                noted.append(SharedStatement(sql, _line_in(file)))

            with listening({"before_cursor_execute": note}):
                run(**given)

        return record

    def is_outdated(self, _revision: str, _file: str) -> bool:
        """Tell that it is not: what is noted is what was loaded."""
        return False

    def compiled(self) -> Compiled | None:
        """Return what was noted of those that are fit for it; None where there are none."""
        fit = {
            revision: tuple(statements)
            for revision, statements in self.found.items()
            if revision not in self.unfit
        }
        if self.server is None or not fit:
            return None
        return Compiled(self.server, fit, {revision: self.files[revision][1] for revision in fit})


def _line_in(file: str) -> int | None:
    """Return the line of a file that is being executed, or None."""
    frame = sys._getframe(1)  # noqa: SLF001 - how inspect does it, but slowly
    while frame.f_code.co_filename != file:
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return frame.f_lineno


def changed_ddl() -> str | None:
    """Return how the project changes what DDL does, which may differ from tenant to tenant."""
    probe = Table("alembic_migrate_probe", MetaData())
    for name in _TABLE_EVENTS:
        if getattr(probe.dispatch, name):
            return f"something listens to {name} of every Table"
    for construct in _CONSTRUCTS:
        compilers = getattr(vars(construct).get("_compiler_dispatcher"), "specs", {})
        if any(each.__module__.partition(".")[0] not in _THEIRS for each in compilers.values()):
            return f"@compiles changes {construct.__name__}"
    return None
