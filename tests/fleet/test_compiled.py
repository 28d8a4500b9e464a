"""Tenants that share the SQL of literal revisions: what comes of it, and where it is not used."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack, contextmanager

import pytest

from alembic_migrate.bridge.proving import Proof
from alembic_migrate.databases.catalogue.comparing import compare
from alembic_migrate.databases.catalogue.reading import read_catalogue
from alembic_migrate.integrity.sums import text_sum
from tests.projects import revision_text

NAMES = ["t0", "t1", "t2"]
MANY = [f"t{number}" for number in range(20)]
CHANGING = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE")
UUID = r"[0-9a-f]{8}-[0-9a-f-]{27}"
# Alembic has the id handed back that it has inserted itself.
ANSWER = r" RETURNING \S+version_num$"
USED = "the SQL of {} revisions is compiled once and proved equal"
UNUSED = "Warning: compiled = true is not used, every tenant is migrated as usual: "

MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData(naming_convention={"ix": "ix_%(column_0_label)s", "pk": "pk_%(table_name)s"})
note = sa.Table("note", metadata, sa.Column("text", sa.String(20)))
"""

# Percent signs, colons, quotes, brackets and what the models' naming convention names.
FIRST = r"""
op.create_table(
    "note",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("text", sa.String(40), server_default="100 % of 'it'"),
    sa.Column("rate %", sa.Numeric(10, 2), server_default=sa.text("-1"), nullable=False),
    sa.Column("at", sa.DateTime(), server_default=sa.func.now()),
    sa.PrimaryKeyConstraint("id"),
    sa.Column("n", sa.Integer()),
    sa.CheckConstraint("n % 2 >= 0", name="even"),
    comment="it's 5 %, {all} of it",
)
op.create_index(None, "note", ["text"])
op.execute("INSERT INTO note (id, text) VALUES (2, '%s %% %(x)s \\:name {} ''quoted''')")
"""
# Each tenant gets a name of its own.
SECOND = """
import uuid
for number in range(2):
    op.add_column("note", sa.Column(f"more_{number}", sa.Integer()))
op.execute(f"INSERT INTO note (id, text) VALUES (4, '{uuid.uuid4()}')")
"""
THIRD = """
op.alter_column("note", "text", existing_type=sa.String(40), type_=sa.Text(), nullable=True)
op.create_table("child", sa.Column("note", sa.Integer(), sa.ForeignKey("note.id", name="fk")))
op.drop_column("note", "more_0")
"""
MAKES = 'op.create_table("made", sa.Column("id", sa.Integer()))'
# MySQL keeps no index on a whole text.
OF_MARIADB = THIRD.replace("type_=sa.Text()", "type_=sa.String(50)")


def write(here, *revisions, url, place="", models=MODELS, names=NAMES, **keys):
    """Write a project with these revisions and these tenants."""
    told = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
    here.write(
        "pyproject.toml",
        f'[tool.alembic-migrate]\nmetadata = "models:metadata"\nurl = "{url}"\n{told}\n'
        f"[tool.alembic-migrate.tenants]\nnames = {names}\n{place}\n",
    )
    here.write("models.py", models)
    down = None
    for number, upgrade in enumerate(revisions, 1):
        text = revision_text(f"r{number}", down, upgrade=upgrade)
        here.write(f"migrations/versions/r{number}.py", text)
        down = f"r{number}"
    return here


def make_schemas(here, url, names=NAMES):
    with here.connect(url) as connection:
        for name in names:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        connection.commit()


@pytest.fixture(autouse=True)
def _at_any_price(monkeypatch):
    """The proof is made for however few tenants, in the tests' own process."""
    monkeypatch.setattr("alembic_migrate.bridge.proving._WORTH", 1)


@pytest.fixture
def schemas(project, postgresql_url):
    """A function that writes a project whose tenants are schemas and share their SQL."""

    def make(*revisions, names=NAMES, **keys):
        here = write(project(), *revisions, url=postgresql_url, names=names, compiled=True, **keys)
        make_schemas(here, postgresql_url, names)
        return here

    return make


def statements(result):
    """Return what changed each tenant, in order."""
    found = {}
    for line in result.jsonl:
        message, base = line.get("message", ""), line.get("base") or ""
        if line.get("event") == "sql" and base and message.startswith(CHANGING):
            found.setdefault(base, []).append(re.sub(f"{UUID}|{ANSWER}", "", message))
    return found


def catalogue(here, url):
    with here.connect(url) as connection:
        return read_catalogue(connection, everything=True)


def test_schemas_hold_the_same_as_without_it(project, postgresql_server, command):
    seen, ran, rows = [], [], []
    for compiled in (False, True):
        with postgresql_server.database() as url:
            here = write(
                project(name=f"with_{compiled}"),
                FIRST, SECOND, THIRD,
                url=url, compiled=compiled, journal=True,
            )  # fmt: skip
            make_schemas(here, url)
            ran.append(command(here, "upgrade", "--jobs", "2", "-v", "--format", "jsonl"))
            seen.append(catalogue(here, url))
            rows.append(here.rows(url, "SELECT id, text FROM t1.note WHERE id = 2"))
            journal = "SELECT revision, direction, outcome, file_hash FROM "
            rows.append(here.rows(url, f"{journal} t1.alembic_version_journal ORDER BY 1"))
    usual, compiled = ran
    assert list(compare(*seen)) == []
    assert USED.format(2) not in usual.stdout
    assert USED.format(2) in compiled.stdout
    assert statements(usual) == statements(compiled) != {}
    assert rows[:2] == rows[2:]
    assert rows[0] == [(2, "%s %% %(x)s :name {} 'quoted'")]
    assert [row[0] for row in rows[1]] == ["r1", "r2", "r3"]


@contextmanager
def databases(server, prefix):
    with ExitStack() as stack:
        for name in NAMES:
            made = f"{prefix}_{name}"
            server.execute(lambda cursor, made=made: cursor.execute(f"CREATE DATABASE {made}"))
            stack.callback(server.execute, lambda cursor, made=made: server.drop(cursor, made))
        yield [server.url(f"{prefix}_{name}") for name in NAMES]


def test_databases_of_mariadb_hold_the_same_as_without_it(project, mariadb_server, command):
    seen, ran = [], []
    with mariadb_server.database() as url:
        for compiled in (False, True):
            prefix = f"{url.rpartition('/')[2]}_{int(compiled)}"
            place = f'schema = "{prefix}_{{tenant}}"'
            here = write(
                project(name=prefix),
                FIRST, SECOND, OF_MARIADB,
                url=url, place=place, compiled=compiled,
            )  # fmt: skip
            with databases(mariadb_server, prefix) as urls:
                ran.append(command(here, "upgrade", "-v", "--format", "jsonl"))
                seen.append([catalogue(here, each) for each in urls])
                assert here.rows(urls[1], "SELECT text FROM note WHERE id = 2") == [
                    ("%s %% %(x)s :name {} 'quoted'",)
                ]
    for one, other in zip(*seen, strict=True):
        assert list(compare(one, other)) == []
    assert USED.format(2) in ran[1].stdout
    assert statements(ran[0]) == statements(ran[1]) != {}


def test_files_hold_the_same_as_without_it(project, command):
    here = project()
    ran = []
    for compiled in ("false", "true"):
        place = f'url = "sqlite:///{compiled}_{{tenant}}.db"'
        write(here, FIRST, SECOND, MAKES, url="", place=place)
        args = ("upgrade", "-v", "--format", "jsonl", "--set", f"compiled={compiled}")
        ran.append(command(here, *args))
    for name in NAMES:
        one, other = (catalogue(here, f"sqlite:///{each}_{name}.db") for each in ("false", "true"))
        assert list(compare(one, other)) == []
    assert USED.format(2) in ran[1].stdout
    assert statements(ran[0]) == statements(ran[1]) != {}
    again = command(here, "upgrade", "-v", "--set", "compiled=true")
    assert again.stdout == "".join(f"{name}: already at r3 (head)\n" for name in NAMES)


def test_few_tenants_are_not_worth_the_proof(schemas):
    here = schemas(FIRST)
    result = here.run("upgrade", "--tenant", "t1,t2", "-v")
    assert USED.format(1) not in result.stderr
    assert result.stdout == "".join(
        f"{name}: upgraded to r1 (head), 1 revision\n" for name in ("t1", "t2")
    )


BREAKS = f'op.create_table("before", sa.Column("id", sa.Integer()))\n{MAKES}\n'


def place_of(here):
    """Return file and line where the revision that breaks makes its second table."""
    file = here.root / "migrations/versions/r2.py"
    return f"{file}:{here.read(file).splitlines().index(f'    {MAKES}') + 1}"


def test_a_failure_is_told_with_its_line_and_rolled_back(schemas, command, postgresql_url):
    here = schemas(FIRST, BREAKS)
    command(here, "upgrade", "r1")
    here.execute(postgresql_url, "CREATE TABLE t1.made (id integer)")
    result = command(here, "upgrade", "-v", "--keep-going", status=6)
    assert USED.format(1) in result.stderr
    assert (
        f"t1: failed: revision r2 failed in upgrade(): {place_of(here)}: "
        'ProgrammingError: relation "made" already exists'
    ) in result.stderr
    assert here.rows(postgresql_url, "SELECT to_regclass('t1.before')") == [(None,)]
    assert here.rows(postgresql_url, "SELECT count(*) FROM t2.before") == [(0,)]


def test_what_mariadb_has_committed_is_told(project, mariadb_server, command):
    with mariadb_server.database() as url:
        prefix = url.rpartition("/")[2]
        here = write(
            project(), FIRST, BREAKS,
            url=url, place=f'schema = "{prefix}_{{tenant}}"', compiled=True,
        )  # fmt: skip
        with databases(mariadb_server, prefix) as urls:
            command(here, "upgrade", "r1")
            here.execute(urls[1], "CREATE TABLE made (id integer)")
            result = command(here, "upgrade", "-v", "--keep-going", status=6)
    assert USED.format(1) in result.stderr
    told = result.stderr.partition("t1: failed: ")[2].partition("t2")[0]
    assert told.startswith(f"revision r2 failed in upgrade(): {place_of(here)}: OperationalError: ")
    assert "CREATE TABLE `before` ( id INTEGER )" in told


def test_a_revision_that_was_kept_waiting_is_tried_again(schemas, command, postgresql_url):
    first = 'op.create_table("a", sa.Column("id", sa.Integer()))'
    second = 'op.add_column("a", sa.Column("b", sa.Integer()))'
    here = schemas(first, second, lock_timeout=0.3, lock_retries=1)
    command(here, "upgrade", "r1", "-q")
    with here.connect(postgresql_url) as holder:
        holder.exec_driver_sql("LOCK TABLE t1.a IN ACCESS EXCLUSIVE MODE")
        result = command(here, "upgrade", "-v", "--keep-going", "--set", "lock_retries=1", status=6)
    assert USED.format(1) in result.stderr
    assert "[t1] Warning: revision r2 ran into lock_timeout" in result.stderr
    assert "try 2 of 2 follows" in result.stderr
    assert command(here, "upgrade", "--tenant", "t1").stdout.startswith("t1: upgraded to r2")


CHANGES = """
from sqlalchemy import event
from sqlalchemy.engine import Engine

@event.listens_for(Engine, "before_cursor_execute", retval=True)
def widen(connection, cursor, statement, parameters, context, executemany):
    if context is not None and context.isddl:
        statement = statement.replace("VARCHAR(40)", "VARCHAR(80)")
    return statement, parameters
"""
LISTENS = """
@sa.event.listens_for(sa.Table, "after_create")
def note_it(table, connection, **more):
    pass
"""
COMPILES = """
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateTable

@compiles(CreateTable)
def plainly(element, compiler, **more):
    return compiler.visit_create_table(element, **more)
"""


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (CHANGES, "on a scratch database its outcome differs from the usual one: change "),
        (LISTENS, "something listens to after_create of every Table"),
        (COMPILES, "@compiles changes CreateTable"),
    ],
)
def test_where_it_is_not_proved_all_run_as_usual(schemas, postgresql_url, more, why):
    here = schemas(FIRST, models=MODELS + more, names=MANY)
    result = here.run("upgrade")
    assert f"{UNUSED}{why}" in result.stderr
    assert result.stderr.count(UNUSED) == 1
    length = "SELECT DISTINCT character_maximum_length FROM information_schema.columns "
    length += "WHERE column_name = 'text' AND table_schema LIKE 't%%'"
    assert here.rows(postgresql_url, length) == [(80 if more is CHANGES else 40,)]


def test_where_no_scratch_database_can_be_made_all_run_as_usual(schemas, command):
    here = schemas(FIRST, scratch_url="postgresql+psycopg://nobody@127.0.0.1:1/none")
    result = command(here, "upgrade")
    assert UNUSED in result.stderr
    assert result.stdout.count("upgraded to r1 (head), 1 revision") == len(NAMES)


def test_revisions_that_ask_the_server_run_as_usual(schemas, command):
    here = schemas("""op.execute("SELECT set_config('a.b', '1', false)")""", FIRST)
    result = command(here, "upgrade", "-v")
    assert USED.format(1) in result.stderr


# One tenant's run changes the revision that follows.
EDITS = """
if op.get_bind().exec_driver_sql("SELECT current_schema()").scalar() == "t0":
    import pathlib
    file = pathlib.Path(__file__).with_name("r2.py")
    file.write_text(file.read_text().replace("early", "later"))
"""
EARLY = 'op.create_table("early", sa.Column("id", sa.Integer()))'


def made(here, url, name="later"):
    """Return the tenants that have a table."""
    found = f"SELECT schemaname FROM pg_tables WHERE tablename = '{name}' ORDER BY 1"
    return [schema for (schema,) in here.rows(url, found)]


def test_a_file_that_was_edited_after_the_proof_runs_as_usual(
    schemas, command, postgresql_url, monkeypatch
):
    here = schemas(MAKES, EARLY)
    file = here.root / "migrations/versions/r2.py"
    proof = Proof.found

    def found(self, report):
        compiled = proof(self, report)
        file.write_text(file.read_text().replace("early", "later"))
        return compiled

    monkeypatch.setattr(Proof, "found", found)
    result = command(here, "upgrade", "-v", "--jobs", "2", "--set", "journal=true")
    assert USED.format(2) in result.stderr
    assert made(here, postgresql_url) == NAMES
    for name in NAMES:
        assert (
            f"[{name}] Warning: {file} is not what it was when its SQL was proved: "
            "revision r2 runs as usual\n"
        ) in result.stderr
        noted = f"SELECT file_hash FROM {name}.alembic_version_journal WHERE revision = 'r2'"
        assert here.rows(postgresql_url, noted) == [(text_sum(file.read_bytes()),)]


def test_a_file_that_was_edited_after_it_was_loaded_is_not_proved(schemas, command, postgresql_url):
    here = schemas(EDITS, EARLY)
    result = command(here, "upgrade", "-v", "--jobs", "2", "--canary", "1")
    assert "compiled once" not in result.stderr
    assert made(here, postgresql_url, "early") == ["t0"]
    assert made(here, postgresql_url) == ["t1", "t2"]
