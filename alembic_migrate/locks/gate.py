"""The gate: a lock on a connection of its own, held for a whole run of one target.

A second lock, on the migrating connection itself, is taken inside the run (see ``sessions``): after
``kill -9`` the gate is free at once while the server still works on the dead process's statement.
"""

from __future__ import annotations

import contextlib
import random
import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sqlalchemy import text

from alembic_migrate.databases.connecting import guarded
from alembic_migrate.databases.holding import held
from alembic_migrate.databases.patience import Silent
from alembic_migrate.databases.settings import put_back, set_postgres
from alembic_migrate.databases.timeouts import ConnectTimeout
from alembic_migrate.databases.urls import sqlite_place
from alembic_migrate.errors import ConfigError, LockError
from alembic_migrate.locks.heartbeat import beating
from alembic_migrate.locks.holder import how_to_end, who_holds
from alembic_migrate.locks.pooler import refuse_pooler
from alembic_migrate.locks.sessions import APPLICATION, lock_for
from alembic_migrate.locks.sidecar import SidecarLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import URL, Connection

    from alembic_migrate.databases.connecting import EngineFactory
    from alembic_migrate.databases.holding import Held
    from alembic_migrate.locks.holder import Holder

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # seconds
_FRESH = 0.25  # seconds for which an answer counts
_PATIENCE = 2.0  # seconds of waiting before it is said who holds the lock


@dataclass(frozen=True)
class Wish:
    """What lock is wanted.

    Attributes:
        url: the database.
        schema: the version table's schema, or None.
        table: the version table.
        mode: ``auto`` locks where a lock is known and says where none is; ``require`` makes that an
            error; ``off`` locks nothing.
        wait: seconds to wait for it; 0 fails at once.
        pooler: ``session`` where a pooler in between keeps one server session a client.
        factory: makes the engine, or None.
        timeout: how long connecting may take.
    """

    url: URL
    schema: str | None
    table: str
    mode: Literal["auto", "require", "off"] = "auto"
    wait: float = 300.0
    pooler: str | None = None
    factory: EngineFactory | None = None
    timeout: ConnectTimeout = field(default_factory=ConnectTimeout)


class Gate:
    """A lock that is held; ``check`` tells whether it still is.

    Args:
        is_held: asks.
        connection: the gate's own, in AUTOCOMMIT; None where it has none.
    """

    def __init__(self, is_held: Callable[[], bool], connection: Held | None = None) -> None:
        self._is_held = is_held
        self.connection = connection
        self._answered = -_FRESH

    def check(self) -> None:
        """Make sure that the lock is still ours.

        It lives as long as its session: one that answered just now, and of which nothing was heard
        since, is not asked again.

        Raises:
            LockError: it is not: the connection was cut, or it does not answer (``silent``), and
                others may be migrating.
        """
        fresh = time.monotonic() - self._answered < _FRESH
        if fresh and self.connection is not None and self.connection.is_quiet:
            return
        try:
            held_still = self._is_held()
        except Silent as error:
            raise _lost("the lock's connection does not answer", silent=True) from error
        except Exception as error:
            raise _lost("the lock's connection was lost") from error
        if not held_still:
            raise _lost("the lock was lost")
        self._answered = time.monotonic()


def _lost(what: str, **facts: bool) -> LockError:
    return LockError(
        f"{what}: another process may be migrating now",
        hint="what was committed stays; run the command again",
        data={"lost": True, **facts},
    )


@contextmanager
def gate(wish: Wish, tell: Callable[[str], None]) -> Iterator[Gate]:
    """Hold the lock of a database while something migrates it.

    Args:
        wish: which lock, and how long to wait for it.
        tell: is told what a user should know while waiting.

    Raises:
        LockError: it could not be had in time.
        ConfigError: ``require``, and no lock is known for this database; or a pooler is in between.
    """
    if wish.mode == "off":
        yield Gate(lambda: True)
        return
    if wish.url.get_backend_name() == "sqlite":
        with _beside_file(wish, tell) as open_gate:
            yield open_gate
        return
    lock = lock_for(wish.url.get_backend_name(), "gate", wish.schema, wish.table)
    if lock is None:
        none_known(wish.url.get_backend_name(), wish.mode, tell)
        yield Gate(lambda: True)
        return
    with contextlib.ExitStack() as stack:
        with guarded(timeout=wish.timeout, reading=False):
            connection = stack.enter_context(held(wish.url, wish.factory, wish.timeout))
        said, restoring = connection.call(lambda c: _prepare(c, wish.pooler))
        if said:
            tell(said)
        wait_for(
            lambda: connection.call(lock.try_acquire),
            lambda: connection.call(lock.holder),
            wish.wait,
            tell,
        )
        stack.enter_context(beating(connection))
        try:
            yield Gate(lambda: connection.call(lock.is_held), connection)
        finally:
            with contextlib.suppress(Exception):  # a cut connection has given it back already
                connection.call(lambda c: put_back(c, [lock.releasing(c), *restoring]))
                connection.is_clean = True


def none_known(
    backend: str, mode: Literal["auto", "require", "off"], tell: Callable[[str], None]
) -> None:
    """Say that nothing is locked, since no lock is known for a kind of server.

    Raises:
        ConfigError: one is required.
    """
    if mode == "require":
        raise ConfigError(
            f'lock = "require", and no lock is known for {backend}',
            hint='lock = "auto" goes on without one: then see to it that one process migrates',
        )
    if mode == "auto":
        tell(f"no lock is known for {backend}: see to it that only one process migrates at a time")


def _prepare(connection: Connection, pooler: str | None) -> tuple[str | None, list[str]]:
    """Keep the server from dropping a connection that only holds a lock.

    Returns:
        A warning or None, and the statements that put its settings back.
    """
    if connection.dialect.name != "postgresql":
        connection.execute(text("SET SESSION wait_timeout = 86400"))
        return None, []
    said = refuse_pooler(connection, pooler)
    settings = {"application_name": APPLICATION, "idle_session_timeout": "0"}
    return said, set_postgres(connection, settings)


@contextmanager
def _beside_file(wish: Wish, tell: Callable[[str], None]) -> Iterator[Gate]:
    file = sqlite_place(wish.url)
    if file is None:
        yield Gate(lambda: True)  # a database in memory is this process's own
        return
    lock = SidecarLock(file)
    try:
        wait_for(lock.try_acquire, lock.holder, wish.wait, tell)
    except sqlite3.Error as error:
        raise ConfigError(
            f"the lock beside the database cannot be made: {lock.path}: {error}",
            hint="the folder has to be writable, for SQLite's own journal too; "
            'lock = "off" goes on without a lock',
        ) from error
    try:
        yield Gate(lock.is_held)
    finally:
        lock.release()


def wait_for(
    attempt: Callable[[], bool],
    holder: Callable[[], Holder | None],
    seconds: float,
    tell: Callable[[str], None],
) -> bool:
    """Try for a lock until it is ours, and return whether it had to be waited for.

    Raises:
        LockError: it was not to be had within these seconds.
    """
    started = time.monotonic()
    pause, told = _FIRST_PAUSE, False
    if attempt():
        return False
    while (waited := time.monotonic() - started) < seconds:
        if waited >= _PATIENCE and not told:
            tell(f"waiting for the migration lock, up to {seconds:g} s; {who_holds(holder())}")
            told = True
        left = (seconds if told else min(seconds, _PATIENCE)) - waited
        # Jitter keeps thirty containers that start together from asking together for ever.
        time.sleep(min(pause * random.uniform(0.5, 1.5), left))  # noqa: S311 - no secret
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        if attempt():
            return True
    who = holder()
    raise LockError(
        f"another process is migrating this database: the lock was not free within {seconds:g} s; "
        f"{who_holds(who)}",
        hint=f"run again when it has finished, or wait longer: --lock-wait 600{how_to_end(who)}",
        data={"holder": who.text if who else None},
    )
