"""Databases in a state that cannot be right, or that cannot be reached."""

from __future__ import annotations

import socket
import sqlite3
import time
from contextlib import contextmanager

import pytest

from tests.faults.faulty import FIRST, SECRET, refused, refused_in_json, shown
from tests.projects import revision_text
from tests.servers import ENCODED_PASSWORD, USER, asynchronous

DRIVERS = ("postgresql+psycopg", "postgresql+asyncpg", "mysql+pymysql", "mysql+aiomysql")
APP = "sqlite:///app.db"
VERSION_TABLE = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"


def prepared(shop, *statements, files=None):
    """Return a project whose SQLite file these statements have made."""
    project = shop(files)
    for statement in statements:
        project.execute(APP, statement)
    return project


@pytest.mark.parametrize("verb", ["upgrade", "downgrade", "migrate", "check"])
def test_a_revision_that_the_folder_lacks_is_named_with_what_it_may_be(shop, verb):
    insert = "INSERT INTO alembic_version VALUES ('zz99')"
    project = prepared(shop, VERSION_TABLE, insert)
    assert refused(project, verb, status=1) == (
        "Error: the version table alembic_version names revision zz99, which ROOT/migrations does "
        "not have\n"
        "  is newer code deployed already, is this another branch of git, or is it another base's "
        "database? Bring the file back, or, where the schema is known to match a revision: "
        "alembic-db stamp --purge REVISION\n"
    )
    assert project.stamped(APP) == ["zz99"]


def test_a_revision_that_the_folder_lacks_is_told_with_the_name_of_the_base(two_bases):
    two_bases.write("migrations/app/versions/a1.py", FIRST)
    two_bases.execute("sqlite:///app.db", VERSION_TABLE)
    two_bases.execute("sqlite:///app.db", "INSERT INTO alembic_version VALUES ('zz99')")
    error = refused_in_json(two_bases, "upgrade", "--base", "app", status=1)
    assert shown(two_bases, error["message"]) == (
        "base app: the version table alembic_version names revision zz99, which "
        "ROOT/migrations/app does not have"
    )
    facts = {key: error[key] for key in ("base", "table", "revision")}
    assert facts == {"base": "app", "table": "alembic_version", "revision": "zz99"}


@pytest.mark.parametrize("statements", [(), (VERSION_TABLE,)], ids=["no table", "empty table"])
def test_tables_without_a_version_hint_at_stamp_and_are_not_upgraded_blindly(shop, statements):
    project = prepared(shop, "CREATE TABLE customer (id INTEGER)", *statements)
    assert refused(project, "upgrade", status=1) == (
        "Error: the database has no version yet, and holds tables that these revisions make: "
        "customer\n"
        "  if it was made by other means and is complete, say so: alembic-db stamp head; or name "
        "the revision it corresponds to\n"
    )
    assert project.run("stamp", "head").stdout == "Stamped a1 (head)\n"
    assert project.run("upgrade").stdout == "Already at a1 (head)\n"


@pytest.mark.parametrize("verb", ["upgrade", "downgrade", "check"])
def test_two_rows_of_which_one_is_the_others_ancestor_are_refused(shop, verb):
    rows = "INSERT INTO alembic_version VALUES ('a1'), ('b2')"
    project = prepared(shop, VERSION_TABLE, rows, files={"b2.py": revision_text("b2", "a1")})
    assert refused(project, verb, status=1) == (
        "Error: the version table alembic_version holds b2 and its ancestor a1; only b2 can be "
        "right\n  after a look at the schema: alembic-db stamp --purge b2\n"
    )
    assert project.run("stamp", "--purge", "b2").stdout == "Stamped b2 (head)\n"


@pytest.mark.parametrize("verb", ["upgrade", "current", "stamp"])
def test_a_version_table_without_its_column_is_told_with_those_that_it_has(shop, verb):
    project = prepared(shop, "CREATE TABLE alembic_version (number INTEGER, day TEXT)")
    assert refused(project, verb, status=1) == (
        "Error: the table alembic_version has no column version_num: it is no version table of "
        "Alembic's (its columns: number, day)\n"
        '  name another table: version_table = "alembic_version_app"\n'
    )


def test_status_tells_a_version_table_that_cannot_be_right_from_a_server_that_is_away(project):
    bases = {"column": APP, "away": f"postgresql+psycopg://u:{SECRET}@127.0.0.1:1/d"}
    lines = ["[tool.alembic-migrate]", 'metadata = "shop:Base"', "connect_timeout = 1"]
    for name, url in bases.items():
        lines += [f"[tool.alembic-migrate.bases.{name}]", f'url = "{url}"']
    files = {f"migrations/{name}/versions/a1.py": FIRST for name in bases}
    made = project({"pyproject.toml": "\n".join(lines), **files})
    made.execute(APP, "CREATE TABLE alembic_version (number INTEGER)")
    rows = made.run("status", "--format", "json").json["bases"]
    assert [(row["base"], row["state"]) for row in rows] == [
        ("column", "error"),
        ("away", "unreachable"),
    ]


# --- servers --------------------------------------------------------------------------------


@contextmanager
def listening(*, answers: bool):
    """Give the port of a server that accepts and never says a word, or of none at all."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if answers:
            server.listen(8)
        yield server.getsockname()[1]


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_server_that_never_answers_is_given_up_within_the_timeout(shop, driver):
    with listening(answers=True) as port:
        project = shop(url=f"{driver}://u:{SECRET}@127.0.0.1:{port}/d")
        started = time.monotonic()
        said = refused(project, "upgrade", status=1)
    assert time.monotonic() - started < 20, "connect_timeout = 1"
    assert said == (
        f"Error: {driver}://u:***@127.0.0.1:{port}/d: the server did not answer in time "
        "(no answer within 1 s)\n"
        "  is it the right host and port? connect_timeout sets how long to wait, in seconds\n"
    )


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_refused_connection_is_told_without_the_password(shop, driver):
    with listening(answers=False) as port:
        project = shop(url=f"{driver}://u:{SECRET}@127.0.0.1:{port}/d")
        said = refused(project, "-v", "upgrade", status=1)
    front, hint = said.splitlines()
    where = f"Error: {driver}://u:***@127.0.0.1:{port}/d: nothing answers at that address ("
    assert front.startswith(where)
    assert hint == "  is the server running, and are host and port right?"


@pytest.mark.parametrize("driver", DRIVERS)
def test_an_unknown_host_is_told_without_the_password(shop, driver):
    project = shop(url=f"{driver}://u:{SECRET}@no-such-host.invalid/d")
    front, hint = refused(project, "upgrade", status=1).splitlines()
    where = f"Error: {driver}://u:***@no-such-host.invalid/d: the host name is unknown ("
    assert front.startswith(where)
    assert hint == "  check the host in the URL"


@pytest.mark.parametrize("name", ["postgresql_url", "mariadb_url"])
@pytest.mark.parametrize("driver", [str, asynchronous], ids=["sync", "async"])
def test_a_wrong_password_and_an_unknown_database_are_told_apart(shop, request, name, driver):
    url = driver(request.getfixturevalue(name))
    wrong = url.replace(ENCODED_PASSWORD, SECRET)
    database = url.rpartition("/")[2]
    masked = url.replace(f"{USER}:{ENCODED_PASSWORD}", f"{USER}:***")
    front, hint = refused(shop(url=wrong), "--raiseerr", "upgrade", status=1).splitlines()[-2:]
    assert front.startswith(f"Error: {masked}: the server refuses the user or the password (")
    assert hint == (
        "  check user and password in the URL; a password with @ : / or % has to be escaped there"
    )
    unknown = shop(url=url.replace(database, "nosuch"))
    front, hint = refused(unknown, "upgrade", status=1).splitlines()
    there = masked.replace(database, "nosuch")
    assert front.startswith(f"Error: {there}: there is no such database on the server (")
    assert hint == "  create it first, or correct the name at the end of the URL"


LACKS = "the role lacks a right"
READ_ONLY = "the database or this connection is read-only"


def test_a_role_that_may_not_and_a_read_only_session_are_told_on_postgresql(
    shop, postgresql_url, postgresql_server
):
    role = f"r{postgresql_url[-8:]}"
    limited = postgresql_url.replace(f"{USER}:{ENCODED_PASSWORD}", f"{role}:{SECRET}")
    postgresql_server.execute(lambda c: c.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'p@ss-w0rd'"))
    try:
        shown_url = limited.replace(SECRET, "***")
        assert refused(shop(url=limited), "upgrade", status=1) == (
            f"Error: {shown_url}: {LACKS} (permission denied for schema public)\n"
            "  grant it, or use the URL of a role that has it\n"
        )
    finally:
        postgresql_server.execute(lambda c: c.execute(f"DROP ROLE {role}"))
    project = shop(url=f"{postgresql_url}?options=-cdefault_transaction_read_only%3Don")
    front, hint = refused(project, "upgrade", status=1).splitlines()
    refusal = f"{READ_ONLY} (cannot execute CREATE TABLE in a read-only transaction)"
    assert front.endswith(f": {refusal}")
    assert hint == "  use a URL whose role may write"
    assert project.tables(postgresql_url) == []


def test_an_account_that_may_only_read_is_told_on_mariadb(shop, mariadb_url, mariadb_server):
    database = mariadb_url.rpartition("/")[2]
    account = f"u{database[-8:]}"
    limited = mariadb_url.replace(f"{USER}:{ENCODED_PASSWORD}", f"{account}:{SECRET}")
    mariadb_server.execute(
        lambda c: [
            c.execute(f"CREATE USER {account} IDENTIFIED BY 'p@ss-w0rd'"),
            c.execute(f"GRANT SELECT ON {database}.* TO {account}"),
        ]
    )
    try:
        assert refused(shop(url=limited), "upgrade", status=1) == (
            f"Error: {limited.replace(SECRET, '***')}: {LACKS} (CREATE command denied to user "
            f"'{account}'@'127.0.0.1' for table `{database}`.`alembic_version` [1142])\n"
            "  grant it, or use the URL of a role that has it\n"
        )
    finally:
        mariadb_server.execute(lambda c: c.execute(f"DROP USER {account}"))


# --- SQLite files ---------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["upgrade", "current"])
@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite"])
def test_a_locked_sqlite_file_is_told(shop, verb, scheme):
    project = shop(url=f"{scheme}:///app.db?timeout=0.1")
    holder = sqlite3.connect(project.root / "app.db", isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        assert refused(project, verb, status=1) == (
            f"Error: {scheme}:///ROOT/app.db?timeout=0.1: another process holds the SQLite file "
            "locked (database is locked)\n"
            "  end the other process, or run again when it has finished\n"
        )
    finally:
        holder.close()


@pytest.mark.parametrize(
    ("name", "content", "url", "said", "hint"),
    [
        (
            "app.db",
            "no database " * 200,
            APP,
            "sqlite:///ROOT/app.db: the file is no SQLite database (file is not a database)",
            "check the path in the URL",
        ),
        (
            "app.db/x.txt",
            "",
            APP,
            (
                "sqlite:///ROOT/app.db: the SQLite file cannot be opened (unable to open database "
                "file)"
            ),
            "check that its folder exists and may be written",
        ),
        (
            "app.db",
            "",
            "sqlite:///file:app.db?mode=ro&uri=true",
            (
                f"sqlite:///file:app.db?mode=ro&uri=true: {READ_ONLY} (attempt to write a "
                "readonly database)"
            ),
            "use a URL whose role may write",
        ),
    ],
    ids=["no database", "a folder", "read-only"],
)
def test_a_sqlite_file_that_cannot_be_used_is_told(shop, name, content, url, said, hint):
    project = shop({f"./{name}": content}, url=url)
    # Not every release of SQLAlchemy escapes the colon of file: in a URL that it shows.
    told = refused(project, "upgrade", status=1).replace("file%3A", "file:")
    assert told == f"Error: {said}\n  {hint}\n"
