"""A deadlock with the application, of which the migration is the victim."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.projects import Project, Result
from tests.safety.histories import (
    assert_unlocked,
    backend_of,
    finish,
    started,
    wait_until,
    write,
)
from tests.servers import asynchronous

KINDS = ["psycopg", "asyncpg", "pymysql", "aiomysql"]

MAKES = """
op.execute("CREATE TABLE a (n INTEGER)")
op.execute("CREATE TABLE b (n INTEGER)")
op.execute("CREATE TABLE c (n INTEGER)")
op.execute("INSERT INTO a VALUES (0)")
op.execute("INSERT INTO b VALUES (0)")
"""
# Who finds out first is the victim on PostgreSQL; on MariaDB it is who has changed less.
FIRST = {"postgresql": 'op.execute("SET deadlock_timeout = 50")\n', "mysql": ""}
LAST = {
    "postgresql": "SET deadlock_timeout = 100000",
    "mysql": "INSERT INTO c SELECT seq FROM seq_1_to_1000",
}
WAITING = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
    "AND datname = current_database()",
    "mysql": "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
}
CROSSES = """
import pathlib, time
op.execute("UPDATE a SET n = n + 1")
pathlib.Path("at").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.02)
op.execute("UPDATE b SET n = n + 1")
"""
SAID = {
    "psycopg": "OperationalError: deadlock detected",
    "asyncpg": "DBAPIError: deadlock detected",
    "pymysql": "Deadlock found when trying to get lock; try restarting transaction [1213]",
    "aiomysql": "Deadlock found when trying to get lock; try restarting transaction [1213]",
}


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def plain(request, kind) -> str:
    """The database's URL with a synchronous driver."""
    name = "postgresql" if kind in {"psycopg", "asyncpg"} else "mariadb"
    return request.getfixturevalue(f"{name}_url")


@pytest.fixture
def crossing(project, command, kind, plain):
    """``crossing(text)``: a project whose next revision crosses the application, after ``text``."""

    def make(before: str = "", **keys: object) -> Project:
        url = asynchronous(plain) if kind.startswith("a") else plain
        here = write(project(), url, MAKES, **keys)
        command(here, "upgrade")
        return write(here, url, MAKES, FIRST[backend_of(url)] + before + CROSSES, **keys)

    return make


@contextmanager
def application(here: Project, url: str) -> Iterator[None]:
    """Hold the rows of b, and want those of a once the migration has them."""
    with here.connect(url) as connection:

        def cross() -> None:
            connection.exec_driver_sql("UPDATE a SET n = n + 10")
            connection.commit()

        crosses = threading.Thread(target=cross)
        connection.exec_driver_sql(LAST[backend_of(url)])
        connection.exec_driver_sql("UPDATE b SET n = n + 10")
        wait_until((here.root / "at").exists, 60)
        crosses.start()
        wait_until(lambda: here.rows(url, WAITING[backend_of(url)])[0][0])
        try:
            yield
        finally:
            crosses.join()


def upgraded(here: Project, url: str, *words: str) -> Result:
    """Upgrade while the application comes the other way."""
    with started(here, "upgrade", *words) as process, application(here, url):
        (here.root / "go").touch()
        return finish(process)


def test_a_victim_is_tried_again_and_runs_once(crossing, plain):
    here = crossing()

    result = upgraded(here, plain)

    assert result.exit == 0, result
    assert result.stderr.startswith(
        "Running upgrade r0000 -> r0001, a step\n"
        "Warning: revision r0001 ran into a deadlock and changed nothing; try 2 of 6 follows\n"
        "Running upgrade r0000 -> r0001, a step\n"
    )
    assert here.rows(plain, "SELECT a.n, b.n FROM a, b") == [(11, 11)]
    assert here.stamped(plain) == ["r0001"]
    assert_unlocked(plain)


def test_a_victim_that_is_not_tried_again_is_told_and_may_be_run_later(
    crossing, command, kind, plain
):
    here = crossing(lock_retries=0)

    failed = upgraded(here, plain)

    assert failed.exit == 1, failed
    running, error, truth = failed.stderr.splitlines()[:3]
    assert running == "Running upgrade r0000 -> r0001, a step"
    assert "Error: revision r0001 failed in upgrade(): " in error
    assert error.endswith(SAID[kind])
    assert truth == "  nothing changed: the database is still at r0000"
    assert here.rows(plain, "SELECT a.n, b.n FROM a, b") == [(10, 10)]
    assert_unlocked(plain)
    assert command(here, "upgrade").stdout == "Upgraded to r0001 (head), 1 revision\n"
    assert here.rows(plain, "SELECT a.n, b.n FROM a, b") == [(11, 11)]


def test_programs_are_told_of_a_deadlock(crossing, plain):
    here = crossing(lock_retries=0)
    error = upgraded(here, plain, "--format", "json").json["error"]
    assert (error["deadlock"], error["lock_timeout"]) == (True, False)


def test_a_victim_that_has_committed_something_is_not_tried_again(crossing, plain):
    statement = "CREATE TABLE d (n INTEGER)"
    commits = {
        "postgresql": f"with op.get_context().autocommit_block():\n    op.execute('{statement}')\n",
        "mysql": f"op.execute('{statement}')\n",
    }
    here = crossing(commits[backend_of(plain)])

    failed = upgraded(here, plain)

    assert failed.exit == 1, failed
    assert "follows" not in failed.stderr
    assert failed.stderr.endswith(
        "  the version table is still at r0000\n"
        "  these statements are committed and stay, although their revision is not applied:\n"
        f"    {statement}\n"
        "  undo them by hand, correct the revision, and run it again\n"
    )
    assert here.rows(plain, "SELECT a.n, b.n FROM a, b") == [(10, 10)]
    assert here.stamped(plain) == ["r0000"]
    assert_unlocked(plain)
