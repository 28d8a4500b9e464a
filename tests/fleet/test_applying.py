"""Shared SQL sent with one message a revision, and the sessions that tenants hand on."""

from __future__ import annotations

import pytest

from alembic_migrate import load
from alembic_migrate.databases.catalogue.comparing import compare
from tests.fleet.test_compiled import (
    FIRST,
    MAKES,
    MODELS,
    NAMES,
    USED,
    catalogue,
    make_schemas,
    schemas,
    write,
)
from tests.projects import revision_text

_ = schemas  # a fixture

SEVERAL = [f"t{number}" for number in range(12)]
COUNTED = """
from sqlalchemy import event
from sqlalchemy.engine import Engine
from pathlib import Path

@event.listens_for(Engine, "before_cursor_execute")
def tell(connection, cursor, statement, parameters, context, many):
    if "CREATE TABLE note" in statement and "UPDATE" not in statement:
        with Path(__file__).with_name("seen").open("a") as to:
            to.write("message\\n" if "INSERT INTO" in statement else "alone\\n")
"""
TABLE = 'op.create_table("{}", sa.Column("id", sa.Integer()))'


@pytest.fixture(autouse=True)
def _at_any_price(monkeypatch):
    monkeypatch.setattr("alembic_migrate.bridge.proving._WORTH", 1)


@pytest.fixture
def sessions(postgresql_server):
    """A function that returns how many sessions a database had since it was last asked."""
    seen = {}

    def count(url):
        name = url.rpartition("/")[2]
        asked = "SELECT pg_stat_force_next_flush()"
        found = []

        def ask(cursor):
            cursor.execute(asked)
            cursor.execute("SELECT sessions FROM pg_stat_database WHERE datname = %s", (name,))
            found.append(cursor.fetchone()[0])

        postgresql_server.execute(ask)
        before, seen[name] = seen.get(name, 0), found[0]
        return found[0] - before

    return count


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_a_revision_is_one_message(schemas, command, postgresql_url, driver):
    pytest.importorskip(driver, reason="it is tried where somebody has installed it")
    here = schemas(FIRST, MAKES, models=MODELS + COUNTED)
    text = here.read("pyproject.toml").replace("+psycopg", f"+{driver}")
    here.write("pyproject.toml", text)
    result = command(here, "upgrade", "-v")
    assert USED.format(2) in result.stderr
    # The history runs as usual once, where the SQL is noted; then on another scratch database.
    assert here.read("seen").splitlines() == ["alone", *["message"] * (1 + len(NAMES))]
    for name in NAMES:
        assert here.rows(postgresql_url, f"SELECT version_num FROM {name}.alembic_version") == [
            ("r2",)
        ]
        assert here.rows(postgresql_url, f"SELECT text FROM {name}.note") == [
            ("%s %% %(x)s :name {} 'quoted'",)
        ]


def test_branches_and_merges_come_to_the_same(project, postgresql_server, command):
    seen, versions = [], []
    for compiled in (False, True):
        with postgresql_server.database() as url:
            here = write(project(name=f"branches_{compiled}"), MAKES, url=url, compiled=compiled)
            graph = {
                "a": ("r1", TABLE.format("a"), None),
                "b": ("r1", TABLE.format("b"), None),
                "c": ("b", TABLE.format("c"), None),
                "m": (("a", "c"), TABLE.format("m"), None),
                "other": (None, TABLE.format("other"), None),
                "last": ("m", TABLE.format("last"), "other"),
            }
            for name, (down, upgrade, needs) in graph.items():
                file = revision_text(name, down, upgrade=upgrade, depends_on=needs)
                here.write(f"migrations/versions/{name}.py", file)
            make_schemas(here, url)
            result = command(here, "upgrade", "heads", "-v")
            assert (USED.format(7) in result.stderr) == compiled
            seen.append(catalogue(here, url))
            versions.append(here.rows(url, "SELECT version_num FROM t1.alembic_version ORDER BY 1"))
    assert list(compare(*seen)) == []
    assert versions[0] == versions[1] != []


def test_a_version_table_that_does_not_move_is_told_as_ever(schemas, command, postgresql_url):
    here = schemas(MAKES, TABLE.format("late"))
    command(here, "upgrade", "r1")
    here.execute(
        postgresql_url,
        "CREATE FUNCTION t1.stay() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    )
    here.execute(
        postgresql_url,
        "CREATE TRIGGER stay BEFORE UPDATE ON t1.alembic_version "
        "FOR EACH ROW EXECUTE FUNCTION t1.stay()",
    )
    result = command(here, "upgrade", "--keep-going", "-v", status=6)
    assert USED.format(1) in result.stderr
    assert "t1: failed: revision r2 failed in upgrade(): " in result.stderr
    assert "expected to match one row when updating 'r1' to 'r2'" in result.stderr
    assert here.rows(postgresql_url, "SELECT to_regclass('t1.late')") == [(None,)]
    assert here.rows(postgresql_url, "SELECT to_regclass('t2.late') IS NULL") == [(False,)]


def test_what_was_sent_before_a_refused_message_stays(schemas, command, postgresql_url):
    here = schemas(MAKES, TABLE.format("fine"), TABLE.format("breaks"), journal=True)
    command(here, "upgrade", "r1")
    here.execute(postgresql_url, "CREATE TABLE t1.breaks (id integer)")
    result = command(here, "upgrade", "--keep-going", "-v", status=6)
    assert 'ProgrammingError: relation "breaks" already exists' in result.stderr
    assert here.rows(postgresql_url, "SELECT version_num FROM t1.alembic_version") == [("r2",)]
    noted = "SELECT revision, outcome FROM t1.alembic_version_journal ORDER BY id"
    assert here.rows(postgresql_url, noted)[:2] == [("r1", "done"), ("r2", "done")]


OWN = "for name in ('own',):\n    op.create_table(name, sa.Column('id', sa.Integer()))"


def test_sessions_are_handed_on_unless_a_revision_had_them(
    schemas, command, postgresql_url, sessions
):
    here = schemas(MAKES, names=SEVERAL)
    sessions(postgresql_url)
    command(here, "upgrade", "-q")
    shared = sessions(postgresql_url)
    plain = here.read("pyproject.toml").replace("compiled = true", "compiled = false")
    here.write("pyproject.toml", plain)
    here.write("migrations/versions/r2.py", revision_text("r2", "r1", upgrade=TABLE.format("b")))
    command(here, "upgrade", "-q")
    literal = sessions(postgresql_url)
    here.write("migrations/versions/r3.py", revision_text("r3", "r2", upgrade=OWN))
    command(here, "upgrade", "-q")
    own = sessions(postgresql_url)
    assert shared < len(SEVERAL)
    assert literal < len(SEVERAL)
    assert len(SEVERAL) <= own < 2 * len(SEVERAL)


# What would stop or mislead the tenant that gets the session.
LEAVES = """
op.execute("CREATE TEMPORARY TABLE note (id integer)")
op.execute("LISTEN anything")
"""


def test_nothing_of_a_tenant_is_handed_on_with_its_session(schemas, command, postgresql_url):
    here = schemas(LEAVES, MAKES, "op.execute('INSERT INTO made VALUES (1)')", names=SEVERAL)
    result = command(here, "upgrade", "-v")
    assert USED.format(3) in result.stderr
    for name in SEVERAL:
        assert here.rows(postgresql_url, f"SELECT count(*) FROM {name}.made") == [(1,)]
        versions = f"SELECT version_num FROM {name}.alembic_version"
        assert here.rows(postgresql_url, versions) == [("r3",)]


def test_a_session_that_was_ended_meanwhile_is_replaced(schemas, postgresql_url):
    here = schemas(MAKES, names=SEVERAL)
    ended = []

    def end(event):
        if event.kind == "done":
            found = here.rows(
                postgresql_url,
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND backend_type = 'client backend'",
            )
            ended.append(len(found))

    runs = load(here.root).upgrade(report=end)
    assert [run.after for run in runs] == [("r1",)] * len(SEVERAL)
    assert min(ended[:-1]) >= 1


def test_none_is_left_when_the_run_is_over(schemas, postgresql_url):
    here = schemas(MAKES, names=SEVERAL)
    load(here.root).upgrade()
    open_ones = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    assert here.rows(postgresql_url, open_ones) == [(0,)]


SEEN = 'op.create_table("seen", sa.Column("what", sa.Text()))'


@pytest.mark.parametrize("word", ["COMMIT", "END /* of it */ TRANSACTION"])
def test_what_a_revision_commits_itself_runs_once(schemas, command, postgresql_url, word):
    commits = f"op.execute(\"INSERT INTO seen VALUES ('x'); {word}; INSERT INTO made VALUES (1)\")"
    here = schemas(f"{SEEN}\n{MAKES}", commits, "op.execute('DELETE FROM made')")
    command(here, "upgrade", "r1")
    here.execute(postgresql_url, "ALTER TABLE t1.made ADD CHECK (id > 1)")
    result = command(here, "upgrade", "--keep-going", "-v", status=6)
    assert USED.format(2) in result.stderr
    assert here.rows(postgresql_url, "SELECT what FROM t1.seen") == [("x",)]


def test_a_message_that_was_cancelled_is_not_begun_again(schemas, command, postgresql_url):
    sleeps = "op.execute('INSERT INTO made SELECT 1 FROM seen WHERE pg_sleep(60) IS NOT NULL')"
    here = schemas(f"{SEEN}\n{MAKES}", sleeps, statement_timeout=0.5)
    command(here, "upgrade", "r1")
    here.execute(postgresql_url, "INSERT INTO t1.seen VALUES ('x')")
    result = command(here, "upgrade", "--keep-going", "-v", status=6)
    assert USED.format(1) in result.stderr
    assert "t1: failed: revision r2 failed in upgrade(): " in result.stderr
    assert "canceling statement due to statement timeout" in result.stderr
    assert result.stderr.count("[t1] INSERT INTO made") == 1


def test_nothing_runs_twice_where_one_transaction_has_all_revisions(
    schemas, command, postgresql_url
):
    commits = """
with op.get_context().autocommit_block():
    op.execute("INSERT INTO seen VALUES ('x')")
"""
    here = schemas(f"{SEEN}\n{MAKES}", commits, TABLE.format("late"))
    command(here, "upgrade", "r1")
    here.execute(postgresql_url, "CREATE TABLE t1.late (id integer)")
    whole = ("--set", "transaction_per_migration=false")
    command(here, "upgrade", "--keep-going", *whole, status=6)
    assert here.rows(postgresql_url, "SELECT what FROM t1.seen") == [("x",)]
