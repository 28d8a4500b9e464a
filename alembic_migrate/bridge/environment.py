"""Running an environment: ours, or the project's own ``env.py`` as it is."""

from __future__ import annotations

import io
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from alembic_migrate.bridge.arguments import filled_in
from alembic_migrate.bridge.builtin import drive
from alembic_migrate.bridge.config import make_config
from alembic_migrate.bridge.logs import forwarded_logs, forwarded_warnings, kept_logging
from alembic_migrate.bridge.ownership import Ownership
from alembic_migrate.databases.connecting import guarded, outside_loop
from alembic_migrate.databases.faults import is_database_fault
from alembic_migrate.databases.urls import PLACEHOLDER, mask
from alembic_migrate.discovery.modules import describe, import_user_module
from alembic_migrate.errors import AlembicMigrateError, ConfigError, MigrationError
from alembic_migrate.events import Event, Report

if TYPE_CHECKING:
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
        context: further arguments of Alembic's ``EnvironmentContext``.
        options: attributes of ``cmd_opts``.
        leave: is called when the migrations have run, while the connection is still open.
    """

    verb: str
    work: Work
    report: Report
    reading: bool = False
    sql: bool = False
    context: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    leave: Callable[[], None] | None = None


class Place(NamedTuple):
    """Where an environment ran: the URL with its password masked, and the version table."""

    database: str | None
    version_table: str


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
        self._database: str | None = None
        self.purged: tuple[str, ...] = ()
        self.after: tuple[str, ...] | None = None
        self.ran = 0

    def configure(self, connection: Connection | None = None, **given: Any) -> None:  # type: ignore[override]
        """Configure as the script asks, with what the file sets and the script leaves out."""
        if self.target.environment != "builtin":
            given = filled_in(self.target, given, self.request.report)
        given["include_object"] = self.ownership.filter(given.get("include_object"))
        applied = given.get("on_version_apply") or ()
        applied = (applied,) if callable(applied) else tuple(applied)
        given["on_version_apply"] = (*applied, self._note_heads)
        url = connection.engine.url if connection is not None else given.get("url")
        self._database = mask(make_url(url)) if url else None
        super().configure(connection=connection, **given)

    def _note_heads(self, *, heads: Iterable[str], **_: Any) -> None:
        self.after = tuple(sorted(heads))

    def run_migrations(self, **kw: Any) -> None:
        """Run the work of this request."""
        self.ran += 1
        self.places.append(Place(self._database, version_table_of(self.get_context())))
        if self.request.context.get("purge"):
            self.purged = _heads_before(self.get_context())
        super().run_migrations(**kw)
        if self.request.leave is not None:
            self.request.leave()

    @property
    def database(self) -> str | None:
        """Return the first database that was run, its password masked."""
        found = (place.database for place in self.places if place.database)
        return next(found, self.target.shown_url)

    def run_builtin(self) -> None:
        """Run as the package's own environment script does: online, offline, sync or async."""
        drive(self, self.target, sql=self.request.sql)

    def run_own(self) -> None:
        """Run the folder's own ``env.py``."""
        script = f"{self.target.folder}/env.py"
        try:
            self.script.run_env()
        except (Exception, SystemExit) as error:
            if self._has_no_url(error):
                raise ConfigError(
                    f"the environment script {script} found no database URL",
                    hint=f'set it under {self.target.table}: url = "sqlite:///app.db"; '
                    "or sqlalchemy.url in alembic.ini",
                ) from error
            if not self._is_the_scripts(error):
                raise
            raise ConfigError(
                f"the environment script {script} failed: {describe(error)}",
                hint='correct it, or use the built-in one: env = "builtin"',
            ) from error
        if not self.ran:
            raise MigrationError(
                f"the environment script {script} ended without a call to "
                "context.run_migrations(): nothing was done",
                hint='correct it, or use the built-in one: env = "builtin"',
            )

    def _is_the_scripts(self, error: BaseException) -> bool:
        """Tell whether the script itself failed, and not what it ran or connected to."""
        if self.ran or isinstance(error, AlembicMigrateError | CommandError):
            return isinstance(error, SystemExit)
        if not is_database_fault(error):
            return True
        # A file that the script wants and that is not there; a driver is called by SQLAlchemy.
        frames = traceback.extract_tb(error.__traceback__)
        return isinstance(error, OSError) and not any("sqlalchemy" in f.filename for f in frames)

    def _has_no_url(self, error: BaseException) -> bool:
        """Tell whether the script made an engine without a URL, or with Alembic's placeholder."""
        kinds = (ArgumentError, NoSuchModuleError, KeyError)
        if self.ran or not isinstance(error, kinds) or self.target.configured_url() is not None:
            return False
        url = self.config.get_main_option("sqlalchemy.url")
        return url == PLACEHOLDER or (not url and "url" in str(error))


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
    # An asynchronous env.py calls asyncio.run(), which a running loop refuses.
    return outside_loop(lambda: _run(target, scripts, request))


def _run(target: Target, scripts: Scripts, request: Request) -> Environment:
    target.enter()
    with _ONE_AT_A_TIME, ExitStack() as stack:
        report, name = request.report, target.name
        stack.enter_context(kept_logging())
        stack.enter_context(forwarded_warnings(report, name))
        stack.enter_context(forwarded_logs(report, name))
        stack.enter_context(
            guarded(
                timeout=float(target.config["connect_timeout"]),
                reading=request.reading,
                on_sql=lambda statement: report(Event("sql", statement, name)),
            )
        )
        if target.environment == "flask":
            _require_flask_context(target)
        environment = Environment(target, scripts, request)
        stack.enter_context(environment)
        _running.append(environment)
        stack.callback(_running.remove, environment)
        if target.environment == "builtin":
            environment.run_builtin()
        else:
            environment.run_own()
        target.tell_warnings(report)
        return environment


def _require_flask_context(target: Target) -> None:
    """Refuse an ``env.py`` of Flask-Migrate's without the application context that it needs."""
    target.own_models()
    try:
        flask = import_user_module("flask", f"{target.folder}/env.py")
        present = bool(flask.has_app_context())
    except AlembicMigrateError:
        present = False
    if not present:
        raise ConfigError(
            f"the environment script {target.folder}/env.py is one of Flask-Migrate's: it needs "
            "current_app, and there is no Flask application here",
            hint="use the built-in environment instead; in pyproject.toml:\n"
            f"{target.table}\n"
            'env = "builtin"\n'
            'metadata = "yourapp:db.metadata"  # where your SQLAlchemy() object lives\n'
            'url = "${DATABASE_URL}"  # what SQLALCHEMY_DATABASE_URI is\n'
            "or push a context in the base module: create_app().app_context().push()",
        )


def heads_of(environment: Environment, before: Sequence[str]) -> tuple[str, ...]:
    """Return the ids in the version table after a run."""
    return environment.after if environment.after is not None else tuple(before)
