"""What is committed without a word of COMMIT is told as such, and not run a second time."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from tests.projects import Project
from tests.safety.histories import write
from tests.servers import asynchronous

MAKES = """
op.execute("CREATE TABLE a (n INTEGER)")
op.execute("INSERT INTO a VALUES (1)")
op.execute("CREATE TABLE busy (n INTEGER)")
op.execute("INSERT INTO busy VALUES (1)")
"""
UPDATE = "op.execute('UPDATE a SET n = n + 1')\n"
WAITS = "op.execute('UPDATE busy SET n = n + 1')\n"
FAILS = "raise ValueError('no further')\n"
KEEPS = "these statements are committed and stay, although their revision is not applied:\n"
MAY = "these statements may be committed, although their revision is not applied:\n"
PAST = "    what was executed past SQLAlchemy, on the driver's own connection\n"
NOTHING = "  nothing changed: the database is still at r0000\n"

# As MariaDB does them: most commit what went before.
MARIADB = [
    "ANALYZE TABLE a",
    "ANALYZE LOCAL TABLE a",
    "ANALYZE SELECT * FROM a",
    "OPTIMIZE TABLE a",
    "REPAIR TABLE a",
    "CHECK TABLE a",
    "CHECKSUM TABLE a",
    "LOCK TABLES a WRITE",
    "BEGIN",
    "START TRANSACTION",
    "SET autocommit = 1",
    "SET autocommit = 0",
    "SET @@session.autocommit := ON",
    "SET @nothing = 1",
    "FLUSH TABLES",
    "RESET QUERY CACHE",
    "INSTALL SONAME 'nowhere'",
    "UNINSTALL PLUGIN nowhere",
    "SET PASSWORD FOR nobody = PASSWORD('x')",
    "CREATE TEMPORARY TABLE t (n INTEGER)",
    "CREATE OR REPLACE TEMPORARY TABLE t (n INTEGER)",
    "/*M!100000 ALTER TABLE a FORCE */",
    "/*!40014 SET FOREIGN_KEY_CHECKS = 0 */",
    "/*!40000 ALTER TABLE a DISABLE KEYS */",
    "SET STATEMENT lock_wait_timeout = 5 FOR ALTER TABLE a FORCE",
    "SAVEPOINT here",
    "SELECT harmless()",
]


def ready(project: Project, command, url: str, **keys: object) -> Project:
    here = write(project, url, MAKES, **keys)
    command(here, "upgrade")
    return here


def then(here: Project, url: str, second: str, **keys: object) -> Project:
    return write(here, url, MAKES, second, **keys)


@contextmanager
def holding(here: Project, url: str):
    """Keep the rows of the table ``busy`` locked, and so whoever updates them waiting."""
    with here.connect(url) as connection:
        connection.exec_driver_sql("UPDATE busy SET n = 100")
        yield


def n_of(here: Project, url: str) -> int:
    return here.rows(url, "SELECT n FROM a")[0][0]


def test_what_mariadb_commits_for_is_told(project, command, mariadb_url):
    here = ready(project(), command, mariadb_url)
    here.execute(mariadb_url, "CREATE FUNCTION harmless() RETURNS INTEGER RETURN 1")
    for statement in MARIADB:
        here.execute(mariadb_url, "UPDATE a SET n = 1")
        tried = f"try:\n    op.execute({statement!r})\nexcept Exception:\n    pass\n"
        then(here, mariadb_url, UPDATE + tried + FAILS)
        failed = command(here, "upgrade", status=1)
        committed = n_of(here, mariadb_url) == 2
        assert ("    UPDATE a SET n = n + 1\n" in failed.stderr) == committed, failed.stderr
        assert failed.stderr.endswith(NOTHING) != committed, failed.stderr
        assert "past SQLAlchemy" not in failed.stderr


def test_after_autocommit_was_set_each_statement_is_committed(project, command, mariadb_url):
    here = ready(project(), command, mariadb_url)
    then(here, mariadb_url, "op.execute('SET autocommit = 1')\n" + UPDATE + FAILS)
    failed = command(here, "upgrade", status=1)
    assert KEEPS + "    UPDATE a SET n = n + 1\n" in failed.stderr
    assert n_of(here, mariadb_url) == 2


COMMITTING = {
    "analyze": "op.execute('ANALYZE TABLE a')\n",
    "begin": "op.execute('BEGIN')\n",
    "call": "op.execute('CALL commits()')\n",
    "immediate": "op.execute(\"EXECUTE IMMEDIATE 'FLUSH STATUS'\")\n",
    "driver": "op.get_bind().connection.commit()\n",
    "cursor": "op.get_bind().connection.cursor().execute('ALTER TABLE a FORCE')\n",
}


@pytest.mark.parametrize("driver", ["sync", "async"])
@pytest.mark.parametrize("by", COMMITTING)
def test_on_mariadb_it_is_not_run_twice(project, command, mariadb_url, by, driver):
    url = mariadb_url if driver == "sync" else asynchronous(mariadb_url)
    here = ready(project(), command, url, lock_timeout=1)
    here.execute(mariadb_url, "CREATE PROCEDURE commits() COMMIT")
    then(here, url, UPDATE + COMMITTING[by] + WAITS, lock_timeout=1)
    with holding(here, mariadb_url):
        failed = command(here, "upgrade", status=1)
    assert "follows" not in failed.stderr
    assert "    UPDATE a SET n = n + 1\n" in failed.stderr
    assert (KEEPS if by in {"analyze", "begin"} else MAY) in failed.stderr
    assert n_of(here, mariadb_url) == 2


@pytest.mark.parametrize("driver", ["sync", "async"])
def test_on_mariadb_rows_alone_are_tried_again(project, command, mariadb_url, driver):
    url = mariadb_url if driver == "sync" else asynchronous(mariadb_url)
    here = ready(project(), command, url, lock_timeout=1, lock_retries=1)
    then(here, url, UPDATE + WAITS, lock_timeout=1, lock_retries=1)
    with holding(here, mariadb_url):
        failed = command(here, "upgrade", status=1)
    assert "try 2 of 2 follows" in failed.stderr
    assert NOTHING in failed.stderr
    assert n_of(here, mariadb_url) == 1


@pytest.fixture(params=["psycopg", "asyncpg"])
def postgresql(request, postgresql_url) -> str:
    return postgresql_url if request.param == "psycopg" else asynchronous(postgresql_url)


ADDS = "CREATE FUNCTION adds() RETURNS void LANGUAGE sql AS 'UPDATE a SET n = n + 1'"
AUTOCOMMIT = "with op.get_context().autocommit_block():\n    "


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (AUTOCOMMIT + "op.execute('SELECT adds()')\n", MAY + "    SELECT adds()\n"),
        (AUTOCOMMIT + "op.execute('DO $$BEGIN PERFORM adds(); END$$')\n", KEEPS),
        (UPDATE + "op.get_bind().connection.commit()\n", MAY + "    UPDATE a SET n = n + 1\n"),
        (
            "raw = op.get_bind().connection\nraw.cursor().execute('SELECT adds()')\nraw.commit()\n",
            MAY + PAST,
        ),
    ],
    ids=["function", "block", "driver", "cursor"],
)
def test_on_postgresql_it_is_not_run_twice(
    project, command, postgresql, postgresql_url, first, told
):
    here = ready(project(), command, postgresql, lock_timeout=0.5)
    here.execute(postgresql_url, ADDS)
    then(here, postgresql, first + WAITS, lock_timeout=0.5)
    with holding(here, postgresql_url):
        failed = command(here, "upgrade", status=1)
    assert "follows" not in failed.stderr
    assert "  the version table is still at r0000\n  " + told in failed.stderr
    assert n_of(here, postgresql_url) == 2


@pytest.mark.parametrize(
    "first",
    [
        "op.execute('SELECT adds()')\n",
        "with op.get_bind().begin_nested():\n    op.execute('UPDATE a SET n = n + 1')\n",
        AUTOCOMMIT + "op.execute('SELECT count(*) FROM a')\n",
        "op.get_bind().connection.cursor().execute('SELECT adds()')\n",
    ],
)
def test_on_postgresql_what_is_rolled_back_is_tried_again(
    project, command, postgresql, postgresql_url, first
):
    here = ready(project(), command, postgresql, lock_timeout=0.5, lock_retries=1)
    here.execute(postgresql_url, ADDS)
    then(here, postgresql, first + WAITS, lock_timeout=0.5, lock_retries=1)
    with holding(here, postgresql_url):
        failed = command(here, "upgrade", status=1)
    assert "try 2 of 2 follows" in failed.stderr
    assert NOTHING in failed.stderr
    assert n_of(here, postgresql_url) == 1


def test_a_revision_may_choose_its_isolation_level(project, command, postgresql):
    here = ready(project(), command, postgresql)
    chooses = "op.execute('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE')\n" + UPDATE
    write(here, postgresql, MAKES, UPDATE, chooses)
    command(here, "upgrade")
    assert n_of(here, postgresql.replace("asyncpg", "psycopg")) == 3


def test_after_a_commit_in_words_each_statement_is_looked_at(project, command, postgresql):
    """asyncpg begins no transaction then, psycopg does."""
    here = ready(project(), command, postgresql)
    then(here, postgresql, "op.execute('COMMIT')\n" + UPDATE + FAILS)
    failed = command(here, "upgrade", status=1)
    committed = n_of(here, postgresql.replace("asyncpg", "psycopg")) == 2
    assert ("    UPDATE a SET n = n + 1\n" in failed.stderr) == committed
    assert failed.stderr.endswith(NOTHING) != committed


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+aiosqlite"])
def test_sqlites_scripts_commit(project, command, sqlite_url, driver):
    url = sqlite_url.replace("sqlite", driver, 1)
    here = ready(project(), command, url)
    raw = "op.get_bind().connection"
    if driver == "sqlite":
        script = f"{raw}.executescript('UPDATE a SET n = n + 1;')\n"
    else:
        script = f"{raw}.commit()\n"
    then(here, url, UPDATE + script + FAILS)
    failed = command(here, "upgrade", status=1)
    assert MAY + "    UPDATE a SET n = n + 1\n" in failed.stderr
    assert n_of(here, sqlite_url) > 1


def test_a_script_of_sqlites_that_stands_alone_is_told(project, command, sqlite_url):
    here = ready(project(), command, sqlite_url)
    script = "op.get_bind().connection.executescript('UPDATE a SET n = n + 1;')\n"
    then(here, sqlite_url, script + FAILS)
    failed = command(here, "upgrade", status=1)
    assert MAY + PAST in failed.stderr
    assert "nothing changed" not in failed.stderr


def test_with_a_journal_it_is_to_be_resolved(project, command, mariadb_url):
    here = ready(project(), command, mariadb_url, journal=True)
    then(here, mariadb_url, UPDATE + COMMITTING["driver"] + FAILS, journal=True)
    failed = command(here, "upgrade", status=1)
    assert "alembic-db resolve r0001 --not-applied" in failed.stderr
    again = command(here, "upgrade", status=1)
    assert "revision r0001 is half applied" in again.stderr
