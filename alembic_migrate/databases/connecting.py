"""One way to work on a connection, whatever the driver: sync, async, in or out of a loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import create_engine, pool
from sqlalchemy.engine import URL, Connection, Dialect, Engine

from alembic_migrate.databases.keeping import release
from alembic_migrate.databases.listening import listening, others
from alembic_migrate.databases.sockets import Opened, cuttable, watch_peer
from alembic_migrate.databases.statements import apart
from alembic_migrate.databases.urls import is_async, missing_driver, sqlite_file
from alembic_migrate.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from alembic_migrate.databases.timeouts import ConnectTimeout

T = TypeVar("T")

EngineFactory = Callable[[URL], "Engine | AsyncEngine"]


def in_running_loop() -> bool:
    """Tell whether this thread is inside a running event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def outside_loop(work: Callable[[], T]) -> T:
    """Do work where no event loop runs: here, or in a thread that this one waits for.

    While the thread works the caller is blocked, so there is never more than one at a time.
    """
    if not in_running_loop():
        return work()
    result: list[T] = []
    failure: list[BaseException] = []
    context = copy_context()

    def run() -> None:
        try:
            result.append(context.run(work))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            failure.append(error)

    thread = threading.Thread(target=run, name="alembic-migrate")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


def run_on(url: URL, work: Callable[[Connection], T], factory: EngineFactory | None = None) -> T:
    """Connect, do work on the connection, disconnect.

    Args:
        url: the database.
        work: gets a synchronous ``Connection``, with an asynchronous driver too.
        factory: makes the engine in place of ``create_engine``; may return an ``AsyncEngine``.

    Raises:
        ConfigError: the driver is not installed, or the SQLite file's folder does not exist.
    """
    engine = open_engine(url, factory)
    if isinstance(engine, Engine):
        try:
            with engine.connect() as connection:
                return work(connection)
        finally:
            if is_temporary(factory):
                release(engine)
    return outside_loop(lambda: asyncio.run(_run_async(engine, work)))


def run_again(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Connect once more with what somebody else's engine connects with, and do work there.

    Args:
        engine: it may be disposed of, or belong to an event loop that has ended; one that is
            asynchronous is given as what is below it.
        work: gets a synchronous ``Connection``.
    """
    if isinstance(engine.pool, pool.StaticPool | pool.SingletonThreadPool):
        fresh = engine  # a database in memory is nowhere else
    else:
        fresh = Engine(engine.pool.recreate(), engine.dialect, engine.url)
    if engine.dialect.is_async:
        from sqlalchemy.ext.asyncio import AsyncEngine  # noqa: PLC0415 - needs greenlet

        return outside_loop(lambda: asyncio.run(_run_async(AsyncEngine(fresh), work)))
    try:
        with fresh.connect() as connection:
            return work(connection)
    finally:
        if fresh is not engine:
            fresh.dispose()


def is_temporary(factory: EngineFactory | None) -> bool:
    """Tell whether engines are made for one use: a project's own goes on living."""
    return factory is None or bool(getattr(factory, "temporary", False))


def open_engine(url: URL, factory: EngineFactory | None = None) -> Engine | AsyncEngine:
    """Return an engine for a URL; nothing is connected yet.

    Raises:
        ConfigError: the driver is not installed, or the SQLite file's folder does not exist.
    """
    file = sqlite_file(url)
    if file is not None and not file.parent.is_dir():
        raise ConfigError(
            f"the SQLite file {file} cannot be made: there is no folder {file.parent}",
            hint=f"make it: mkdir -p {file.parent}",
        )
    try:
        made = factory(url) if factory else _make_engine(url)
    except ModuleNotFoundError as error:
        if factory is not None:
            raise
        raise missing_driver(error, url) from None
    if not (isinstance(made, Engine) or hasattr(made, "sync_engine")):
        raise ConfigError(
            f"the function that engine names returned {made!r:.60}, and no engine",
            hint="return create_engine(url) or create_async_engine(url)",
        )
    return made


def sync_of(engine: Engine | AsyncEngine) -> Engine:
    """Return an engine, or the one below an asynchronous one."""
    return engine if isinstance(engine, Engine) else engine.sync_engine


def _make_engine(url: URL) -> Engine | AsyncEngine:
    if not is_async(url):
        return create_engine(url, poolclass=pool.NullPool)
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - needs greenlet

    return create_async_engine(url, poolclass=pool.NullPool)


async def _run_async(engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


@dataclass(frozen=True)
class _Guard:
    """What watches the connections of one run; see ``guarded()``."""

    timeout: ConnectTimeout
    reading: bool
    on_connect: Callable[[Dialect, list[Any], dict[str, Any]], None] | None
    opened: Opened

    def do_connect(
        self,
        dialect: Dialect,
        record: object,
        arguments: list[Any],
        parameters: dict[str, Any],
    ) -> Any:
        """Return a connection that is made here, or None where SQLAlchemy is to make it."""
        if self.on_connect is not None:
            self.on_connect(dialect, arguments, parameters)
        if dialect.name == "sqlite":
            if self.reading and _is_missing(arguments, parameters):
                return dialect.connect(":memory:", **_without_database(parameters))
            return None
        for listener in others(dialect):
            if (made := listener(dialect, record, arguments, parameters)) is not None:
                return made
        given, seconds = self.timeout.given(dialect.driver, parameters)
        in_time = _await_in_time if dialect.is_async else _connect_in_time
        raw = in_time(dialect, arguments, given, seconds)
        watch_peer(raw, parameters)
        return raw

    def engine_connect(self, connection: Connection) -> None:
        """Note a connection, from a pool too, that may have to be cut."""
        self.opened.add(connection.connection.dbapi_connection)


@contextmanager
def guarded(
    *,
    timeout: ConnectTimeout,
    reading: bool,
    on_connect: Callable[[Dialect, list[Any], dict[str, Any]], None] | None = None,
    on_sql: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Watch every connection that this thread makes meanwhile, by whatever engine.

    Args:
        timeout: how long connecting may take.
        reading: a SQLite file that does not exist is seen as an empty database and not created.
        on_connect: is told what each connection is made with, before that is changed here.
        on_sql: is told each statement, without its parameters.
    """

    def executing(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if on_sql is not None:
            for each in apart(statement):
                on_sql(each)

    with cuttable() as opened:
        guard = _Guard(timeout, reading, on_connect, opened)
        listeners: dict[str, Callable[..., Any]] = {
            "do_connect": guard.do_connect,
            "engine_connect": guard.engine_connect,
            "before_cursor_execute": executing,
        }
        with listening(listeners):
            yield


def _is_missing(arguments: list[Any], parameters: dict[str, Any]) -> bool:
    from pathlib import Path  # noqa: PLC0415 - beside its only use

    database = arguments[0] if arguments else parameters.get("database")
    if not isinstance(database, str) or database in {"", ":memory:"}:
        return False
    return not parameters.get("uri") and not Path(database).exists()


def _without_database(parameters: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parameters.items() if key != "database"}


def _connect_in_time(
    dialect: Dialect, arguments: list[Any], parameters: dict[str, Any], timeout: float
) -> Any:
    """Connect in a thread, since some drivers wait for ever for a server that never answers."""
    done: list[Any] = []
    failure: list[BaseException] = []
    late = threading.Event()

    def run() -> None:
        try:
            connection = dialect.connect(*arguments, **parameters)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            failure.append(error)
            return
        if late.is_set():
            connection.close()
        done.append(connection)

    thread = threading.Thread(target=run, name="alembic-migrate-connect", daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        late.set()
        raise _too_late(timeout)
    if failure:
        raise failure[0]
    return done[0]


def _await_in_time(
    dialect: Dialect, arguments: list[Any], parameters: dict[str, Any], timeout: float
) -> Any:
    """Connect with an asynchronous driver; some of them limit the first step of it only."""
    # An engine runs its connections in a greenlet of its own, where this is how one awaits.
    from sqlalchemy.util import await_only, greenlet_spawn  # noqa: PLC0415 - needs greenlet

    connecting = greenlet_spawn(dialect.connect, *arguments, **parameters)
    try:
        return await_only(asyncio.wait_for(connecting, timeout))
    except TimeoutError:
        raise _too_late(timeout) from None


def _too_late(timeout: float) -> TimeoutError:
    return TimeoutError(f"no answer within {timeout:g} s")
