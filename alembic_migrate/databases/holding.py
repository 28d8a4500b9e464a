"""A connection that stays open beside the one that works: sync, or async in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.engine import Engine

from alembic_migrate.databases.connecting import open_engine
from alembic_migrate.databases.watching import OURS

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from sqlalchemy.engine import URL, Connection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from alembic_migrate.databases.connecting import EngineFactory

T = TypeVar("T")

_OPTIONS: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", OURS: True}


class Held:
    """A connection in AUTOCOMMIT; ``call`` does work on it, from any thread, one at a time."""

    def __init__(self, call: Callable[[Callable[[Connection], object]], object]) -> None:
        self._call = call
        self._one_at_a_time = threading.Lock()

    def call(self, work: Callable[[Connection], T]) -> T:
        """Do work on the connection and return what it returns."""
        with self._one_at_a_time:
            return self._call(work)  # type: ignore[return-value]


@contextmanager
def held(url: URL, factory: EngineFactory | None) -> Iterator[Held]:
    """Connect, hand the connection out, and disconnect at the end.

    Args:
        url: the database.
        factory: makes the engine in place of ``create_engine``.
    """
    engine = open_engine(url, factory)
    if isinstance(engine, Engine):
        try:
            with engine.connect() as plain:
                connection = plain.execution_options(**_OPTIONS)
                yield Held(lambda work: work(connection))
                if factory is not None:
                    # Its settings are not for whom the project's pool would give it to next.
                    plain.invalidate()
        finally:
            if factory is None:
                engine.dispose()
        return
    with _loop_in_thread() as run:
        opened = run(_open(engine))
        try:
            yield Held(lambda work: run(opened.run_sync(work)))
        finally:
            run(_close(engine, opened))


async def _open(engine: AsyncEngine) -> AsyncConnection:
    connection = await engine.connect()
    return await connection.execution_options(**_OPTIONS)


async def _close(engine: AsyncEngine, connection: AsyncConnection) -> None:
    try:
        await connection.close()
    finally:
        await engine.dispose()


@contextmanager
def _loop_in_thread() -> Iterator[Callable[[Coroutine[object, object, T]], T]]:
    """Run an event loop in a thread; what is handed out runs a coroutine there and waits for it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="alembic-migrate-lock", daemon=True)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
