"""A connection that stays open beside the one that works, in a thread of its own.

Nothing waits for it for ever: where it does not answer in time it is cut and counts as lost.
"""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from alembic_migrate.databases.connecting import is_temporary, open_engine, sync_of
from alembic_migrate.databases.engines import apart
from alembic_migrate.databases.keeping import hand_on, release
from alembic_migrate.databases.patience import Worker
from alembic_migrate.databases.sockets import cut, has_news
from alembic_migrate.databases.timeouts import ConnectTimeout
from alembic_migrate.databases.watching import OURS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import URL, Connection, Engine

    from alembic_migrate.databases.connecting import EngineFactory

T = TypeVar("T")

_PATIENCE = 10.0  # seconds that an answer may take
_OPTIONS: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", OURS: True}


class Held:
    """A connection in AUTOCOMMIT; ``call`` does work on it, from any thread, one at a time.

    Args:
        engine: makes it; with an asynchronous driver too.

    Attributes:
        is_clean: its session may be handed on: nothing is held on it any more.
    """

    def __init__(self, engine: Engine) -> None:
        self.is_clean = False
        self._engine = engine
        self._loop = asyncio.new_event_loop() if engine.dialect.is_async else None
        self._worker = Worker(self._cut)
        self._connection: Connection | None = None
        self._raw: Any = None

    @property
    def lost(self) -> bool:
        """Tell whether it once did not answer in time, and was given up."""
        return self._worker.lost

    @property
    def is_quiet(self) -> bool:
        """Tell whether the server has sent nothing unasked: the end of a session, say."""
        return not self.lost and not has_news(self._raw)

    def connect(self, seconds: float) -> None:
        """Connect, within so many seconds.

        Raises:
            Silent: it takes longer.
        """
        self._worker.do(lambda: self._run(self._connect), seconds)

    def call(self, work: Callable[[Connection], T], seconds: float | None = None) -> T:
        """Do work on the connection and return what it returns.

        Raises:
            Silent: it takes longer than these seconds, or something did before: it is not known
                whether it was done.
        """

        def on_connection() -> T:
            assert self._connection is not None
            return work(self._connection)

        patience = _PATIENCE if seconds is None else seconds
        return self._worker.do(lambda: self._run(on_connection), patience)

    def close(self) -> None:
        """Disconnect; where nothing answers, without waiting for it."""
        with contextlib.suppress(Exception):  # there is nobody left who could want to know
            self._worker.do(lambda: self._run(self._disconnect), _PATIENCE)
        self._worker.end(self._end)

    def _run(self, work: Callable[[], T]) -> T:
        if self._loop is None:
            return work()
        from sqlalchemy.util import greenlet_spawn  # noqa: PLC0415 - needs greenlet

        return self._loop.run_until_complete(greenlet_spawn(work))

    def _connect(self) -> None:
        connection = self._engine.connect()
        self._raw = connection.connection.dbapi_connection
        self._connection = connection.execution_options(**_OPTIONS)

    def _disconnect(self) -> None:
        if self._connection is not None:
            if self.is_clean:
                hand_on(self._connection)
            self._connection.close()
            self._connection = None
        release(self._engine)

    def _end(self) -> None:
        with contextlib.suppress(Exception):
            if self._connection is not None:
                self._run(self._connection.invalidate)
                self._run(self._disconnect)
        if self._loop is not None:
            self._loop.close()

    def _cut(self) -> None:
        if self._raw is not None:
            cut(self._raw)


@contextmanager
def held(
    url: URL, factory: EngineFactory | None, timeout: ConnectTimeout | None = None
) -> Iterator[Held]:
    """Connect, hand the connection out, and disconnect at the end.

    Args:
        url: the database.
        factory: makes the engine in place of ``create_engine``.
        timeout: how long connecting may take.
    """
    made = open_engine(url, factory)
    engine = sync_of(made)
    connection = Held(engine if is_temporary(factory) else apart(engine))
    try:
        connection.connect((timeout or ConnectTimeout()).of_url(url) + _PATIENCE)
        yield connection
    finally:
        connection.close()
