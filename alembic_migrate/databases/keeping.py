"""Connections that the tenants of one process hand on from one to the next.

To connect, and to let the server's new process read its catalogue, takes as long as a revision or
two. A session that ran any code of the project's own is not handed on, and of others nothing but
the session: it is as the server gave it.
"""

from __future__ import annotations

import contextlib
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import Pool, QueuePool

from alembic_migrate.databases.sockets import has_news

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import URL, Connection, Engine
    from sqlalchemy.pool import PoolProxiedConnection

_AT_ONCE = 2  # connections of one process: the gate's and the one that migrates

# A session of PostgreSQL keeps in memory whatever table it has met.
_TENANTS = 50

# As DISCARD ALL, which refuses to be one of several statements; but that takes away the role which
# the session began with, and RESET ROLE gives it back.
_CLEAN = (
    "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; RESET ROLE; DEALLOCATE ALL; "
    "UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES"
)

# By driver: those whose connections belong to no event loop, and that send several statements as
# they are. The older one sets a style when it connects, since it reads dates in no other.
_CLEANED = {"psycopg": _CLEAN, "psycopg2": f"{_CLEAN}; SET datestyle TO 'ISO'"}

_HANDED_ON, _USES = "alembic_migrate_handed_on", "alembic_migrate_uses"

_ENGINES: ContextVar[dict[URL, Engine] | None] = ContextVar("kept_engines", default=None)


@contextmanager
def keeping() -> Iterator[None]:
    """Keep connections for the tenants that follow, until the end of the block."""
    engines: dict[URL, Engine] = {}
    token = _ENGINES.set(engines)
    try:
        yield
    finally:
        _ENGINES.reset(token)
        for engine in engines.values():
            engine.dispose()


def kept_engine(url: URL) -> Engine | None:
    """Return an engine whose pool is everybody's who asks for the same URL; None: nothing is kept.

    Args:
        url: a database of PostgreSQL's.
    """
    engines = _ENGINES.get()
    driver = url.get_dialect().driver
    if engines is None or driver not in _CLEANED:
        return None
    if url not in engines:
        engine = create_engine(url, poolclass=QueuePool, pool_size=_AT_ONCE, max_overflow=-1)
        if driver == "psycopg":
            event.listen(engine.pool, "connect", _prepare_nothing)
        event.listen(engine.pool, "checkout", _taken)
        event.listen(engine.pool, "checkin", partial(_given_back, _CLEANED[driver]))
        engines[url] = engine
    return None if _is_listened_to(engines[url]) else engines[url]


@contextmanager
def at_once(raw: Any) -> Iterator[None]:
    """Commit each statement with itself: no message begins or ends a transaction.

    Args:
        raw: the driver's connection, in no transaction; after an error it is of no use any more.
    """
    before, raw.autocommit = raw.autocommit, True
    yield
    raw.autocommit = before


class Entrance(Pool):
    """The way of one tenant into a pool that is everybody's: there is no other.

    Args:
        shared: the pool.
        enter: is called whenever a connection is taken, with the driver's one and what the pool
            keeps beside it.
    """

    def __init__(self, shared: Pool, enter: Callable[[Any, dict[Any, Any]], None]) -> None:
        self._shared = shared
        self._enter = enter

    def connect(self) -> PoolProxiedConnection:
        """Take a connection."""
        pooled = self._shared.connect()
        try:
            self._enter(pooled.dbapi_connection, pooled.info)
        except BaseException:
            pooled.invalidate()
            raise
        return pooled

    def status(self) -> str:
        """Describe the pool."""
        return self._shared.status()

    def recreate(self) -> Entrance:
        """Return it: it is disposed of when nobody is to come."""
        return self

    def dispose(self) -> None:
        """Leave the pool to the others."""


def _is_listened_to(engine: Engine) -> bool:
    """Tell whether the project does something to each new session, which cleaning would undo."""
    events = engine.pool.dispatch
    listeners: Any = (events.connect, events.first_connect, events.checkout)
    return any(each.parent_listeners for each in listeners)


def hand_on(connection: Connection) -> None:
    """Let a session be handed on when its connection is closed: it ran no code of the project's."""
    if not (connection.closed or connection.invalidated):
        connection.connection.info[_HANDED_ON] = True


def use_once(info: dict[Any, Any]) -> None:
    """Let a connection go after its use: its session is the pooler's.

    Args:
        info: what the pool keeps beside it.
    """
    info[_USES] = _TENANTS


def release(engine: Engine) -> None:
    """Close what an engine has open, unless it is kept."""
    if not isinstance(engine.pool, Entrance):
        engine.dispose()


def _prepare_nothing(raw: Any, _record: object) -> None:
    """Keep psycopg from preparing what it sees often: cleaning takes away what it has prepared.

    Some of its versions do not notice that.
    """
    raw.prepare_threshold = None


def _taken(raw: Any, record: Any, _proxy: object) -> None:
    """Connect anew where the server has ended a session, or has a word to say."""
    uses = record.info.setdefault(_USES, 0)
    if uses and has_news(raw):
        raise DisconnectionError
    record.info[_USES] = uses + 1


def _given_back(cleaning: str, raw: Any, record: Any) -> None:
    """Clean a session that is handed on, and end every other one."""
    if raw is None:
        return
    if record.info.pop(_HANDED_ON, False) and record.info[_USES] < _TENANTS:
        with contextlib.suppress(Exception):
            with at_once(raw):
                cursor = raw.cursor()
                cursor.execute(cleaning)
                cursor.close()
            return
    record.invalidate()
