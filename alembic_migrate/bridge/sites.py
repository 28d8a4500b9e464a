"""Where a run really works: the database and the version table that an environment chose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import text

from alembic_migrate.databases.connecting import guarded, run_again, run_on
from alembic_migrate.databases.patience import within
from alembic_migrate.databases.threads import quiet_threads
from alembic_migrate.databases.urls import mask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.engine import Connection, Engine

    from alembic_migrate.targets import Target

T = TypeVar("T")

_PATIENCE = 10.0  # seconds that an answer may take

# What a session looks for tables in, and what makes another session do the same: an environment
# script of several tenants may have said SET search_path.
_NAMESPACES = {
    "postgresql": (
        "SELECT current_setting('search_path')",
        "SELECT set_config('search_path', :found, false)",
    ),
    "mysql": ("SELECT DATABASE()", "USE {}"),
    "mariadb": ("SELECT DATABASE()", "USE {}"),
}


@dataclass(frozen=True)
class Site:
    """One database and version table that a run works on.

    Attributes:
        target: the base.
        database: the URL with its password masked; None where nothing is known.
        version_table: its name.
        schema: its schema; None is the default one.
        heads: the ids in it when the run came there.
        engine: what the environment script connected with; None: the configured URL is meant.
        namespace: what the script's session looked for tables in.
    """

    target: Target
    database: str | None
    version_table: str
    schema: str | None
    heads: tuple[str, ...] = ()
    engine: Engine | None = None
    namespace: str | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """Return what tells it apart from the others of a run."""
        return (self.database, self.namespace, self.schema, self.version_table)

    @property
    def chosen(self) -> bool:
        """Tell whether the environment script chose another database than the configured one."""
        return self.engine is not None and self.database != self.target.shown_url

    def ask(self, question: Callable[[Connection], T], seconds: float | None = None) -> T:
        """Ask the database something on a connection of its own; whatever is wrong is raised.

        Args:
            question: gets the connection.
            seconds: how long the answer may take; None: as long as connecting may, and some more.

        Raises:
            Silent: it takes longer.
        """

        def there(connection: Connection) -> T:
            self._find_tables(connection)
            return question(connection)

        def connected() -> T:
            if self.engine is not None:
                return run_again(self.engine, there)
            return run_on(self.target.url, there, self.target.engine_factory)

        timeout = self.target.connect_timeout
        url = self.engine.url if self.engine is not None else self.target.url
        with quiet_threads(), guarded(timeout=timeout, reading=True):
            if url.get_backend_name() == "sqlite":
                return connected()  # one in memory belongs to its thread, and no file stalls
            return within(seconds or timeout.of_url(url) + _PATIENCE, connected)

    def _find_tables(self, connection: Connection) -> None:
        if self.namespace is None:
            return
        quoted = connection.dialect.identifier_preparer.quote(self.namespace)
        statement = _NAMESPACES[connection.dialect.name][1].format(quoted)
        given: dict[str, Any] = {"found": self.namespace} if ":found" in statement else {}
        connection.execute(text(statement), given)


class Sites:
    """The databases that a run of one target came to, in their order.

    Args:
        target: the base.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._found: dict[object, Site] = {}
        self._tried: list[Site] = []

    def come_to(
        self, context: MigrationContext, heads: Sequence[str], *, keep: bool = False
    ) -> Site | None:
        """Note and return where an environment script works; None for our own, and for scripts.

        Args:
            context: Alembic's.
            heads: the ids in its version table.
            keep: what was there when the run came there first still counts.
        """
        connection = context.connection
        if self.target.environment == "builtin" or connection is None or context.as_sql:
            return None
        asked = _NAMESPACES.get(connection.dialect.name, ("",))[0]
        site = Site(
            self.target,
            mask(connection.engine.url),
            context.version_table,
            context.version_table_schema,
            tuple(heads),
            connection.engine,
            connection.execute(text(asked)).scalar() if asked else None,
        )
        self._tried.append(site)
        before = self._found.pop(site.key, site)
        self._found[site.key] = before if keep else site
        return site

    def all(self, before: tuple[str, ...]) -> list[Site]:
        """Return them, the last one last; empty where an environment script told of none.

        Args:
            before: the ids that the one database held where there is but one.
        """
        if self.target.environment == "builtin":
            table, schema = self.target.version_table, self.target.version_table_schema
            return [Site(self.target, self.target.shown_url, table, schema, before)]
        return list(self._found.values())

    def begin_again(self) -> list[Site]:
        """Return what was come to since the last time this was asked."""
        tried, self._tried = self._tried, []
        return tried
