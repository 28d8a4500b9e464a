"""A scratch database in a test's hands: migrated to where the test wants it, and looked into."""

from __future__ import annotations

import importlib.util
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Self

from sqlalchemy import MetaData, Table, create_engine
from sqlalchemy.pool import NullPool

from alembic_migrate.bridge.replaying import confinement, made_for, replay
from alembic_migrate.bridge.running import downgrade
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.bridge.state import read_databases
from alembic_migrate.databases.urls import is_async
from alembic_migrate.errors import ConfigError
from alembic_migrate.events import ignore

if TYPE_CHECKING:
    from types import TracebackType

    from sqlalchemy.engine import URL, Connection, Engine

    from alembic_migrate.results import Run
    from alembic_migrate.targets import Target

# Drivers that wait, for what is asynchronous: the first one that is installed is taken.
_WAITING = {
    "postgresql": ("psycopg", "psycopg2", "pg8000"),
    "mysql": ("pymysql", "MySQLdb"),
    "mariadb": ("pymysql", "MySQLdb"),
    "sqlite": ("sqlite3",),
}
_NAMES = {"MySQLdb": "mysqldb", "sqlite3": "pysqlite"}


class Scratch:
    """An empty database of a base's own, which goes when the test ends.

    Its methods take revisions as the commands do: ids and the beginnings of ids, ``head``, ``-1``.

    Args:
        target: the base.
    """

    def __init__(self, target: Target) -> None:
        self._made = ExitStack()
        self._there = self._made.enter_context(made_for(target))
        self._scripts = Scripts(self._there)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the database."""
        self._made.close()

    @property
    def base(self) -> str:
        """The base's name."""
        return self._there.name

    @property
    def url(self) -> URL:
        """The database, with the driver that the base has."""
        return self._there.url

    @property
    def current(self) -> tuple[str, ...]:
        """The revisions that the database is at; nothing before the first one."""
        with confinement(self._there):
            ((_, heads),) = read_databases(self._there, self._scripts, ignore)
        return tuple(sorted(heads))

    def upgrade(self, revision: str = "head") -> Run:
        """Upgrade the database to a revision.

        Raises:
            AlembicMigrateError: there is no such revision, or one fails.
        """
        with confinement(self._there):
            return replay(self._there, self._scripts, revision, ignore)

    def before(self, revision: str) -> Run:
        """Upgrade the database to where a revision is the next one.

        Raises:
            AlembicMigrateError: as ``upgrade``.
        """
        with self._scripts.explained(revision):
            script = self._scripts.get_revision(revision)
        with confinement(self._there):
            return replay(self._there, self._scripts, script._all_down_revisions, ignore)  # noqa: SLF001 - depends_on among them

    def downgrade(self, revision: str = "-1") -> Run:
        """Take the database back to a revision, or to ``base``.

        Raises:
            AlembicMigrateError: as ``upgrade``.
        """
        with confinement(self._there):
            return downgrade(self._there, revision, sql=False, tag=None, report=ignore)

    @cached_property
    def engine(self) -> Engine:
        """An engine for the database that keeps no connections, with a driver that waits.

        Raises:
            ConfigError: only an asynchronous driver is installed.
        """
        engine = create_engine(_waiting(self.url), poolclass=NullPool)
        self._made.callback(engine.dispose)
        return engine

    def connect(self) -> Connection:
        """Return a new connection; ``with`` closes it."""
        return self.engine.connect()

    def table(self, name: str, schema: str | None = None) -> Table:
        """Return a table as it is in the database now, to insert into and to select from."""
        return Table(name, MetaData(), schema=schema, autoload_with=self.engine)


def _waiting(url: URL) -> URL:
    if not is_async(url):
        return url
    backend = url.get_backend_name()
    for module in _WAITING.get(backend, ()):
        if importlib.util.find_spec(module) is not None:
            return url.set(drivername=f"{backend}+{_NAMES.get(module, module)}")
    raise ConfigError(
        f"{url.drivername} is asynchronous, and no other driver for {backend} is installed",
        hint=f"install one: {', '.join(_WAITING.get(backend, ()))}; "
        "or make an engine of your own: create_async_engine(scratch.url)",
    )
