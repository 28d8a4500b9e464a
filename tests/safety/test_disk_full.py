"""A server whose disk is full: the truth, the lock, and the next run once there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.guard import user_group
from tests.projects import Project
from tests.safety.histories import assert_unlocked, write
from tests.servers import Unavailable, _temporary_folder, start_mariadb

MAKES = "op.execute('CREATE TABLE a (n INTEGER)')\nop.execute('INSERT INTO a VALUES (0)')\n"
UPDATE = "op.execute('UPDATE a SET n = n + 1')\n"
UPGRADED = "Upgraded to r0001 (head), 1 revision\n"


@dataclass(frozen=True)
class Small:
    """A database without much room.

    Attributes:
        url: it.
        said: what the server says once it is full.
        make_room: gives it more.
    """

    url: str
    said: str
    make_room: Callable[[], None]


@pytest.fixture(params=["disk", "limit"])
def small(request, postgresql_server) -> Iterator[Small]:
    """PostgreSQL on a file system of 24 MB, or with files of 16 MB at the most."""
    yield from (_on_small_disk if request.param == "disk" else _with_small_files)(postgresql_server)


def _on_small_disk(server) -> Iterator[Small]:
    """Put a database on a small file system, which takes a mount."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    folder = _temporary_folder()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m,uid=nobody", "tmpfs", folder],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip("no file system may be mounted here")
    larger = ["mount", "-o", "remount,size=200m", folder]
    try:
        server.execute(lambda c: c.execute(f"CREATE TABLESPACE small LOCATION '{folder}'"))
        with server.database() as url:
            name = url.rpartition("/")[2]
            server.execute(lambda c: c.execute(f"ALTER DATABASE {name} SET TABLESPACE small"))
            room = lambda: subprocess.run(larger, check=True)  # noqa: E731
            yield Small(url, "No space left on device", room)
        server.execute(lambda c: c.execute("DROP TABLESPACE small"))
    finally:
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()


def _with_small_files(server) -> Iterator[Small]:
    """Limit the files that the server's new sessions may write; its log's have 16 MB."""
    if shutil.which("prlimit") is None:
        pytest.skip("only Linux has prlimit")
    data: list[str] = []

    def ask(cursor) -> None:
        cursor.execute("SHOW data_directory")
        data.extend(cursor.fetchone())

    server.execute(ask)
    nobody = {"user": "nobody", "group": user_group("nobody"), "extra_groups": []}
    identity = nobody if os.geteuid() == 0 else {}
    number = (Path(data[0]) / "postmaster.pid").read_text().split()[0]

    def limit(size: str) -> None:
        words = ["prlimit", "--pid", number, f"--fsize={size}:"]
        subprocess.run(words, check=True, **identity)

    with server.database() as url:
        limit(str(16 * 1024**2))
        try:
            yield Small(url, "File too large", lambda: limit("unlimited"))
        finally:
            limit("unlimited")


BIG = "SELECT i, repeat(md5(i::text), 8) AS said FROM generate_series(1, 100000) i"  # 30 MB


def test_a_revision_that_fills_the_disk_is_rolled_back_and_runs_once_there_is_room(
    project, command, small
):
    big = f"op.execute('CREATE TABLE big AS {BIG}')\n"
    here = write(project(), small.url, MAKES)
    command(here, "upgrade")
    write(here, small.url, MAKES, UPDATE + big)

    failed = command(here, "upgrade", status=1)

    running, error, *truth = failed.stderr.splitlines()
    assert running == "Running upgrade r0000 -> r0001, a step"
    assert "Error: revision r0001 failed in upgrade(): " in error
    assert error.endswith(small.said) or "could not extend file" in error, error
    assert truth == ["  nothing changed: the database is still at r0000"]
    assert here.tables(small.url) == ["a", "alembic_version"]
    assert here.rows(small.url, "SELECT n FROM a") == [(0,)]
    assert_unlocked(small.url)

    small.make_room()
    assert command(here, "upgrade").stdout == UPGRADED
    assert here.rows(small.url, "SELECT a.n, count(*) FROM a, big GROUP BY 1") == [(1, 100000)]


def test_what_was_committed_before_the_disk_was_full_is_told(project, command, small):
    block = "with op.get_context().autocommit_block():\n"
    makes = "    op.execute('CREATE TABLE IF NOT EXISTS big (i INTEGER, said TEXT)')\n"
    here = write(project(), small.url, MAKES)
    command(here, "upgrade")
    write(here, small.url, MAKES, f"{block}{makes}op.execute('INSERT INTO big {BIG}')\n{UPDATE}")

    failed = command(here, "upgrade", status=1)

    assert failed.stderr.endswith(
        "  the version table is still at r0000\n"
        "  these statements are committed and stay, although their revision is not applied:\n"
        "    CREATE TABLE IF NOT EXISTS big (i INTEGER, said TEXT)\n"
        "  undo them by hand, correct the revision, and run it again\n"
    )
    assert here.rows(small.url, "SELECT count(*) FROM big") == [(0,)]
    assert here.rows(small.url, "SELECT n FROM a") == [(0,)]
    assert_unlocked(small.url)

    small.make_room()
    assert command(here, "upgrade").stdout == UPGRADED
    assert here.rows(small.url, "SELECT a.n, count(*) FROM a, big GROUP BY 1") == [(1, 100000)]


@pytest.fixture(scope="module")
def small_mariadb() -> Iterator[str]:
    """A database of a MariaDB whose tables have 24 MB together while they share one file."""
    settings = {
        "innodb_file_per_table": 0,
        "innodb_data_file_path": "ibdata1:12M:autoextend:max:24M",
    }
    try:
        server = start_mariadb(**settings)
    except Unavailable as missing:
        if os.environ.get("CI"):
            pytest.fail(f"CI has to have it: {missing}", pytrace=False)
        pytest.skip(str(missing))
    try:
        with server.database() as url:
            yield url
    finally:
        server.stop()


FILLS = "INSERT INTO {} SELECT REPEAT(CHAR(65 + MOD(seq, 26)), 2000) FROM seq_1_to_{}"


def test_a_mariadb_that_is_full_says_so_and_takes_the_revision_later(
    project, command, small_mariadb
):
    url = small_mariadb
    fills = f"op.execute('{FILLS.format('big', 15_000)}')\n"
    makes = f"{MAKES}op.execute('CREATE TABLE big (said TEXT)')\n"
    here: Project = write(project(), url, makes)
    command(here, "upgrade")
    write(here, url, makes, UPDATE + fills)

    failed = command(here, "upgrade", status=1)

    assert "The table 'big' is full [1114]" in failed.stderr
    assert failed.stderr.endswith("  nothing changed: the database is still at r0000\n")
    assert here.rows(url, "SELECT n FROM a") == [(0,)]
    assert here.rows(url, "SELECT count(*) FROM big") == [(0,)]

    write(here, url, makes, f"{UPDATE}op.execute('CREATE TABLE made (n INTEGER)')\n{fills}")
    failed = command(here, "upgrade", status=1)
    assert failed.stderr.endswith(
        "  these statements are committed and stay, although their revision is not applied:\n"
        "    UPDATE a SET n = n + 1\n"
        "    CREATE TABLE made (n INTEGER)\n"
        "  undo them by hand, correct the revision, and run it again\n"
    )
    assert here.rows(url, "SELECT n FROM a") == [(1,)]
    assert here.stamped(url) == ["r0000"]
    assert_unlocked(url)

    here.execute(url, "DROP TABLE made")
    here.execute(url, "UPDATE a SET n = 0")
    here.execute(url, "SET GLOBAL innodb_file_per_table = 1")
    here.execute(url, "ALTER TABLE big ENGINE = InnoDB")
    assert command(here, "upgrade").stdout == UPGRADED
    assert here.rows(url, "SELECT a.n, count(*) FROM a, big") == [(1, 15_000)]
