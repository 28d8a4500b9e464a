"""What surrounds a run that changes a database: the locks, the timeouts, the truth afterwards."""

from __future__ import annotations

import contextlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from alembic_migrate.bridge.journal import DONE, Journal
from alembic_migrate.bridge.rehearsing import COMMITS, Rehearsal, check_deferred
from alembic_migrate.bridge.session import Session, StartAgain
from alembic_migrate.bridge.truth import look, unanswered
from alembic_migrate.databases.escaping import Escapes
from alembic_migrate.databases.executed import Statements
from alembic_migrate.databases.faults import first_line
from alembic_migrate.databases.holding import held
from alembic_migrate.databases.listening import listening
from alembic_migrate.databases.sockets import cut_all
from alembic_migrate.databases.sqlite import SqliteCare, migrating_sqlite, opened_file
from alembic_migrate.databases.urls import sqlite_place
from alembic_migrate.databases.watching import watched
from alembic_migrate.errors import MigrationError
from alembic_migrate.events import Event
from alembic_migrate.locks.gate import Gate, Wish, gate, none_known
from alembic_migrate.locks.sessions import lock_for
from alembic_migrate.locks.sidecar import SidecarLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep
    from sqlalchemy.engine import URL, Connection

    from alembic_migrate.bridge.sites import Site
    from alembic_migrate.bridge.truth import Position
    from alembic_migrate.databases.holding import Held
    from alembic_migrate.events import Report
    from alembic_migrate.targets import Target


class Guard:
    """The locks and limits of one run.

    Args:
        target: what is migrated.
        held: the gate, held already.
        statements: what the run executes.
        sqlite: looks after SQLite's foreign keys.
        noting: what the journal is written on; None: after the run.
        tell: is told what a user should know of the lock.

    Attributes:
        rehearsal: what is rolled back again; None where it is meant to stay.
        escapes: looks for transactions that end without SQLAlchemy's knowledge.
        session: the one that migrates.
    """

    def __init__(
        self,
        target: Target,
        held: Gate,
        statements: Statements,
        sqlite: SqliteCare,
        noting: Held | None,
        tell: Callable[[str], None],
    ) -> None:
        self.target = target
        self.gate = held
        self.statements = statements
        self.sqlite = sqlite
        self.journal = Journal(target, noting) if target.keeps_journal else None
        self.rehearsal: Rehearsal | None = None
        self.escapes = Escapes(statements)
        self.session = Session(target, held.connection)
        self._sidecars: dict[Path, SidecarLock] = {}
        self._tell = tell
        url = target.configured_url()
        self._told = {url.get_backend_name()} if url is not None else set()

    def enter(self, context: MigrationContext, heads: Sequence[str]) -> None:
        """Take the lock of the migrating session itself, and set its limits.

        Args:
            context: Alembic's, connected.
            heads: ids in the version table as Alembic read them, before this lock was ours.

        Raises:
            StartAgain: another session, whose process may be dead, still works; or the version
                table has changed since.
            ConfigError: a lock is required, and none is known for the server.
        """
        connection = context.connection
        if connection is not None:
            # Of another database, or schema, that the environment script ran before.
            self.session.leave()
            if connection.dialect.name == "sqlite":
                self._enter_sqlite(connection)
            else:
                self._enter_other(connection.dialect.name)
            self.session.enter(connection, context, heads)

    def _enter_sqlite(self, connection: Connection) -> None:
        """Take the lock of a SQLite file that an environment script chose in place of ours."""
        file = sqlite_place(connection.engine.url) or opened_file(connection)
        if file is None or self.target.config["lock"] == "off":
            return
        configured = self.target.configured_url()
        ours = sqlite_place(configured) if configured is not None else None
        lock = SidecarLock(file)
        if (ours is not None and ours.resolve() == file.resolve()) or lock.path in self._sidecars:
            return
        if not lock.try_acquire():
            self.session.awaited = lock.holder()
            raise StartAgain
        self.session.awaited = None
        self._sidecars[lock.path] = lock
        if self.target.config["lock"] == "require":
            chose = "engine" if self.target.environment == "builtin" else "env.py"
            self._tell(f"the lock is the file {lock.path}, beside the database that {chose} opened")

    def _enter_other(self, backend: str) -> None:
        """Say, once, that no lock is known for a server that an environment script chose."""
        mode = self.target.config["lock"]
        if backend not in self._told and lock_for(backend, "session", None, "") is None:
            none_known(backend, mode, self._tell)
            self._told.add(backend)

    def rehearsed(self, connection: Connection) -> None:
        """Check, before what was rehearsed is rolled back, what a commit would check.

        Raises:
            MigrationError: rows would refer to rows that are gone.
            DBAPIError: a deferred constraint does not hold.
        """
        check_deferred(connection)
        self.sqlite.check(connection)

    def begins(self, revision: str, direction: str, step: RevisionStep | StampStep) -> None:
        """Make sure that the gate is still ours; called before each revision.

        Raises:
            LockError: it is not.
            MigrationError: the journal cannot be written.
        """
        self.statements.begin_step()
        with self._cutting():
            self.gate.check()
        if self.journal is not None:
            script = getattr(step, "revision", None)
            path = getattr(script, "path", None)
            ran = path is not None and not getattr(step, "by_hand", False)
            with self._writing():
                self.journal.begin(revision, direction if ran else "stamp", path)

    @contextmanager
    def _cutting(self) -> Iterator[None]:
        """Cut what works, too, where nothing answers on the gate's connection."""
        try:
            yield
        except Exception:
            if self.silent:
                # To roll back would be to wait for an answer again; the server will.
                cut_all()
                self.session.give_up()
            raise

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Tell what goes wrong with the journal as what it is: the gate is lost, or a table is."""
        with self._cutting():
            try:
                yield
            except Exception as error:
                self.gate.check()
                raise MigrationError(
                    f"{self.target.prefix}the journal cannot be written: {first_line(error)}",
                    data={"base": self.target.name, "lost": True},
                ) from error

    @property
    def silent(self) -> bool:
        """Tell whether the gate's connection was given up, because nothing answered on it."""
        return self.gate.connection is not None and self.gate.connection.lost

    def look_at(self, site: Site, seconds: float | None = None) -> tuple[Position, tuple[str, ...]]:
        """Ask a database where a failure left it, as ``look`` does, but for what cannot answer."""
        if self.silent and not site.chosen:
            return unanswered(site)
        return look(site, self.session.invalid_before(site), seconds)

    def came_through(self) -> None:
        """Check what a revision left that came to its end, before the version table says so.

        Raises:
            MigrationError: rows refer to rows that are gone, and no commit told of it; or it has
                ended the transaction of a rehearsal.
        """
        self.sqlite.check_unwatched()
        if self.rehearsal is not None:
            self.rehearsal.check()
        if self.refusal is not None:
            raise MigrationError(self.refusal)

    @property
    def refusal(self) -> str | None:
        """What SQLite refused to do while it was rehearsed, in our words; None where nothing."""
        return COMMITS if self.sqlite.refused else None

    def ended(self, outcome: str) -> None:
        """Note how the revision ended that began last.

        Raises:
            LockError: the gate is not ours any more.
            MigrationError: the journal cannot be written.
        """
        commits, settled = self.statements.commits, self.statements.settled
        if outcome == DONE:
            self.statements.begin_step()  # what it did is whole, whatever becomes of the row
        if self.journal is not None:
            with self._writing():
                self.journal.end(outcome, commits, settled=settled)

    def close(self) -> None:
        """Give every lock back, those beside files too, which are held for the whole run."""
        self.session.leave()
        try:
            if self.journal is not None:
                self.journal.close()
        finally:
            while self._sidecars:
                self._sidecars.popitem()[1].release()


@contextmanager
def guarding(target: Target, report: Report) -> Iterator[Guard]:
    """Hold the gate of a target, and note what is executed meanwhile.

    Raises:
        LockError: another process holds it.
    """
    statements = Statements()
    url = target.configured_url()

    def tell(said: str) -> None:
        report(Event("warning", said, target.label))

    with contextlib.ExitStack() as stack:
        open_gate = Gate(lambda: True)
        if url is not None:
            wish = Wish(
                url=url,
                schema=target.version_table_schema,
                table=target.version_table,
                mode=target.config["lock"],
                wait=target.lock_wait,
                pooler=target.config["pooler"],
                factory=target.engine_factory,
                timeout=target.connect_timeout,
            )
            open_gate = stack.enter_context(gate(wish, tell))
        sqlite = stack.enter_context(migrating_sqlite(rehearsing=target.rehearsing))
        rehearsal = Rehearsal(statements) if target.rehearsing else None
        if rehearsal is not None:
            # Before it is noted what is committed: nothing is.
            stack.enter_context(rehearsal.watched())
        escapes = Escapes(statements)
        stack.enter_context(watched(statements, escapes))
        noting = stack.enter_context(_noting(target, url, open_gate))
        guard = Guard(target, open_gate, statements, sqlite, noting, tell)
        guard.escapes = escapes
        guard.rehearsal = rehearsal
        stack.enter_context(listening({"checkin": guard.session.returned}))
        try:
            yield guard
        except BaseException:
            with contextlib.suppress(Exception):  # what failed matters more than its row
                guard.close()
            raise
        guard.close()


@contextmanager
def _noting(target: Target, url: URL | None, open_gate: Gate) -> Iterator[Held | None]:
    """Hand out what the journal is written on: the gate's connection, or one where it has none."""
    needed = target.keeps_journal and url is not None and url.get_backend_name() != "sqlite"
    if url is None or not needed or open_gate.connection is not None:
        yield open_gate.connection
        return
    with held(url, target.engine_factory) as connection:
        yield connection
