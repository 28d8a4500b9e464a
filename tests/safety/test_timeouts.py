"""A statement that waits for the application's locks: given up, tried again, or told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from alembic_migrate.events import Event
from tests.projects import Project
from tests.safety.histories import assert_unlocked, write
from tests.servers import asynchronous

MAKES = "op.execute('CREATE TABLE a (n INTEGER)')\nop.execute('INSERT INTO a VALUES (0)')"
ALTER = "op.execute('ALTER TABLE a ADD COLUMN more INTEGER')"
UPDATE = "op.execute('UPDATE a SET n = n + 1')\n"


@contextmanager
def reading(here: Project, url: str) -> Iterator[Callable[..., None]]:
    """Read a table in a transaction that stays open; what is handed out ends it."""
    connection = here.connect(url)
    connection.exec_driver_sql("SELECT * FROM a").all()
    try:
        yield lambda *_: connection.rollback()
    finally:
        connection.close()


@pytest.fixture(params=["psycopg", "asyncpg"])
def postgresql(request, postgresql_url) -> str:
    return postgresql_url if request.param == "psycopg" else asynchronous(postgresql_url)


def history(project: Project, command, url: str, *more: str, **keys: object) -> Project:
    """Write a history whose first revision is applied already."""
    here = write(project, url, MAKES, **keys)
    command(here, "upgrade")
    return write(here, url, MAKES, *more, **keys)


@pytest.mark.parametrize("per_migration", [True, False], ids=["each", "all"])
@pytest.mark.parametrize("kind", ["psycopg", "asyncpg", "pymysql", "aiomysql"])
def test_a_revision_is_tried_again_when_the_reader_may_have_left(
    project, command, library, request, kind, per_migration
):
    real = "postgresql" if kind in {"psycopg", "asyncpg"} else "mariadb"
    plain = request.getfixturevalue(f"{real}_url")
    url = asynchronous(plain) if kind.startswith("a") else plain
    keys = {"lock_timeout": 0.2, "transaction_per_migration": per_migration}
    here = history(project(), command, url, UPDATE, ALTER, **keys)
    said: list[str] = []

    def report(event: Event) -> None:
        if event.kind == "warning" and "follows" in event.message:
            said.append(event.message)
            leave()

    with reading(here, plain) as leave:
        (run,) = library(here).upgrade(report=report)

    assert len(said) == 1
    assert said[0].startswith("revision r0002 ran into lock_timeout")
    assert said[0].endswith("and changed nothing; try 2 of 6 follows")
    assert [step.revision for step in run.steps] == ["r0001", "r0002"]
    assert (run.before, run.after) == (("r0000",), ("r0002",))
    assert here.rows(plain, "SELECT n FROM a") == [(1,)]
    assert here.stamped(plain) == ["r0002"]
    assert_unlocked(plain)


def test_a_reader_that_stays_ends_the_run(project, command, postgresql_url):
    keys = {"lock_timeout": 0.2, "lock_retries": 1}
    here = history(project(), command, postgresql_url, ALTER, **keys)
    with reading(here, postgresql_url):
        failed = command(here, "upgrade", status=1)

    path = here.root / "migrations/versions/r0001.py"
    lines = failed.stderr.split("\n")
    assert lines[0] == "Running upgrade r0000 -> r0001, a step"
    assert lines[1].startswith("Warning: revision r0001 ran into lock_timeout")
    assert lines[1].endswith("and changed nothing; try 2 of 2 follows")
    assert lines[2] == lines[0]
    assert lines[3].startswith(f"Error: revision r0001 failed in upgrade(): {path}:12: ")
    assert lines[3].endswith("canceling statement due to lock timeout")
    assert lines[4] == "  nothing changed: the database is still at r0000"
    assert_unlocked(postgresql_url)


def test_what_a_revision_committed_by_saying_so_is_not_tried_again(
    project, command, postgresql_url
):
    first = UPDATE + "op.execute('COMMIT')\n"
    here = history(project(), command, postgresql_url, first + ALTER, lock_timeout=1)
    with reading(here, postgresql_url):
        failed = command(here, "upgrade", status=1)
    assert "follows" not in failed.stderr
    assert "    UPDATE a SET n = n + 1\n" in failed.stderr
    assert here.rows(postgresql_url, "SELECT n FROM a") == [(1,)]


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_what_has_committed_something_is_not_tried_again(project, command, request, kind):
    url = request.getfixturevalue(f"{kind}_url")
    # MariaDB's ALTER commits what stands before it, also where it fails itself.
    block = (
        "with op.get_context().autocommit_block():\n    op.execute('CREATE TABLE b (n INTEGER)')\n"
    )
    first = UPDATE + (block if kind == "postgresql" else "")
    here = history(project(), command, url, first + ALTER, lock_timeout=1)
    with reading(here, url):
        failed = command(here, "upgrade", status=1)

    assert "follows" not in failed.stderr
    assert "  the version table is still at r0000\n" in failed.stderr
    assert "    UPDATE a SET n = n + 1\n" in failed.stderr
    assert here.rows(url, "SELECT n FROM a") == [(1,)]
    assert here.stamped(url) == ["r0000"]
    assert_unlocked(url)


def test_with_one_transaction_for_all_what_an_earlier_revision_committed_forbids_it(
    project, command, postgresql_url
):
    commits = UPDATE + (
        "with op.get_context().autocommit_block():\n"
        "    op.execute('CREATE INDEX CONCURRENTLY i ON a (n)')\n"
    )
    locks = "op.execute('ALTER TABLE b ADD COLUMN more INTEGER')"
    keys = {"lock_timeout": 0.2, "transaction_per_migration": False}
    here = history(project(), command, postgresql_url, commits, locks, **keys)
    here.execute(postgresql_url, "CREATE TABLE b (n INTEGER)")
    with here.connect(postgresql_url) as reader:
        reader.exec_driver_sql("SELECT * FROM b").all()
        failed = command(here, "upgrade", status=1)

    assert "follows" not in failed.stderr
    assert here.rows(postgresql_url, "SELECT n FROM a") == [(1,)]


def test_a_statement_may_take_no_longer_than_it_is_let(project, command, postgresql):
    slow = "op.execute('SELECT pg_sleep(20)')"
    here = history(project(), command, postgresql, slow, statement_timeout=0.3)
    began = time.monotonic()
    failed = command(here, "upgrade", status=1)
    assert time.monotonic() - began < 5
    assert "statement timeout" in failed.stderr
    assert failed.stderr.endswith("  nothing changed: the database is still at r0000\n")


def test_a_statement_of_mariadb_may_take_no_longer_either(project, command, mariadb_url):
    slow = "op.execute('SELECT COUNT(*) FROM a WHERE SLEEP(20) = 0')"
    here = history(project(), command, mariadb_url, slow, statement_timeout=0.5)
    began = time.monotonic()
    command(here, "upgrade", status=1)
    assert time.monotonic() - began < 5


def test_an_application_is_not_held_up_behind_a_waiting_revision(project, command, postgresql_url):
    """What waits for a reader keeps everybody behind it waiting; so it waits for a moment only."""
    here = history(project(), command, postgresql_url, ALTER, lock_timeout=0.3)
    worst = 0.0
    with reading(here, postgresql_url) as leave:
        threading.Timer(1.5, leave).start()
        done = threading.Thread(target=lambda: here.run("upgrade"))
        done.start()
        while done.is_alive():
            began = time.monotonic()
            here.rows(postgresql_url, "SELECT count(*) FROM a")
            worst = max(worst, time.monotonic() - began)
            time.sleep(0.05)
    done.join()
    assert here.stamped(postgresql_url) == ["r0001"]
    assert worst < 1.2
