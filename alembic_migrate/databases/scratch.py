"""Scratch databases: made for one purpose, dropped after it, and swept where a run was killed.

A scratch database bears its maker in its name: when it was made, on which machine, by which
process. What a killed process left is so told from what another one still uses.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import secrets
import shutil
import socket
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

from alembic_migrate.databases.connecting import guarded
from alembic_migrate.databases.faults import explain, is_database_fault
from alembic_migrate.databases.holding import held
from alembic_migrate.databases.servers import create, drop, names
from alembic_migrate.databases.timeouts import ConnectTimeout
from alembic_migrate.errors import ConfigError, DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import URL

    from alembic_migrate.databases.connecting import EngineFactory
    from alembic_migrate.databases.holding import Held

_NAME = re.compile(
    r"alembic_scratch_(?P<made>\d{1,12})_(?P<host>[0-9a-f]{8})_(?P<pid>\d+)_[0-9a-f]{8}"
)
_OLD = 24 * 3600  # seconds
_PATIENCE = 120.0  # seconds that making or dropping a database may take
_TIMEOUT = ConnectTimeout()
_SERVERS = ("postgresql", "mysql", "mariadb")

# What a URL of SQLite's says about its own file, and what others may hide a database's name in.
_OF_THE_DATABASE = (
    "cache",
    "database",
    "db",
    "dbname",
    "immutable",
    "mode",
    "nolock",
    "uri",
    "vfs",
)


@contextmanager
def scratch(
    url: URL, *, factory: EngineFactory | None = None, timeout: ConnectTimeout = _TIMEOUT
) -> Iterator[URL]:
    """Make an empty database, hand out its URL, and drop it.

    On PostgreSQL and MySQL it is made on the server that a URL leads to, with the encoding and the
    collation of the database there; for SQLite it is a file in a temporary folder, or in the folder
    that the URL names instead of a file; in memory it would be another one for each connection, and
    an ``env.py`` opens its own. What killed runs left there is swept first.

    Args:
        url: an existing database of the server.
        factory: makes the engine in place of ``create_engine``.
        timeout: how long connecting may take.

    Raises:
        ConfigError: no scratch database can be made of this kind.
        DatabaseError: the server is unreachable, the role may not create databases, or the
            database could not be dropped.
    """
    if url.get_backend_name() == "sqlite":
        with _folder(url) as folder:
            file = folder / "scratch.db"
            file.touch()  # to who only reads, a file that is missing is a database in memory
            yield _moved(url, str(file))
        return
    if url.get_backend_name() not in _SERVERS:
        raise ConfigError(
            f"no scratch database can be made on {url.get_backend_name()}: it is known how on "
            "postgresql, mysql, mariadb and sqlite"
        )
    name = new_name()
    begun = False
    try:
        with (
            _told(url),
            guarded(timeout=timeout, reading=False),
            held(url, factory, timeout) as server,
        ):
            sweep(server)
            begun = True
            server.call(lambda c: create(c, name), _PATIENCE)
        yield _moved(url, name)
    except BaseException:
        if begun:
            with contextlib.suppress(Exception):  # what failed matters more; the next run sweeps it
                _drop(url, name, factory, timeout)
        raise
    _drop(url, name, factory, timeout)


def sweep(server: Held) -> None:
    """Drop the scratch databases of a server that killed runs left."""
    for left in filter(is_left, server.call(names)):
        # Another run may sweep it too, or it is another role's.
        with contextlib.suppress(Exception):
            server.call(functools.partial(drop, name=left), _PATIENCE)


def _drop(url: URL, name: str, factory: EngineFactory | None, timeout: ConnectTimeout) -> None:
    with _told(url), guarded(timeout=timeout, reading=False), held(url, factory, timeout) as server:
        server.call(lambda c: drop(c, name), _PATIENCE)


@contextmanager
def _told(url: URL) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if is_database_fault(error) or isinstance(error, DatabaseError):
            raise explain(error, url) from error
        raise


def _moved(url: URL, database: str) -> URL:
    """Return a URL that leads to another database on the same server."""
    return url.set(database=database).difference_update_query(_OF_THE_DATABASE)


@contextmanager
def _folder(url: URL) -> Iterator[Path]:
    """Make a folder for a SQLite file and what stands beside it, and remove it."""
    named = Path(url.database) if url.database and not url.database.startswith("file:") else None
    parent = named if named is not None and named.is_dir() else Path(gettempdir())
    for left in parent.glob("alembic_scratch_*"):
        if is_left(left.name) and _is_own(left):
            shutil.rmtree(left, ignore_errors=True)
    folder = parent / new_name()
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise ConfigError(
            f"no scratch database can be made in {parent}: {error.strerror}",
            hint="TMPDIR names another folder; so does scratch_url for this base alone: "
            'scratch_url = "sqlite:////dev/shm"',
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_own(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        found = folder.lstat()
        return not folder.is_symlink() and found.st_uid == getattr(os, "getuid", lambda: 0)()
    return False


def new_name() -> str:
    """Return a name for a scratch database of this process."""
    return f"alembic_scratch_{int(time.time())}_{_host()}_{os.getpid()}_{secrets.token_hex(4)}"


def is_left(name: str) -> bool:
    """Tell whether a database is a scratch database that nobody uses any more.

    Its process was on this machine and is gone, or it is more than a day old.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        return False
    if time.time() - int(found["made"]) > _OLD:
        return True
    return found["host"] == _host() and not _is_alive(int(found["pid"]))


def _is_alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # there a signal of 0 would end the process: only their age counts
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _host() -> str:
    """Return what stands for this machine in names.

    Containers may share a name and count their processes apart, and a machine that was started anew
    counts from the beginning: where the system tells, that makes it another machine.
    """
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
    with contextlib.suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:8]
