"""Running an environment: ours, or the project's own ``env.py`` as it is."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import Connection, Dialect, make_url

from alembic_migrate.bridge.arguments import filled_in
from alembic_migrate.bridge.builtin import drive
from alembic_migrate.bridge.config import make_config
from alembic_migrate.bridge.logs import (
    forwarded_logs,
    forwarded_warnings,
    kept_logging,
    tell_steps_once,
)
from alembic_migrate.bridge.ownership import Ownership
from alembic_migrate.databases.connecting import guarded, outside_loop
from alembic_migrate.databases.threads import quiet_threads
from alembic_migrate.databases.urls import mask
from alembic_migrate.errors import ConfigError
from alembic_migrate.events import Event, Report, ignore
from alembic_migrate.garbage import libraries

if TYPE_CHECKING:
    from alembic_migrate.bridge.guarding import Guard
    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.targets import Target

Work = Callable[[Any, MigrationContext], Iterable[Any]]

# alembic.op and alembic.context are process-wide: one environment at a time.
_ONE_AT_A_TIME = threading.RLock()
_running: list[Environment] = []


@dataclass
class Request:
    """One run of an environment.

    Attributes:
        verb: Alembic's name of the command.
        work: gets the ids in the version table and the migration context; returns the steps.
        report: is told what happens.
        reading: the database is only read.
        sql: write a script instead of connecting.
        isolated: whatever connects nevertheless is refused.
        context: further arguments of Alembic's ``EnvironmentContext``.
        options: attributes of ``cmd_opts``.
        guard: the locks and limits around a run that changes something.
    """

    verb: str
    work: Work
    report: Report
    reading: bool = False
    sql: bool = False
    isolated: bool = False
    context: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    guard: Guard | None = None


class Place(NamedTuple):
    """Where an environment ran.

    Attributes:
        database: the URL with its password masked.
        version_table: its name, its schema in front.
        tables: those beside a version table that is empty, where that was asked.
    """

    database: str | None
    version_table: str
    tables: frozenset[str] = frozenset()


def version_table_of(context: MigrationContext) -> str:
    """Return the name of the version table that a context really uses, its schema in front."""
    schema, table = context.version_table_schema, context.version_table
    return f"{schema}.{table}" if schema else str(table)


class Environment(EnvironmentContext):
    """Alembic's environment, which fills in what the file configures and notes what was done."""

    def __init__(self, target: Target, scripts: Scripts, request: Request) -> None:
        self.output = io.StringIO()
        options = {"sql": request.sql, **request.options}
        config = make_config(target, request.verb, options, target.configured_url())
        super().__init__(
            config,
            scripts,
            fn=request.work,
            as_sql=request.sql,
            # The work itself makes the version table, once it knows that there is something to do.
            dont_mutate=True,
            output_buffer=self.output,
            **request.context,
        )
        self.target = target
        self.request = request
        self.ownership = Ownership(target)
        self.places: list[Place] = []
        self.arguments: dict[str, Any] = {}
        self._database: str | None = None
        self.purged: tuple[str, ...] = ()
        self.after: tuple[str, ...] | None = None
        self.ran = 0
        self.failed: BaseException | None = None
        self.elsewhere = False

    def note_connection(
        self, dialect: Dialect, arguments: list[Any], parameters: dict[str, Any]
    ) -> None:
        """Note whether the script connects to another database than the configured one.

        Raises:
            ConfigError: it is not to connect at all.
        """
        if self.request.isolated:
            raise ConfigError(
                f"{self.target.folder}/env.py connects to a database although it is asked for SQL "
                "alone",
                hint="let it ask context.is_offline_mode(), as alembic-db init --template full "
                'writes it, or use the built-in one: env = "builtin"',
            )
        url = self.target.configured_url()
        self.elsewhere = (
            url is None
            or url.get_backend_name() != dialect.name
            # The first releases of SQLAlchemy 2.0 give a list for some drivers.
            or tuple(dialect.create_connect_args(url)) != (arguments, parameters)
        )

    def configure(self, connection: Connection | None = None, **given: Any) -> None:  # type: ignore[override]
        """Configure as the script asks, with what the file sets and the script leaves out."""
        if self.target.environment != "builtin":
            given = filled_in(self.target, given, self.request.report)
        given["include_object"] = self.ownership.filter(
            given.get("include_object"), given.get("target_metadata")
        )
        applied = given.get("on_version_apply") or ()
        applied = (applied,) if callable(applied) else tuple(applied)
        given["on_version_apply"] = (*applied, self._note_heads)
        url = connection.engine.url if connection is not None else given.get("url")
        self._database = mask(make_url(url)) if url else None
        super().configure(connection=connection, **given)
        self._share_version_table()

    def _share_version_table(self) -> None:
        """Let tenants have one Table of versions: SQLAlchemy compiles what is done to it once."""
        if self.target.environment == "builtin":
            context = self.get_context()
            own = context._version  # noqa: SLF001 - the same for all, but for its schema
            context._version = self.target.shared(f"versions in {own.schema}", lambda: own)  # noqa: SLF001

    def _note_heads(self, *, heads: Iterable[str], **_: Any) -> None:
        self.after = tuple(sorted(heads))

    def run_migrations(self, **kw: Any) -> None:
        """Run the work of this request."""
        self.ran += 1
        self.arguments = kw
        if self.request.report is not ignore:
            tell_steps_once()
        self.places.append(Place(self._database, version_table_of(self.get_context())))
        if self.request.guard is not None and self.ran == 1:
            self._tell_of_journal()
        if self.request.context.get("purge"):
            self.purged = _heads_before(self.get_context())
        try:
            super().run_migrations(**kw)
        except BaseException as error:
            self.failed = error  # the script may swallow it
            raise
        self.failed = None
        if self.request.guard is not None:
            connection = self.get_context().connection
            if self.target.rehearsing and connection is not None:
                self.request.guard.rehearsed(connection)
            if self.target.environment != "builtin":
                self.request.guard.session.ran()

    def _tell_of_journal(self) -> None:
        """Say where the journal is when it is not in the database that the script has chosen."""
        if not (self.target.config["journal"] and self.elsewhere):
            return
        said = "no journal is kept: env.py chooses the database, and no url is configured"
        if self.target.keeps_journal:
            said = f"the journal is kept in {self.target.shown_url}, the configured database; "
            said += f"env.py chose {self._database}"
        self.request.report(Event("warning", said, self.target.name))

    @property
    def database(self) -> str | None:
        """Return the databases that were run, passwords masked, with commas between them."""
        found = dict.fromkeys(place.database for place in self.places if place.database)
        return ", ".join(found) or self.target.shown_url

    def run_builtin(self) -> None:
        """Run as the package's own environment script does: online, offline, sync or async."""
        guard, more = self.request.guard, dict[str, Any]()
        if guard is not None:
            more["committed"] = guard.session.leave
        if guard is not None and guard.rehearsal is not None:
            more["around"] = guard.rehearsal.rolled_back
        drive(self, self.target, sql=self.request.sql, **more)


def _heads_before(context: MigrationContext) -> tuple[str, ...]:
    """Return the ids in the version table; a transaction that reading them begins is ended."""
    connection = context.connection
    assert connection is not None
    begun = connection.in_transaction()
    heads = context.get_current_heads()
    if not begun:
        connection.rollback()
    return tuple(heads)


# Alembic keeps the modules that stand in for an environment by its class.
Environment._setups[Environment] = EnvironmentContext._setups[EnvironmentContext]  # noqa: SLF001


def active_environment() -> Environment | None:
    """Return the environment that is being run, or None."""
    return _running[-1] if _running else None


def run_environment(target: Target, scripts: Scripts, request: Request) -> Environment:
    """Run a target's environment and return it, with what it noted.

    Raises:
        AlembicMigrateError: the environment script is wrong or did nothing. What the work, the
            revisions or the driver raise comes through as it is.
    """
    if target.environment == "builtin":
        return _run(target, scripts, request)
    libraries.are_imported()
    # An asynchronous env.py calls asyncio.run(), which a running loop refuses.
    return outside_loop(lambda: _run(target, scripts, request))


def _run(target: Target, scripts: Scripts, request: Request) -> Environment:
    target.enter()
    with _ONE_AT_A_TIME, ExitStack() as stack:
        report, name = request.report, target.label
        stack.enter_context(quiet_threads())
        stack.enter_context(kept_logging())
        stack.enter_context(forwarded_warnings(report, name))
        stack.enter_context(forwarded_logs(report, name))
        environment = Environment(target, scripts, request)
        stack.enter_context(
            guarded(
                timeout=target.connect_timeout,
                reading=request.reading,
                on_connect=environment.note_connection,
                on_sql=lambda statement: report(Event("sql", statement.strip(), name)),
            )
        )
        stack.enter_context(environment)
        _running.append(environment)
        stack.callback(_running.remove, environment)
        if target.environment == "builtin":
            environment.run_builtin()
        else:
            from alembic_migrate.bridge.own import run_own  # noqa: PLC0415 - for an env.py

            run_own(environment)
        target.tell_warnings(report)
        return environment


def heads_of(environment: Environment, before: Sequence[str]) -> tuple[str, ...]:
    """Return the ids in the version table after a run."""
    return environment.after if environment.after is not None else tuple(before)
