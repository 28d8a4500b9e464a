"""After a failure with an env.py of the project's own, its database is asked what stays."""

from __future__ import annotations

import threading

import pytest

from tests.projects import Project
from tests.safety.histories import backend_of, locked, wait_until, write
from tests.safety.scripts import ASYNC_ENV, over_several, script
from tests.servers import asynchronous

MAKES = """
op.execute("CREATE TABLE a (n INTEGER)")
op.execute("INSERT INTO a VALUES (1)")
"""
FAILS = """
op.execute("CREATE TABLE b (n INTEGER)")
op.execute("UPDATE a SET n = n + 1")
raise ValueError("no further")
"""
STAYS = "r0000 ran before it and stays: the database is now at r0000\n"
KEPT = (
    "these statements are committed and stay, although their revision is not applied:\n"
    "    CREATE TABLE b (n INTEGER)\n"
    "  undo them by hand, correct the revision, and run it again\n"
)


def own(project: Project, env: str, url: str, *upgrades: str, **keys: object) -> Project:
    here = write(project, url, *upgrades, **keys)
    here.write("migrations/env.py", env)
    return here


def hint(text: str) -> str:
    """Return what stands below the error's first line."""
    return text[text.index("Error:") :].partition("\n")[2].removeprefix("  ")


def on(url: str, truth: str) -> str:
    """Return what is told of a failed second revision on a kind of database."""
    return f"{truth}  {KEPT}" if backend_of(url) == "mysql" else truth


@pytest.mark.parametrize("driver", ["sync", "async"])
def test_a_failed_revision_leaves_what_is_told(project, command, database_url, driver):
    env, url = script(), database_url
    if driver == "async":
        env, url = ASYNC_ENV, asynchronous(database_url)
    here = own(project(), env, url, MAKES, FAILS, transaction_per_migration=True)

    failed = command(here, "upgrade", status=1)

    assert hint(failed.stderr) == on(url, STAYS)
    assert here.stamped(database_url) == ["r0000"]
    failed = command(here, "upgrade", status=1)
    assert hint(failed.stderr) == "nothing changed: the database is still at r0000\n"


def test_with_one_transaction_for_all_nothing_is_left(project, command, postgresql_url):
    here = own(project(), script(), postgresql_url, MAKES, FAILS)
    failed = command(here, "upgrade", "--format", "json", status=1)
    assert failed.json["error"]["hint"] == "nothing changed: the database is still at base"
    assert (failed.json["error"]["before"], failed.json["error"]["after"]) == ([], [])
    assert here.tables(postgresql_url) == []


def test_a_database_that_the_script_chose_is_the_one_that_is_asked(
    project, command, sqlite_url, tmp_path
):
    chosen = f"sqlite:///{tmp_path}/chosen.db"
    env = script(before=f"URL = {chosen!r}")
    here = own(project(), env, sqlite_url, MAKES, FAILS, transaction_per_migration=True)

    assert hint(command(here, "upgrade", status=1).stderr) == (
        f"r0000 ran before it and stays: {chosen}, which env.py chose, is now at r0000\n"
    )
    assert hint(command(here, "upgrade", status=1).stderr) == (
        f"nothing changed: {chosen}, which env.py chose, is still at r0000\n"
    )
    assert not (tmp_path / "test.db").exists()


def test_a_version_table_that_the_script_chose_is_the_one_that_is_asked(
    project, command, postgresql_url
):
    configure = "version_table='v', version_table_schema='meta'"
    here = own(
        project(), script(configure=configure), postgresql_url, MAKES, FAILS,
        transaction_per_migration=True,
    )  # fmt: skip
    here.execute(postgresql_url, "CREATE SCHEMA meta")
    assert hint(command(here, "upgrade", status=1).stderr) == STAYS
    assert here.rows(postgresql_url, "SELECT * FROM meta.v") == [("r0000",)]


def test_a_tenants_schema_is_the_one_that_is_asked(project, command, postgresql_url):
    """As Alembic's cookbook has it: a search path, and a version table in its first schema."""
    at_tenant = "connection.execute(text('SET search_path TO tenant')); connection.commit()"
    here = own(
        project(), script(connected=at_tenant), postgresql_url, MAKES, FAILS,
        transaction_per_migration=True,
    )  # fmt: skip
    here.execute(postgresql_url, "CREATE SCHEMA tenant")
    here.execute(postgresql_url, "CREATE TABLE alembic_version (version_num text)")
    here.execute(postgresql_url, "INSERT INTO alembic_version VALUES ('other')")
    assert hint(command(here, "upgrade", status=1).stderr) == STAYS


def test_a_database_that_was_used_on_mariadb_is_the_one_that_is_asked(
    project, command, mariadb_server, mariadb_url
):
    with mariadb_server.database() as used:
        name = used.rpartition("/")[2]
        uses = f"connection.execute(text('USE {name}')); connection.commit()"
        uses += f"; connection.dialect.default_schema_name = {name!r}"
        here = own(project(), script(connected=uses), mariadb_url, MAKES, FAILS)
        assert hint(command(here, "upgrade", status=1).stderr) == f"{STAYS}  {KEPT}"
        assert here.tables(mariadb_url) == []


def test_of_several_databases_each_is_told(project, command, sqlite_url, tmp_path):
    first, second = (f"sqlite:///{tmp_path}/{name}.db" for name in ("first", "second"))
    fails = 'if "second" in str(op.get_bind().engine.url):\n    raise ValueError("no further")'
    here = own(
        project(), over_several(first, second), sqlite_url, MAKES, fails,
        transaction_per_migration=True,
    )  # fmt: skip

    failed = command(here, "upgrade", status=1)

    assert hint(failed.stderr) == (
        f"{first}, which env.py chose, is now at r0001; before it was at base\n"
        f"  {second}, which env.py chose, is now at r0000; before it was at base\n"
    )
    assert (here.stamped(first), here.stamped(second)) == (["r0001"], ["r0000"])


def test_before_the_script_has_come_to_a_database_nobody_knows_it(project, command, postgresql_url):
    here = own(project(), script(), postgresql_url, MAKES)
    here.execute(postgresql_url, "CREATE TABLE alembic_version (version_num text)")
    here.execute(postgresql_url, "INSERT INTO alembic_version VALUES ('other')")
    failed = command(here, "upgrade", status=1)
    assert failed.stderr.startswith("Error: the version table alembic_version names revision other")


def test_what_a_first_try_committed_is_not_forgotten_by_the_second(
    project, command, postgresql_url
):
    """The first revision of a run stays when the second one has to wait and is tried again."""
    waits = (
        "with open('tried', 'a') as file:\n    file.write('x')\n"
        "op.execute('ALTER TABLE busy ADD COLUMN n INTEGER')"
    )
    here = own(
        project(), script(), postgresql_url, MAKES, waits,
        transaction_per_migration=True, lock_timeout=0.3, lock_retries=5,
    )  # fmt: skip
    here.execute(postgresql_url, "CREATE TABLE busy (x INTEGER)")
    tried = here.write("tried", "")
    with here.connect(postgresql_url) as application:
        application.exec_driver_sql("SELECT * FROM busy")

        def give_way():
            wait_until(lambda: tried.stat().st_size > 1)
            application.rollback()

        ending = threading.Thread(target=give_way)
        ending.start()
        done = command(here, "upgrade")
        ending.join()
    assert "; try 2 of 6 follows\n" in done.stderr
    assert done.stdout == "Upgraded to r0001 (head), 2 revisions\n"


def test_a_lock_that_was_not_to_be_had_changed_nothing(project, command, postgresql_url):
    here = own(project(), script(), postgresql_url, MAKES)
    with locked(postgresql_url):
        command(here, "upgrade", "--lock-wait", "0", status=5)
    assert here.tables(postgresql_url) == []
