"""SQLite: a failed revision rolls back whole, and no batch operation loses a row to a cascade."""

from __future__ import annotations

import re
import sqlite3
import sys

import pytest

from tests.projects import Project
from tests.safety.histories import assert_unlocked, write
from tests.safety.scripts import script
from tests.servers import asynchronous

FAMILY = """
op.create_table("parent", sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", sa.Text))
op.create_table(
    "child",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("p", sa.Integer, sa.ForeignKey("parent.id", ondelete="CASCADE")),
)
op.execute("INSERT INTO parent VALUES (1, 'x'), (2, 'y')")
op.execute("INSERT INTO child VALUES (10, 1), (11, 1), (12, 2)")
"""

BATCH = """
with op.batch_alter_table("parent", recreate="always") as batch:
    batch.alter_column("a", type_=sa.String(20), nullable=True)
"""

ENGINE = """
from sqlalchemy import create_engine, event


def make_engine(url):
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def connected(raw, _record):
        raw.execute("PRAGMA foreign_keys = ON")
        {more}

    {begin}
    return engine
"""

BEGIN = """@event.listens_for(engine, "begin")
    def begins(connection):
        connection.exec_driver_sql("BEGIN")
"""

ENGINES = {
    "plain": ENGINE.format(more="", begin=""),
    # As SQLAlchemy's documentation has it, for transactions that really begin.
    "documented": ENGINE.format(more="raw.isolation_level = None", begin=BEGIN),
}


@pytest.fixture(params=["default", "plain", "documented", "async"])
def here(request, project, sqlite_url) -> Project:
    """A project on SQLite, with engines as people have them."""
    made: Project = project()
    url = asynchronous(sqlite_url) if request.param == "async" else sqlite_url
    keys = {}
    if request.param in ENGINES:
        made.write("engines.py", ENGINES[request.param])
        keys = {"engine": "engines:make_engine"}
    write(made, url, FAMILY, **keys)
    return made


def add(here: Project, number: int, upgrade: str) -> None:
    from tests.projects import revision_text

    name = f"r{number:04}"
    text = revision_text(name, f"r{number - 1:04}", upgrade=upgrade)
    here.write(f"migrations/versions/{name}.py", text)


def path_of(here: Project, name: str) -> str:
    return str(here.root / "migrations" / "versions" / f"{name}.py")


@pytest.mark.parametrize("per_migration", [True, False], ids=["each", "all"])
def test_a_failed_revision_is_rolled_back_whole(here, command, sqlite_url, per_migration):
    toml = here.read("pyproject.toml")
    each = str(per_migration).lower()
    here.write("pyproject.toml", f"{toml}transaction_per_migration = {each}\n")
    command(here, "upgrade")
    add(
        here,
        1,
        'op.create_table("half", sa.Column("n", sa.Integer))\n'
        "op.execute(\"UPDATE parent SET a = 'changed'\")\n"
        'op.add_column("parent", sa.Column("more", sa.Integer))\n'
        'raise ValueError("no further")',
    )

    failed = command(here, "upgrade", status=1)

    assert failed.stderr == (
        "Running upgrade r0000 -> r0001, a step\n"
        f"Error: revision r0001 failed in upgrade(): {path_of(here, 'r0001')}:15: ValueError: "
        "no further\n"
        "  nothing changed: the database is still at r0000\n"
    )
    assert here.tables(sqlite_url) == ["alembic_version", "child", "parent"]
    assert here.rows(sqlite_url, "SELECT * FROM parent") == [(1, "x"), (2, "y")]
    assert here.stamped(sqlite_url) == ["r0000"]
    assert_unlocked(sqlite_url)


def test_a_batch_operation_on_a_parent_keeps_the_children(here, command, sqlite_url):
    add(here, 1, BATCH)
    command(here, "upgrade")
    add(here, 2, BATCH)
    command(here, "upgrade")
    assert here.rows(sqlite_url, "SELECT * FROM child") == [(10, 1), (11, 1), (12, 2)]
    assert here.rows(sqlite_url, "SELECT * FROM parent") == [(1, "x"), (2, "y")]
    (made,) = here.rows(sqlite_url, "SELECT sql FROM sqlite_master WHERE name = 'child'")
    assert "REFERENCES parent" in made[0]


OWN_SCRIPT = """
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    connection.connection.dbapi_connection.execute("PRAGMA foreign_keys = ON")
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


def test_a_script_that_switches_foreign_keys_on_keeps_the_children(project, command, sqlite_url):
    here = write(project(), sqlite_url, FAMILY, BATCH)
    here.write("migrations/env.py", OWN_SCRIPT)
    command(here, "upgrade")
    assert here.rows(sqlite_url, "SELECT * FROM child") == [(10, 1), (11, 1), (12, 2)]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sqlite3 has no autocommit before")
@pytest.mark.parametrize("autocommit", [True, False])
def test_pythons_own_transactions_keep_the_children(project, command, sqlite_url, autocommit):
    lines = ("raw.autocommit = True", 'raw.execute("PRAGMA foreign_keys = ON")')
    engine = ENGINE.format(more=f"raw.autocommit = {autocommit}", begin="").replace(lines[1], "")
    made = "\n        ".join(lines)
    engine = engine.replace("raw.autocommit =", f"{made}\n        raw.autocommit =")
    here = project()
    here.write("engines.py", engine)
    write(here, sqlite_url, FAMILY, BATCH, engine="engines:make_engine")
    command(here, "upgrade")
    assert here.rows(sqlite_url, "SELECT * FROM child") == [(10, 1), (11, 1), (12, 2)]
    assert here.stamped(sqlite_url) == ["r0001"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sqlite3 has no autocommit before")
@pytest.mark.parametrize("autocommit", [True, False])
def test_aiosqlites_own_transactions_keep_the_children(project, command, sqlite_url, autocommit):
    here = project()
    here.write(
        "engines.py",
        f"""
        from sqlalchemy import event, pool
        from sqlalchemy.ext.asyncio import create_async_engine


        def make_engine(url):
            engine = create_async_engine(
                url, poolclass=pool.NullPool, connect_args={{"autocommit": {autocommit}}}
            )

            @event.listens_for(engine.sync_engine, "connect")
            def connected(raw, _record):
                raw.rollback()
                cursor = raw.cursor()
                cursor.execute("PRAGMA foreign_keys = ON")
                cursor.close()

            return engine
        """,
    )
    write(here, asynchronous(sqlite_url), FAMILY, BATCH, engine="engines:make_engine")
    command(here, "upgrade")
    assert here.rows(sqlite_url, "SELECT * FROM child") == [(10, 1), (11, 1), (12, 2)]
    assert here.stamped(sqlite_url) == ["r0001"]


# Every statement is committed at once, by SQLAlchemy's leave or behind its back.
AT_ONCE = {
    "level": {"engine": "isolation_level='AUTOCOMMIT'"},
    "raw": {"connected": "connection.connection.dbapi_connection.isolation_level = None"},
}


@pytest.mark.parametrize("kind", list(AT_ONCE))
@pytest.mark.parametrize("transactional_ddl", [True, False])
def test_a_script_without_transactions_keeps_the_children(
    project, command, sqlite_url, kind, transactional_ddl
):
    given = dict(AT_ONCE[kind])
    on = "connection.connection.dbapi_connection.execute('PRAGMA foreign_keys = ON')"
    given["connected"] = f"{given.get('connected', 'pass')}; {on}"
    configure = f"transactional_ddl={transactional_ddl}"
    here = write(project(), sqlite_url, FAMILY, BATCH)
    here.write("migrations/env.py", script(**given, configure=configure))
    command(here, "upgrade")
    assert here.rows(sqlite_url, "SELECT * FROM child") == [(10, 1), (11, 1), (12, 2)]
    assert here.stamped(sqlite_url) == ["r0001"]


def test_rows_that_lose_what_they_refer_to_without_a_transaction_are_told(
    project, command, sqlite_url
):
    on = "connection.connection.dbapi_connection.execute('PRAGMA foreign_keys = ON')"
    drops = 'op.drop_table("parent")'
    here = write(project(), sqlite_url, FAMILY, drops, drops.replace("parent", "child"))
    env = script(engine="isolation_level='AUTOCOMMIT'", connected=on)
    here.write("migrations/env.py", env)

    refused = command(here, "upgrade", status=1)

    assert refused.stderr == (
        "Running upgrade  -> r0000, a step\n"
        "Running upgrade r0000 -> r0001, a step\n"
        f"Error: revision r0001 failed in upgrade(): {path_of(here, 'r0001')}: rows would refer to "
        "rows that are not there any more: 3 in child to parent\n"
        "  r0000 ran before it and stays: the database is now at r0000\n"
        "  these statements are committed and stay, although their revision is not applied:\n"
        "    DROP TABLE parent\n"
        "  undo them by hand, correct the revision, and run it again\n"
    )
    assert here.rows(sqlite_url, "SELECT * FROM child") == [(10, 1), (11, 1), (12, 2)]


def test_a_table_is_not_dropped_where_rows_would_go_with_it(project, command, sqlite_url):
    """A transaction that a script has begun itself, with foreign keys on: too late for us."""
    raw = "raw = connection.connection.dbapi_connection; raw.isolation_level = None"
    begins = f"{raw}; raw.execute('PRAGMA foreign_keys = ON'); raw.execute('BEGIN')"
    here = write(project(), sqlite_url, FAMILY)
    command(here, "upgrade")
    here.write("migrations/env.py", script(connected=begins))
    add(here, 1, BATCH)

    refused = command(here, "upgrade", status=1)

    assert refused.stderr == (
        "Running upgrade r0000 -> r0001, a step\n"
        f"Error: revision r0001 failed in upgrade(): {path_of(here, 'r0001')}:12: foreign keys are "
        "enforced inside a transaction, where DROP TABLE parent may delete the rows of other "
        "tables that refer to this one: switch them off before it begins\n"
        "  nothing changed: the database is still at r0000\n"
    )
    assert here.rows(sqlite_url, "SELECT * FROM child") == [(10, 1), (11, 1), (12, 2)]


ORPHANS = {
    "statement": 'op.execute("INSERT INTO child VALUES (20, 77)")',
    "many": (
        "child = sa.table('child', sa.column('id'), sa.column('p'))\n"
        "op.bulk_insert(child, [{'id': n, 'p': n} for n in (20, 21)])"
    ),
    "driver": (
        "raw = op.get_bind().connection.dbapi_connection\n"
        "cursor = raw.cursor()\ncursor.execute('INSERT INTO child VALUES (20, 77)')"
    ),
    "trigger": (
        'op.execute("CREATE TRIGGER t AFTER UPDATE ON parent BEGIN '
        'INSERT INTO child VALUES (20, 77); END")\n'
        "op.execute(\"UPDATE parent SET a = 'z' WHERE id = 1\")"
    ),
    "update": 'op.execute("UPDATE parent SET id = 9 WHERE id = 1")',
    "replaced": 'op.execute("ALTER TABLE parent RENAME TO other")\nop.execute("DELETE FROM other")',
    "renamed": (
        "op.execute('CREATE TABLE a (p INTEGER REFERENCES parent (id))')\n"
        "op.execute('INSERT INTO a VALUES (77)')\nop.rename_table('a', 'b')"
    ),
    "quoted": (
        'op.execute(\'CREATE TABLE "a ""b" (p INTEGER REFERENCES "PARENT" (id))\')\n'
        'op.execute(\'INSERT INTO "A ""b" VALUES (77)\')'
    ),
    "column": "op.execute('ALTER TABLE child ADD COLUMN q INTEGER REFERENCES parent DEFAULT 77')",
}


@pytest.mark.parametrize("kind", list(ORPHANS))
@pytest.mark.parametrize("here", ["default", "async"], indirect=True)
def test_rows_without_what_they_refer_to_are_found_wherever_they_come_from(
    here, command, sqlite_url, kind
):
    command(here, "upgrade")
    add(here, 1, 'op.execute("INSERT INTO child VALUES (19, 2)")')
    add(here, 2, ORPHANS[kind])
    refused = command(here, "upgrade", status=1)
    assert "rows would refer to rows that are not there any more: " in refused.stderr, refused
    assert here.stamped(sqlite_url) == ["r0001"]


def test_a_statement_that_did_no_harm_before_may_do_some_now(here, command, sqlite_url):
    """It is compiled once, and what it writes to is asked for only then."""
    deletes = "op.execute('DELETE FROM parent WHERE id = (SELECT max(id) FROM parent)')"
    command(here, "upgrade")
    add(here, 1, f"op.execute('INSERT INTO parent VALUES (3, NULL)')\n{deletes}")
    add(here, 2, deletes)
    refused = command(here, "upgrade", status=1)
    assert "rows would refer to rows that are not there any more: 1 in child" in refused.stderr
    assert here.stamped(sqlite_url) == ["r0001"]


def test_the_whole_database_is_looked_through_once(here, command, sqlite_url):
    """It takes seconds for a million rows, and most revisions touch few tables."""
    command(here, "upgrade")
    add(here, 1, 'op.create_table("alone", sa.Column("n", sa.Integer))')
    add(here, 2, "op.execute('INSERT INTO alone VALUES (1)')")
    add(here, 3, 'op.add_column("parent", sa.Column("more", sa.Integer))')
    said = command(here, "upgrade", "--verbose").stderr
    assert re.findall(r"PRAGMA foreign_key_check.*", said) == [
        "PRAGMA foreign_key_check",
        'PRAGMA foreign_key_check("child")',
    ]


def test_a_revision_that_would_leave_orphans_is_refused(here, command, sqlite_url):
    command(here, "upgrade")
    add(here, 1, 'op.execute("DELETE FROM parent WHERE id = 1")')

    refused = command(here, "upgrade", status=1)

    assert refused.stderr == (
        "Running upgrade r0000 -> r0001, a step\n"
        f"Error: revision r0001 failed in upgrade(): {path_of(here, 'r0001')}: rows would refer to "
        "rows that are not there any more: 2 in child to parent\n"
        "  nothing changed: the database is still at r0000\n"
    )
    assert here.rows(sqlite_url, "SELECT count(*) FROM parent") == [(2,)]


def test_orphans_that_were_there_before_do_not_matter(here, command, sqlite_url):
    command(here, "upgrade")
    here.execute(sqlite_url, "INSERT INTO child VALUES (13, 99)")
    add(here, 1, BATCH)
    add(here, 2, 'op.add_column("child", sa.Column("more", sa.Integer))')

    command(here, "upgrade")

    assert here.rows(sqlite_url, "SELECT count(*) FROM child") == [(4,)]
    assert here.stamped(sqlite_url) == ["r0002"]


# Where a listener says BEGIN to every transaction there is no outside.
@pytest.mark.parametrize("here", ["default", "plain", "async"], indirect=True)
def test_what_cannot_run_in_a_transaction_runs_outside_of_it(here, command, sqlite_url):
    add(
        here,
        1,
        "op.execute(\"UPDATE parent SET a = 'z'\")\n"
        'with op.get_context().autocommit_block():\n    op.execute("VACUUM")\n'
        "op.execute(\"UPDATE parent SET a = 'zz'\")",
    )

    command(here, "upgrade")

    assert here.rows(sqlite_url, "SELECT DISTINCT a FROM parent") == [("zz",)]
    assert here.stamped(sqlite_url) == ["r0001"]


def test_what_was_committed_outside_of_the_transaction_is_told(here, command, sqlite_url):
    command(here, "upgrade")
    add(
        here,
        1,
        "op.execute(\"UPDATE parent SET a = 'z'\")\n"
        "with op.get_context().autocommit_block():\n"
        '    op.execute("CREATE INDEX i ON parent (a)")\n'
        "op.execute(\"UPDATE parent SET a = 'zz'\")\n"
        'raise ValueError("no further")',
    )

    failed = command(here, "upgrade", status=1)

    assert failed.stderr == (
        "Running upgrade r0000 -> r0001, a step\n"
        f"Error: revision r0001 failed in upgrade(): {path_of(here, 'r0001')}:16: ValueError: "
        "no further\n"
        "  the version table is still at r0000\n"
        "  these statements are committed and stay, although their revision is not applied:\n"
        "    UPDATE parent SET a = 'z'\n"
        "    CREATE INDEX i ON parent (a)\n"
        "  undo them by hand, correct the revision, and run it again\n"
    )
    assert here.rows(sqlite_url, "SELECT DISTINCT a FROM parent") == [("z",)]


def test_a_file_that_the_application_writes_to_is_told(project, command, sqlite_url, tmp_path):
    here = write(project(), f"{sqlite_url}?timeout=0.2", FAMILY)
    application = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    application.execute("CREATE TABLE its (n)")
    application.execute("BEGIN IMMEDIATE")
    application.execute("INSERT INTO its VALUES (1)")

    locked = command(here, "upgrade", status=1)

    application.execute("COMMIT")
    application.close()
    assert locked.stderr == (
        f"Error: sqlite:///{tmp_path}/test.db?timeout=0.2: another process holds the SQLite file "
        "locked (database is locked)\n"
        "  end the other process, or run again when it has finished\n"
    )
    assert command(here, "upgrade").stdout == "Upgraded to r0000 (head), 1 revision\n"


@pytest.mark.parametrize("per_migration", [True, False], ids=["each", "all"])
def test_a_database_that_grows_too_large_is_rolled_back(
    project, command, sqlite_url, per_migration
):
    fill = (
        "op.execute('CREATE TABLE filled AS WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL "
        "SELECT x + 1 FROM t WHERE x < 20000) SELECT x, hex(randomblob(50)) AS y FROM t')"
    )
    small = "op.execute('PRAGMA max_page_count = 30')\n"
    here = write(
        project(), sqlite_url, FAMILY, small + fill, transaction_per_migration=per_migration
    )
    command(here, "upgrade", "r0000")

    full = command(here, "upgrade", status=1)

    assert full.stderr == (
        "Running upgrade r0000 -> r0001, a step\n"
        f"Error: revision r0001 failed in upgrade(): {path_of(here, 'r0001')}:13: "
        "OperationalError: database or disk is full\n"
        "  nothing changed: the database is still at r0000\n"
    )
    assert here.tables(sqlite_url) == ["alembic_version", "child", "parent"]
    assert here.rows(sqlite_url, "PRAGMA integrity_check") == [("ok",)]
    assert_unlocked(sqlite_url)


def test_foreign_keys_are_enforced_again_afterwards(project, library, sqlite_url):
    """A project may hand out the engine that its application goes on with."""
    here = write(project(), sqlite_url, FAMILY, BATCH, engine="shared_engine:give")
    here.write(
        "shared_engine.py",
        """
        from sqlalchemy import create_engine, event

        made = []

        def give(url):
            if not made:
                made.append(create_engine(url))

                @event.listens_for(made[0], "connect")
                def connected(raw, _record):
                    raw.execute("PRAGMA foreign_keys = ON")

            return made[0]
        """,
    )
    library(here).upgrade()
    import shared_engine

    with shared_engine.made[0].connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    shared_engine.made[0].dispose()
