"""Sessions of one tenant: PostgreSQL's search path, and where each schema of a database is.

Source: PostgreSQL's manual, "The Schema Search Path"; a SET that is committed lasts as long as its
session does.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import column, event, inspect, literal, select, table, text, union_all
from sqlalchemy.engine import Engine

from alembic_migrate.databases.connecting import open_engine, sync_of
from alembic_migrate.databases.engines import alike, apart, twin
from alembic_migrate.databases.keeping import Entrance, at_once, kept_engine, use_once
from alembic_migrate.databases.poolers import no_session, told_number
from alembic_migrate.databases.settings import as_literal
from alembic_migrate.errors import NoSuchDatabase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy.engine import URL, Connection, Dialect
    from sqlalchemy.ext.asyncio import AsyncEngine

    from alembic_migrate.databases.connecting import EngineFactory

# Each table of a query takes a lock of its own: PostgreSQL has 64 for each connection it allows.
_TOGETHER = 200

# Of a connection: the path is set in each transaction, since the next may be in another session.
_EACH_TIME = "alembic_migrate_path_each_time"

_WITH_VERSION_TABLE = {
    "postgresql": text(
        "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relname = :name AND c.relkind IN ('r', 'p')"
    ),
    "mysql": text("SELECT table_schema FROM information_schema.tables WHERE table_name = :name"),
}


@dataclass(frozen=True)
class InSchemas:
    """Makes engines whose sessions look into some schemas and into no others.

    Attributes:
        schemas: the search path; what is made without a schema is made in the first.
        factory: makes the project's own engine, which is left as it is; or None.
        missing: what to do where the first schema is not there.
        pooler: ``session`` says that one in between keeps sessions apart.
        known: an engine for each URL that was asked for, so that what SQLAlchemy found out about
            its server, and the statements that it compiled, serve all tenants.
        temporary: the engines are disposed of after use.
    """

    schemas: tuple[str, ...]
    factory: EngineFactory | None = None
    missing: str | None = None
    pooler: str | None = None
    known: dict[URL, Engine | AsyncEngine] = field(default_factory=dict)
    temporary: bool = True

    def __call__(self, url: URL) -> Engine | AsyncEngine:
        """Return an engine; nothing is connected yet.

        Connecting raises ``NoSuchDatabase`` where the first schema is not there: what is made
        without a schema would be made in the next one.
        """
        if self.factory is None and (kept := kept_engine(url)) is not None:
            engine = alike(kept, Entrance(kept.pool, partial(self._enter_kept, kept.dialect)))
            event.listen(engine, "begin", self._enter_transaction)
            return engine
        if self.factory is not None:
            made = open_engine(url, self.factory)
            engine = sync_of(made)
            engine = apart(engine, copy.copy(engine.dialect))
            engine.dialect.default_schema_name = self.schemas[0]
            event.listen(engine.pool, "connect", self._enter)
        else:
            if url not in self.known:
                self.known[url] = open_engine(url)
            made = self.known[url]
            engine = twin(made)
            # Before SQLAlchemy asks the first connection of all which schema is its default.
            event.listen(engine.pool, "connect", self._enter, insert=True)
            event.listen(engine.pool, "connect", partial(self._default, engine.dialect))
        event.listen(engine, "begin", self._enter_transaction)
        return engine if isinstance(made, Engine) else type(made)(engine)

    def _default(self, dialect: Dialect, _raw: Any, _record: object) -> None:
        dialect.default_schema_name = self.schemas[0]

    def _enter_kept(self, dialect: Dialect, raw: Any, info: dict[Any, Any]) -> None:
        with at_once(raw):
            entered = self._go(raw, info)
        if info[_EACH_TIME]:
            use_once(info)
        self._confirm(raw, entered)
        self._default(dialect, raw, None)

    def _enter(self, raw: Any, record: Any) -> None:
        entered = self._go(raw, record.info)
        raw.commit()  # a rollback would take the path away
        self._confirm(raw, entered)

    def _enter_transaction(self, connection: Connection) -> None:
        """Set the path of a transaction where the next may have another session."""
        if not connection.connection.info.get(_EACH_TIME):
            return
        raw: Any = connection.connection.dbapi_connection
        if getattr(raw, "autocommit", False):
            raise no_session("a tenant's search path")
        self._go(raw, connection.connection.info)

    def _go(self, raw: Any, info: dict[Any, Any]) -> str | None:
        """Set the path of a session and return the schema that it leads into.

        Through a pooler, whose next client may get the session, it is the transaction's alone.
        """
        path = as_literal(", ".join(quoted(schema, "postgresql") for schema in self.schemas))
        told = None if self.pooler == "session" else told_number(raw)
        each_time = "false" if told is None else f"pg_backend_pid() <> {told}"
        cursor = raw.cursor()
        # Where the path leads is asked after it is set: a part with OFFSET is planned by itself.
        cursor.execute(
            "SELECT there.each_time, there.path, current_schema() FROM ("  # noqa: S608
            f"SELECT {each_time} AS each_time, set_config('search_path', {path}, {each_time}) "
            "AS path OFFSET 0) AS there"
        )
        each_time, _, entered = cursor.fetchone()
        cursor.close()
        info[_EACH_TIME] = bool(each_time)
        return None if entered is None else str(entered)

    def _confirm(self, raw: Any, entered: str | None) -> None:
        if entered != self.schemas[0]:
            raw.close()
            raise NoSuchDatabase(
                f"there is no schema {self.schemas[0]!r}, or this role may not use it",
                hint=self.missing,
            )


def quoted(name: str, backend: str) -> str:
    """Return a name as an identifier for a driver; SQLAlchemy's own doubles each ``%`` as well."""
    mark = '"' if backend == "postgresql" else "`"
    return f"{mark}{name.replace(mark, mark * 2)}{mark}"


def heads_of_schemas(
    connection: Connection, schemas: Iterable[str], version_table: str
) -> dict[str, tuple[str, ...] | None]:
    """Return the ids in the version table of each schema of a database, in few queries.

    Args:
        connection: to PostgreSQL, MySQL or MariaDB.
        schemas: whose are asked for.
        version_table: the table's name in each.

    Returns:
        By schema: the ids, empty where there is no version table; None where there is no schema.
    """
    there = set(inspect(connection).get_schema_names())
    asked = list(schemas)
    backend = connection.dialect.name.replace("mariadb", "mysql")
    found = connection.execute(_WITH_VERSION_TABLE[backend], {"name": version_table}).scalars()
    versioned = set(found) & set(asked)
    heads: dict[str, list[str]] = {schema: [] for schema in asked}
    for some in _in_parts(sorted(versioned)):
        for schema, revision in connection.execute(_all_heads(some, version_table)):
            heads[schema].append(revision)
    return {schema: tuple(ids) if schema in there else None for schema, ids in heads.items()}


def _all_heads(schemas: Iterable[str], version_table: str) -> Any:
    return union_all(
        *(
            select(
                literal(schema, literal_execute=True),
                table(version_table, column("version_num"), schema=schema).c.version_num,
            )
            for schema in schemas
        )
    )


def _in_parts(names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    rest = iter(names)
    while part := tuple(islice(rest, _TOGETHER)):
        yield part
