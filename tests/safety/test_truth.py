"""After a failure it is told what stays: nothing, or exactly the statements that are committed."""

from __future__ import annotations

import pytest

from tests.projects import Project
from tests.safety.histories import assert_unlocked, write
from tests.servers import asynchronous

TABLES = """
op.execute("CREATE TABLE a (n INTEGER)")
op.execute("INSERT INTO a VALUES (1)")
"""

UPDATE = "op.execute('UPDATE a SET n = n + 1')\n"


def path_of(here: Project, name: str) -> str:
    return str(here.root / "migrations" / "versions" / f"{name}.py")


@pytest.fixture(params=["sync", "async"])
def mariadb(request, mariadb_url) -> str:
    return mariadb_url if request.param == "sync" else asynchronous(mariadb_url)


def test_a_third_statement_that_fails_on_mariadb_leaves_two(project, command, mariadb, mariadb_url):
    third = (
        "op.execute('CREATE TABLE b (n INTEGER)')\n"
        + UPDATE
        + "op.execute('ALTER TABLE nowhere ADD COLUMN n INTEGER')"
    )
    here = write(project(), mariadb, TABLES, third)

    failed = command(here, "upgrade", status=1)

    said, hint = failed.stderr.split("\n", 3)[2:]
    assert said.startswith(
        f"Error: revision r0001 failed in upgrade(): {path_of(here, 'r0001')}:14"
    )
    assert hint == (
        "  r0000 ran before it and stays: the database is now at r0000\n"
        "  these statements are committed and stay, although their revision is not applied:\n"
        "    CREATE TABLE b (n INTEGER)\n"
        "    UPDATE a SET n = n + 1\n"
        "  undo them by hand, correct the revision, and run it again\n"
    )
    assert here.rows(mariadb_url, "SELECT n FROM a") == [(2,)]
    assert_unlocked(mariadb_url)


def test_rows_alone_are_rolled_back_on_mariadb(project, command, mariadb, mariadb_url):
    here = write(project(), mariadb, TABLES)
    command(here, "upgrade")
    write(here, mariadb, TABLES, UPDATE + "op.execute('UPDATE nowhere SET n = 1')")

    failed = command(here, "upgrade", status=1)

    assert failed.stderr.endswith("  nothing changed: the database is still at r0000\n")
    assert here.rows(mariadb_url, "SELECT n FROM a") == [(1,)]


def test_ddl_behind_a_comment_is_committed_on_mariadb_too(project, command, mariadb_url):
    here = write(project(), mariadb_url, TABLES)
    command(here, "upgrade")
    commented = "op.execute('-- why\\n/* and how */ CREATE TABLE b (n INTEGER)')\n"
    write(here, mariadb_url, TABLES, commented + 'raise ValueError("no further")')

    failed = command(here, "upgrade", status=1, env={})

    assert "    -- why /* and how */ CREATE TABLE b (n INTEGER)\n" in failed.stderr
    assert "nothing changed" not in failed.stderr


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
@pytest.mark.parametrize("per_migration", [True, False], ids=["each", "all"])
def test_postgresql_rolls_everything_back(project, command, postgresql_url, driver, per_migration):
    url = postgresql_url if driver == "psycopg" else asynchronous(postgresql_url)
    fails = "op.execute('CREATE TABLE b (n INTEGER)')\n" + UPDATE + 'raise ValueError("no further")'
    here = write(project(), url, TABLES, fails, transaction_per_migration=per_migration)

    failed = command(here, "upgrade", status=1)

    now = "r0000 ran before it and stays: the database is now at r0000"
    nothing = "nothing changed: the database is still at base"
    assert failed.stderr == (
        "Running upgrade  -> r0000, a step\n"
        "Running upgrade r0000 -> r0001, a step\n"
        f"Error: revision r0001 failed in upgrade(): {path_of(here, 'r0001')}:14: ValueError: "
        "no further\n"
        f"  {now if per_migration else nothing}\n"
    )
    assert here.tables(postgresql_url) == (["a", "alembic_version"] if per_migration else [])
    assert_unlocked(postgresql_url)


def test_with_one_transaction_for_all_what_an_earlier_revision_committed_is_told(
    project, command, postgresql_url
):
    """Its row in the version table is rolled back with the rest, and what it committed stays."""
    commits = UPDATE + (
        "with op.get_context().autocommit_block():\n"
        "    op.execute('CREATE INDEX CONCURRENTLY i ON a (n)')\n"
    )
    here = write(
        project(),
        postgresql_url,
        TABLES,
        commits,
        'raise ValueError("no further")',
        transaction_per_migration=False,
    )

    failed = command(here, "upgrade", status=1)

    assert failed.stderr.split("\n", 4)[4] == (
        "  r0000 ran before it and stays: the database is now at r0000\n"
        "  these statements are committed and stay, although their revision is not applied:\n"
        "    UPDATE a SET n = n + 1\n"
        "    CREATE INDEX CONCURRENTLY i ON a (n)\n"
        "  undo them by hand, correct the revision, and run it again\n"
    )
    assert here.stamped(postgresql_url) == ["r0000"]
    assert here.rows(postgresql_url, "SELECT n FROM a") == [(2,)]


def test_an_index_that_could_not_be_built_is_named_with_its_end(project, command, postgresql_url):
    unique = (
        "with op.get_context().autocommit_block():\n"
        "    op.execute('CREATE UNIQUE INDEX CONCURRENTLY i ON a (n)')\n"
    )
    twice = TABLES + "op.execute('INSERT INTO a VALUES (1)')\n"
    here = write(project(), postgresql_url, twice, unique)

    failed = command(here, "upgrade", status=1)

    assert failed.stderr.split("\n", 3)[3] == (
        "  r0000 ran before it and stays: the database is now at r0000\n"
        "  an invalid index is there: DROP INDEX CONCURRENTLY public.i;\n"
    )


def test_an_engine_that_commits_by_itself_is_told_as_it_is(project, command, postgresql_url):
    here = write(project(), postgresql_url, TABLES, engine="engines:make_engine")
    here.write(
        "engines.py",
        """
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        def make_engine(url):
            return create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        """,
    )
    command(here, "upgrade")
    write(here, postgresql_url, TABLES, UPDATE + "1 / 0", engine="engines:make_engine")

    failed = command(here, "upgrade", status=1)

    assert failed.stderr.endswith(
        "  the version table is still at r0000\n"
        "  these statements are committed and stay, although their revision is not applied:\n"
        "    UPDATE a SET n = n + 1\n"
        "  undo them by hand, correct the revision, and run it again\n"
    )
