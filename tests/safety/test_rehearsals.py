"""upgrade --rehearse: what would happen, happens and is taken back."""

from __future__ import annotations

import re

import pytest

import alembic_migrate
from alembic_migrate.errors import ConsentError
from tests.projects import TWO_BASES, Project, revision_text
from tests.safety.histories import locked, write
from tests.servers import asynchronous

MAKES_A = 'op.create_table("a", sa.Column("x", sa.Integer))'
MAKES_B = 'op.create_table("b", sa.Column("x", sa.Integer))'


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request) -> str:
    return request.getfixturevalue(f"{request.param}_url")


def content(here: Project, url: str) -> dict[str, list]:
    """Return every table of a database with its rows."""
    return {table: here.rows(url, f"SELECT * FROM {table}") for table in here.tables(url)}


def without_times(text: str) -> str:
    return re.sub(r"\d+\.\d{3} s", "N s", text)


def failure(here: Project, said: str) -> str:
    """Return an error's text without progress; what a server said of it is cut down."""
    error = said[said.index("Error:") :].replace(str(here.root), "ROOT")
    return re.sub(r"(: [A-Z]\w+(?:Error|Violation|Table|Timeout|Available)): .*", r"\1", error)


@pytest.mark.parametrize("per_migration", [True, False])
@pytest.mark.parametrize("driver", ["sync", "async"])
def test_a_rehearsal_changes_nothing_and_tells_the_times(
    project, url, command, driver, per_migration
):
    here = write(
        project(), asynchronous(url) if driver == "async" else url,
        f'{MAKES_A}\nop.execute("INSERT INTO a VALUES (1)")',
        f'{MAKES_B}\nop.execute("UPDATE a SET x = x + 1")',
        'op.add_column("a", sa.Column("y", sa.Integer))\nop.drop_table("b")',
        transaction_per_migration=per_migration, journal=True,
    )  # fmt: skip
    command(here, "upgrade", "r0000")
    before = content(here, url)

    said = command(here, "upgrade", "--rehearse")

    assert without_times(said.stdout) == (
        "Rehearsed 2 revisions and rolled back; still at r0000\n"
        "  r0001  N s  a step\n"
        "  r0002  N s  a step\n"
    )
    assert said.stderr.splitlines()[:2] == [
        "Running upgrade r0000 -> r0001, a step",
        "Running upgrade r0001 -> r0002, a step",
    ]
    assert content(here, url) == before
    assert command(here, "upgrade").stdout == "Upgraded to r0002 (head), 2 revisions\n"
    assert here.rows(url, "SELECT x FROM a") == [(2,)]


def test_a_rehearsal_of_a_new_database_leaves_it_empty(project, url, command):
    here = write(project(), url, MAKES_A)
    said = command(here, "upgrade", "--rehearse").stdout
    assert without_times(said) == (
        "Rehearsed 1 revision and rolled back; still at base\n  r0000  N s  a step\n"
    )
    assert here.tables(url) == []


def test_a_rehearsal_goes_as_far_as_it_is_told(project, url, command):
    here = write(project(), url, MAKES_A, MAKES_B)
    said = command(here, "upgrade", "+1", "--rehearse").stdout
    assert without_times(said) == (
        "Rehearsed 1 revision and rolled back; still at base\n  r0000  N s  a step\n"
    )
    command(here, "upgrade")
    assert command(here, "upgrade", "--rehearse").stdout == (
        "Nothing to rehearse: already at r0001 (head)\n"
    )


def test_programs_read_a_rehearsal_as_json(project, url, command):
    here = write(project(), url, MAKES_A)
    (run,) = command(here, "upgrade", "--rehearse", "--format", "json").json["bases"]
    (step,) = run["steps"]
    assert run["rehearsed"] is True
    assert (run["verb"], run["before"], run["after"]) == ("upgrade", [], [])
    assert (step["revision"], step["message"]) == ("r0000", "a step")
    assert 0 <= step["seconds"] < 10
    (run,) = command(here, "upgrade", "--format", "json").json["bases"]
    assert (run["rehearsed"], run["after"]) == (False, ["r0000"])


def test_several_bases_are_rehearsed_in_their_order(project, command):
    here = project(TWO_BASES)
    for base in ("app", "reporting"):
        text = revision_text(f"{base}1", upgrade=MAKES_A)
        here.write(f"migrations/{base}/versions/r.py", text)
    said = command(here, "upgrade", "--all", "--rehearse")
    assert without_times(said.stdout) == (
        "app: rehearsed 1 revision and rolled back; still at base\n"
        "  app1  N s  a step\n"
        "reporting: rehearsed 1 revision and rolled back; still at base\n"
        "  reporting1  N s  a step\n"
    )
    assert (here.tables("sqlite:///app.db"), here.tables("sqlite:///reporting.db")) == ([], [])


def test_the_library_rehearses_too(project, sqlite_url):
    here = write(project(), sqlite_url, MAKES_A)
    (run,) = alembic_migrate.load(here.root).upgrade(rehearse=True)
    assert (run.rehearsed, run.after, [one.revision for one in run.steps]) == (
        True, (), ["r0000"]
    )  # fmt: skip


def test_a_revision_that_fails_is_told_and_nothing_of_any_stays(project, url, command):
    here = write(project(), url, MAKES_A, f'{MAKES_B}\nop.execute("SELECT 1 FROM nowhere")')
    said = failure(here, command(here, "upgrade", "--rehearse", status=1).stderr)
    assert re.sub(r"(OperationalError|ProgrammingError)\b.*", "SAID", said) == (
        "Error: revision r0001 failed in upgrade(): ROOT/migrations/versions/r0001.py:13: SAID\n"
        "  nothing changed: the database is still at base\n"
    )
    assert here.tables(url) == []


@pytest.mark.parametrize(
    "ends",
    [
        "op.get_bind().commit()",
        'op.execute("COMMIT")',
        'op.execute("-- the end\\nCOMMIT")',
    ],
)
def test_a_revision_that_commits_after_all_is_stopped(project, url, command, ends):
    here = write(project(), url, f"{MAKES_A}\n{ends}")
    said = failure(here, command(here, "upgrade", "--rehearse", status=1).stderr)
    assert said == (
        "Error: revision r0000 failed in upgrade(): ROOT/migrations/versions/r0000.py:13: it "
        "commits by itself, which a rehearsal cannot take back\n"
        "  nothing changed: the database is still at base\n"
    )
    assert here.tables(url) == []


# Ways past SQLAlchemy to end a transaction.
DRIVERS = {
    "proxy": "op.get_bind().connection.{end}()",
    "driver": "op.get_bind().connection.dbapi_connection.{end}()",
}
RAW = """
raw = op.get_bind().connection.dbapi_connection
cursor = raw.cursor()
cursor.execute("CREATE TABLE by_hand (x INTEGER)")
cursor.close()
"""
STAYS = (
    "these statements are committed and stay, although their revision is not applied:\n"
    "    CREATE TABLE b (n INTEGER)\n"
    "  undo them by hand, correct the revision, and run it again\n"
)
FIRST = 'op.execute("CREATE TABLE b (n INTEGER)")'


@pytest.mark.parametrize("after", ["", 'op.execute("CREATE TABLE c (n INTEGER)")', RAW])
@pytest.mark.parametrize("how", list(DRIVERS))
@pytest.mark.parametrize("driver", ["sync", "async"])
def test_a_drivers_own_commit_is_told_as_what_it_is(
    project, postgresql_url, command, driver, how, after
):
    url = asynchronous(postgresql_url) if driver == "async" else postgresql_url
    commits = f"{FIRST}\n{DRIVERS[how].format(end='commit')}\n{after}"
    here = write(project(), url, MAKES_A, commits)
    command(here, "upgrade", "r0000")

    said = command(here, "upgrade", "--rehearse", status=1)

    error = re.sub(r"py:\d+", "py", failure(here, said.stderr))
    assert said.stdout == ""
    assert error == (
        "Error: revision r0001 failed in upgrade(): ROOT/migrations/versions/r0001.py: it has "
        "committed by the driver's own commit(), which a rehearsal cannot take back\n"
        f"  the version table is still at r0000\n  {STAYS}"
    )
    assert here.tables(postgresql_url) == ["a", "alembic_version", "b"]
    assert here.stamped(postgresql_url) == ["r0000"]


def test_what_an_earlier_revision_did_is_committed_with_it(project, postgresql_url, command):
    here = write(project(), postgresql_url, MAKES_A, DRIVERS["driver"].format(end="commit"))
    said = command(here, "upgrade", "--rehearse", status=1).stderr
    assert said.endswith("\n  r0000 ran before it and stays: the database is now at r0000\n")
    assert here.stamped(postgresql_url) == ["r0000"]


def test_a_drivers_own_rollback_ends_the_rehearsal(project, url, command):
    here = write(project(), url, MAKES_A, f"{DRIVERS['driver'].format(end='rollback')}\n{FIRST}")
    said = failure(here, command(here, "upgrade", "--rehearse", status=1).stderr)
    assert re.sub(r"py:\d+: .*", "py: SAID", said) == (
        "Error: revision r0001 failed in upgrade(): ROOT/migrations/versions/r0001.py: SAID\n"
        "  nothing changed: the database is still at base\n"
    )
    assert here.tables(url) == []


@pytest.mark.parametrize("how", [*DRIVERS, "swallowed", "script"])
@pytest.mark.parametrize("driver", ["sync", "async"])
def test_sqlite_refuses_a_drivers_own_commit(project, sqlite_url, command, driver, how):
    url = asynchronous(sqlite_url) if driver == "async" else sqlite_url
    ends = DRIVERS.get(how, DRIVERS["driver"]).format(end="commit")
    if how == "swallowed":
        ends = f"try:\n    {ends}\nexcept Exception:\n    pass"
    if how == "script":
        ends = 'op.get_bind().connection.driver_connection.executescript("CREATE TABLE c (x);")'
        if driver == "async":
            ends = (
                "op.get_bind().connection.dbapi_connection.run_async("
                'lambda c: c.executescript("CREATE TABLE c (x);"))'
            )
    here = write(project(), url, MAKES_A, f"{FIRST}\n{ends}")
    command(here, "upgrade", "r0000")

    said = command(here, "upgrade", "--rehearse", status=1)

    assert re.sub(r"py:\d+", "py", failure(here, said.stderr)) == (
        "Error: revision r0001 failed in upgrade(): ROOT/migrations/versions/r0001.py: it commits "
        "by itself, which a rehearsal cannot take back\n"
        "  nothing changed: the database is still at r0000\n"
    )
    assert here.tables(sqlite_url) == ["a", "alembic_version"]
    assert command(here, "upgrade").stdout == "Upgraded to r0001 (head), 1 revision\n"


HARMLESS = {
    "literal": "op.execute(\"INSERT INTO a VALUES ('one; commit')\")",
    "quoted": "op.execute(\"INSERT INTO a VALUES ('it''s; COMMIT')\")",
    "name": "op.execute('CREATE TABLE \"c; commit\" (x INTEGER)')",
    "comment": 'op.execute("INSERT INTO a VALUES (1) -- first; commit")',
    "block": 'op.execute("INSERT INTO a /* x; commit */ VALUES (1)")',
}
HARMLESS_ON_POSTGRESQL = {
    "dollars": 'op.execute("INSERT INTO a VALUES ($$x; commit$$)")',
    "escaped": "op.execute(sa.text(\"INSERT INTO a VALUES (E'x\\\\'; commit')\"))",
    "function": (
        'op.execute("CREATE FUNCTION f() RETURNS void AS $x$ BEGIN PERFORM 1; COMMIT; END $x$ '
        'LANGUAGE plpgsql")'
    ),
}


@pytest.mark.parametrize("kind", [*HARMLESS, *HARMLESS_ON_POSTGRESQL])
def test_a_commit_that_is_only_written_is_none(project, request, command, kind):
    on = "sqlite" if kind in HARMLESS else "postgresql"
    url = request.getfixturevalue(f"{on}_url")
    makes = 'op.execute("CREATE TABLE a (x VARCHAR(50))")'
    here = write(project(), url, makes, (HARMLESS | HARMLESS_ON_POSTGRESQL)[kind])
    assert command(here, "upgrade", "--rehearse").stdout.startswith("Rehearsed 2 revisions")


def test_a_function_that_a_connection_of_its_own_calls_may_stay(project, postgresql_url, command):
    """Nobody knows what it does, and in AUTOCOMMIT nothing takes it back."""
    calls = (
        "elsewhere = sa.create_engine(op.get_bind().engine.url, isolation_level='AUTOCOMMIT')\n"
        "try:\n    with elsewhere.connect() as c:\n"
        "        assert c.execute(sa.text('SELECT count(*) FROM pg_class')).scalar()\n"
        "        c.execute(sa.text(\"SELECT setval('s', 77)\"))\n"
        "finally:\n    elsewhere.dispose()"
    )
    here = write(project(), postgresql_url, calls)
    here.execute(postgresql_url, "CREATE SEQUENCE s")
    said = command(here, "upgrade", "--rehearse", status=1).stderr
    assert "it commits by itself, which a rehearsal cannot take back\n" in said
    assert here.rows(postgresql_url, "SELECT last_value FROM s") == [(1,)]


def test_nothing_is_rehearsed_over_a_half_applied_revision(project, url, command):
    here = write(project(), url, MAKES_A, MAKES_B, journal=True)
    command(here, "upgrade", "r0000")
    half = "UPDATE alembic_version_journal SET outcome = 'half applied'"
    here.execute(url, half)
    before = content(here, url)
    said = command(here, "upgrade", "--rehearse", status=1).stderr
    assert said.startswith("Error: revision r0000 is half applied: its upgrade began ")
    assert content(here, url) == before


def test_a_commit_behind_another_statement_is_found_too(project, postgresql_url, command):
    both = f'{MAKES_A}\nop.execute("CREATE TABLE b (n INTEGER); COMMIT")'
    here = write(project(), postgresql_url, both)
    failed = command(here, "upgrade", "--rehearse", status=1)
    assert "it commits by itself" in failed.stderr
    assert here.tables(postgresql_url) == []


def test_what_a_commit_would_check_is_checked(project, postgresql_url, sqlite_url, command):
    tables = """
    op.execute("CREATE TABLE p (x INTEGER PRIMARY KEY)")
    op.execute("CREATE TABLE c (x INTEGER REFERENCES p (x) DEFERRABLE INITIALLY DEFERRED)")
    op.execute("INSERT INTO p VALUES (1)")
    op.execute("INSERT INTO c VALUES (1)")
    """
    said = {}
    for number, url in enumerate((postgresql_url, sqlite_url)):
        here = write(project(name=f"p{number}"), url, tables, 'op.execute("DELETE FROM p")')
        command(here, "upgrade", "r0000")
        error = failure(here, command(here, "upgrade", "--rehearse", status=1).stderr)
        said[url] = error.split("r0001.py: ")[1]
        assert here.rows(url, "SELECT x FROM p") == [(1,)]
    assert said[sqlite_url] == (
        "rows would refer to rows that are not there any more: 1 in c to p\n"
        "  nothing changed: the database is still at r0000\n"
    )
    assert said[postgresql_url] == (
        "IntegrityError\n  nothing changed: the database is still at r0000\n"
    )


def test_mariadb_cannot_take_a_rehearsal_back(project, mariadb_url, command):
    here = write(project(), mariadb_url, MAKES_A)
    said = command(here, "upgrade", "--rehearse", status=2)
    assert said.stderr == (
        "Error: a rehearsal cannot be rolled back on mysql, which commits DDL\n"
        "  look at the script instead: alembic-db upgrade --sql\n"
    )
    assert here.tables(mariadb_url) == []


def test_a_script_of_the_projects_own_cannot_be_rehearsed(project, sqlite_url, command):
    here = write(project(), sqlite_url, MAKES_A)
    here.write("migrations/env.py", "from alembic import context\n")
    said = command(here, "upgrade", "--rehearse", status=2)
    assert said.stderr.replace(str(here.root), "ROOT") == (
        "Error: a rehearsal needs the built-in environment: ROOT/migrations/env.py commits as it "
        'likes\n  env = "builtin" under [tool.alembic-migrate] uses it\n'
    )


def test_a_revision_with_an_autocommit_block_is_found_beforehand(project, url, command):
    commits = f"with op.get_context().autocommit_block():\n    {MAKES_B}"
    here = write(project(), url, MAKES_A, commits)
    said = command(here, "upgrade", "--rehearse", status=2)
    assert said.stderr.replace(str(here.root), "ROOT") == (
        "Error: revision r0001 cannot be rehearsed: ROOT/migrations/versions/r0001.py:12 commits "
        "by itself (autocommit_block)\n"
        "  rehearse what comes before it: alembic-db upgrade --rehearse r0000\n"
    )
    assert here.tables(url) == []
    assert command(here, "upgrade", "--rehearse", "r0000").stdout.startswith("Rehearsed 1 ")
    command(here, "upgrade")
    # What is there already is no part of a rehearsal.
    assert command(here, "upgrade", "--rehearse").stdout == (
        "Nothing to rehearse: already at r0001 (head)\n"
    )


def test_where_nothing_can_be_rehearsed_the_script_is_left(project, url, command):
    here = write(project(), url, f"with op.get_context().autocommit_block():\n    {MAKES_B}")
    said = command(here, "upgrade", "--rehearse", status=2).stderr
    assert said.endswith(
        "(autocommit_block)\n  look at the script instead: alembic-db upgrade --sql\n"
    )


@pytest.mark.parametrize("more", [("--sql",), ("--sql-dir", "scripts")])
def test_a_script_is_not_rehearsed(project, sqlite_url, command, more):
    here = write(project(), sqlite_url, MAKES_A)
    assert command(here, "upgrade", "--rehearse", *more, status=2).stderr == (
        "Error: --rehearse and --sql exclude each other\n  leave one of them away\n"
    )
    assert not (here.root / "scripts").exists()


def test_a_protected_base_wants_consent_to_a_rehearsal(project, sqlite_url, command):
    here = project(TWO_BASES)
    protected = "protected = true\n\n[tool.alembic-migrate.bases.reporting]"
    text = here.read("pyproject.toml").replace(
        "\n[tool.alembic-migrate.bases.reporting]", protected
    )
    here.write("pyproject.toml", text)
    here.write("migrations/app/versions/r.py", revision_text("app1", upgrade=MAKES_A))
    said = command(here, "upgrade", "--base", "app", "--rehearse", status=3)
    assert said.stderr == (
        "Error: app: protected = true, and a rehearsal takes locks; nothing was done\n"
        "  if it is meant: add --confirm app\n"
    )
    assert not (here.root / "app.db").exists()
    command(here, "upgrade", "--base", "app", "--rehearse", "--confirm", "app")
    with pytest.raises(ConsentError):
        alembic_migrate.load(here.root, base="app").upgrade(rehearse=True)
    # What is meant to stay needs no consent: it loses nothing.
    command(here, "upgrade", "--base", "app")


def test_a_rehearsal_takes_the_migration_lock(project, url, command):
    here = write(project(), url, MAKES_A)
    with locked(url):
        said = command(here, "upgrade", "--rehearse", "--lock-wait", "0", status=5).stderr
    assert said.startswith(
        "Error: another process is migrating this database: the lock was not free within 0 s; "
    )
    command(here, "upgrade", "--rehearse", "--lock-wait", "0")


def test_a_rehearsal_does_not_wait_long_for_an_application(project, postgresql_url, command):
    here = write(
        project(), postgresql_url, MAKES_A, 'op.add_column("a", sa.Column("y", sa.Integer))',
        lock_timeout=0.2, lock_retries=0,
    )  # fmt: skip
    command(here, "upgrade", "r0000")
    with here.connect(postgresql_url) as application:
        application.exec_driver_sql("SELECT * FROM a")
        said = failure(here, command(here, "upgrade", "--rehearse", status=1).stderr)
    assert said.startswith(
        "Error: revision r0001 failed in upgrade(): ROOT/migrations/versions/r0001.py:12: "
        "OperationalError\n  nothing changed: the database is still at r0000\n"
    ), said


def test_an_engine_without_transactions_cannot_rehearse(project, url, command):
    here = write(project(), url, MAKES_A, engine="engines:make")
    here.write(
        "engines.py",
        """
        from sqlalchemy import create_engine, pool


        def make(url):
            return create_engine(url, isolation_level="AUTOCOMMIT", poolclass=pool.NullPool)
        """,
    )
    assert command(here, "upgrade", "--rehearse", status=2).stderr == (
        "Error: a rehearsal needs a transaction, and the engine is in AUTOCOMMIT\n"
        "  make it with another isolation_level\n"
    )
    assert here.tables(url) == []
