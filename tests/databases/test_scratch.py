"""Scratch databases as such: what they are like, that they go, and what is swept."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest
import sqlalchemy
from sqlalchemy import make_url

from alembic_migrate.databases.connecting import run_on
from alembic_migrate.databases.scratch import _host, is_left, new_name, scratch
from alembic_migrate.errors import ConfigError, DatabaseError
from tests.servers import ENCODED_PASSWORD, USER, asynchronous

ORPHAN = """
import os, sys, sqlalchemy
from alembic_migrate.databases.scratch import scratch
with scratch(sqlalchemy.make_url(sys.argv[1])) as url:
    print(url.database, flush=True)
    sys.stdin.read()
"""


def orphan(url, folder):
    """Let a process make a scratch database and kill it, and return the database's name."""
    process = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(folder)},
        text=True,
    )
    name = process.stdout.readline().strip()
    process.kill()
    process.communicate()
    return name


@pytest.mark.parametrize("driver", ["sync", "async"])
def test_a_scratch_database_is_empty_and_goes_when_it_is_done_with(database_url, driver, left):
    text = database_url if driver == "sync" else asynchronous(database_url)
    url = make_url(text)
    with scratch(url) as made:
        assert (made.drivername, made.host, made.port) == (url.drivername, url.host, url.port)
        assert len(left(text)) == 1

        def use(connection):
            assert sqlalchemy.inspect(connection).get_table_names() == []
            connection.execute(sqlalchemy.text("CREATE TABLE t (n INTEGER)"))
            connection.commit()

        run_on(made, use)
        run_on(made, lambda c: c.execute(sqlalchemy.text("SELECT n FROM t")).all())
    assert left(text) == []


@pytest.mark.parametrize("raised", [ValueError, KeyboardInterrupt])
def test_a_scratch_database_goes_when_what_used_it_fails(database_url, left, raised):
    def fail():
        with scratch(make_url(database_url)):
            assert len(left(database_url)) == 1
            raise raised

    with pytest.raises(raised):
        fail()
    assert left(database_url) == []


def test_a_scratch_database_goes_although_a_session_is_still_in_it(database_url, left):
    with scratch(make_url(database_url)) as made:
        engine = sqlalchemy.create_engine(made)
        connection = engine.connect()
        connection.exec_driver_sql("CREATE TABLE t (n INTEGER)")
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
    assert left(database_url) == []
    connection.invalidate()
    engine.dispose()


def test_what_a_killed_process_left_is_swept_by_the_next(database_url, here, left):
    orphan(database_url, here)
    assert len(left(database_url)) == 1
    with scratch(make_url(database_url)):
        assert len(left(database_url)) == 1
    assert left(database_url) == []


def test_what_another_process_still_uses_is_not_swept(database_url, here, left):
    with scratch(make_url(database_url)):
        mine = left(database_url)
        orphan(database_url, here)
        with scratch(make_url(database_url)):
            assert set(mine) < set(left(database_url))
        assert left(database_url) == mine


def test_a_name_tells_whether_a_scratch_database_was_left():
    now, dead = int(time.time()), 2**22 + 1  # above what Linux gives out
    assert not is_left(new_name())
    assert is_left(f"alembic_scratch_{now}_{_host()}_{dead}_00000000")
    assert not is_left(f"alembic_scratch_{now}_00000000_{dead}_00000000")  # another machine's
    assert is_left(f"alembic_scratch_{now - 86500}_00000000_{dead}_00000000")
    assert is_left(f"alembic_scratch_{now - 86500}_{_host()}_{os.getpid()}_00000000")
    for name in ("alembic_scratch", "app", f"alembic_scratch_1_{_host()}_{dead}_00000000_copy"):
        assert not is_left(name)


def test_names_differ_with_the_machine(monkeypatch):
    here = _host()
    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    assert _host() != here


def test_a_scratch_database_has_the_encoding_and_collation_of_the_bases(postgresql_server, left):
    asked = "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database "
    asked += "WHERE datname = current_database()"
    name = "latin"
    made = (
        f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    postgresql_server.execute(lambda cursor: cursor.execute(made))
    url = make_url(postgresql_server.url(name))
    try:
        with scratch(url) as there:
            told = run_on(there, lambda c: tuple(c.exec_driver_sql(asked).one()))
    finally:
        postgresql_server.execute(lambda cursor: cursor.execute(f"DROP DATABASE {name}"))
    assert told == ("LATIN1", "C", "C")


def test_a_scratch_database_of_mysqls_has_the_collation_of_the_bases(mariadb_server):
    made = "CREATE DATABASE latin CHARACTER SET latin1 COLLATE latin1_german2_ci"
    mariadb_server.execute(lambda cursor: cursor.execute(made))
    asked = "SELECT @@character_set_database, @@collation_database"
    try:
        with scratch(make_url(mariadb_server.url("latin"))) as there:
            told = run_on(there, lambda c: tuple(c.exec_driver_sql(asked).one()))
    finally:
        mariadb_server.execute(lambda cursor: cursor.execute("DROP DATABASE latin"))
    assert told == ("latin1", "latin1_german2_ci")


def test_a_role_that_may_not_create_databases_is_told_what_to_do(postgresql_server, postgresql_url):
    postgresql_server.execute(lambda c: c.execute("CREATE ROLE \"low-ly\" LOGIN PASSWORD 'x'"))
    url = make_url(postgresql_url).set(username="low-ly", password="x")
    try:
        with pytest.raises(DatabaseError) as refused, scratch(url):
            pass
    finally:
        postgresql_server.execute(lambda c: c.execute('DROP ROLE "low-ly"'))
    assert refused.value.message == (
        'the role "low-ly" may not create databases, and a scratch database is needed'
    )
    assert refused.value.hint == (
        'let it: ALTER ROLE "low-ly" CREATEDB;\n'
        "or name a server where scratch databases are made: "
        'scratch_url = "postgresql+psycopg://postgres@localhost/postgres"'
    )


def test_a_user_of_mysqls_needs_no_more_than_the_grant_that_is_told(
    mariadb_server, mariadb_url, left
):
    database = make_url(mariadb_url).database
    for statement in (
        "CREATE USER lowly@'127.0.0.1' IDENTIFIED BY 'x'",
        f"GRANT SELECT ON {database}.* TO lowly@'127.0.0.1'",
    ):
        mariadb_server.execute(lambda c, statement=statement: c.execute(statement))
    url = make_url(mariadb_url).set(username="lowly", password="x")
    try:
        with pytest.raises(DatabaseError) as refused, scratch(url):
            pass
        assert refused.value.message == (
            "the role 'lowly'@'127.0.0.1' may not create databases, and a scratch database is "
            "needed"
        )
        grant = refused.value.hint.splitlines()[0].removeprefix("let it: ")
        assert grant == r"GRANT ALL ON `alembic\_scratch\_%`.* TO 'lowly'@'127.0.0.1';"
        mariadb_server.execute(lambda c: c.execute(grant))
        with scratch(url) as made:
            run_on(made, lambda c: c.exec_driver_sql("CREATE TABLE t (n INTEGER)"))
        assert left(mariadb_url) == []
    finally:
        mariadb_server.execute(lambda c: c.execute("DROP USER lowly@'127.0.0.1'"))


def test_a_server_that_does_not_answer_is_told(postgresql_url):
    url = make_url(postgresql_url).set(port=1)
    with pytest.raises(DatabaseError) as refused, scratch(url):
        pass
    shown = f"postgresql+psycopg://{USER}:***@127.0.0.1:1/{url.database}"
    assert refused.value.message.startswith(f"{shown}: nothing answers at that address")
    assert ENCODED_PASSWORD not in str(refused.value)


def test_a_folder_may_be_named_for_sqlites_files(tmp_path):
    with scratch(make_url(f"sqlite:///{tmp_path}")) as made:
        assert made.database.startswith(f"{tmp_path}/alembic_scratch_")
    assert list(tmp_path.iterdir()) == []


def test_what_a_url_says_of_its_own_file_does_not_hold_for_the_scratch_file(here):
    url = make_url("sqlite:///file:/somewhere/app.db?mode=ro&uri=true&timeout=7")
    with scratch(url) as made:
        assert dict(made.query) == {"timeout": "7"}
        run_on(made, lambda c: c.exec_driver_sql("CREATE TABLE t (n INTEGER)"))


def test_there_are_databases_of_which_no_scratch_one_can_be_made():
    class Oracle:
        @staticmethod
        def get_backend_name():
            return "oracle"

    with pytest.raises(ConfigError, match="no scratch database can be made on oracle"):
        scratch(Oracle()).__enter__()
