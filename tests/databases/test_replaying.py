"""Histories on scratch databases: nothing else is reached, whatever a project's Python does."""

from __future__ import annotations

import sys

import pytest
import sqlalchemy

from alembic_migrate.bridge.asking import connected_heads
from alembic_migrate.bridge.replaying import on_scratch, replay
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.errors import AlembicMigrateError, ConfigError, DatabaseError, MigrationError
from alembic_migrate.events import ignore
from tests.projects import revision_text
from tests.servers import asynchronous

MODELS = """
    import sqlalchemy as sa

    metadata = sa.MetaData()
    book = sa.Table("book", metadata, sa.Column("id", sa.Integer, primary_key=True))
    """
MAKES = "op.create_table('book', sa.Column('id', sa.Integer, primary_key=True))"
MEND = (
    'env.py has to take its URL from config.get_main_option("sqlalchemy.url"), an engine hook from '
    'its argument; env = "builtin" does without env.py'
)


def history(project, url, *upgrades, **keys):
    """Write a project whose revisions do what is given."""
    lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
    table = f'[tool.alembic-migrate]\nmetadata = "db:metadata"\nurl = "{url}"\n{lines}'
    made = project({"pyproject.toml": table, "db.py": MODELS})
    down = None
    for number, upgrade in enumerate(upgrades or (MAKES,), 1):
        text = revision_text(f"r{number}", down, upgrade=upgrade)
        made.write(f"migrations/versions/r{number}.py", text)
        down = f"r{number}"
    return made


def run(target, to="head"):
    with on_scratch(target) as there:
        replay(there, Scripts(there), to, ignore)


@pytest.mark.parametrize("driver", ["sync", "async"])
def test_a_history_is_replayed_beside_the_bases_own_database(
    project, database_url, driver, target_of, left
):
    url = database_url if driver == "sync" else asynchronous(database_url)
    here = history(project, url, MAKES, "op.add_column('book', sa.Column('n', sa.Integer))")
    target = target_of(here)
    with on_scratch(target) as there:
        run = replay(there, Scripts(there), "r1", ignore)
        assert [step.revision for step in run.steps] == ["r1"]
        assert (run.before, run.after, run.heads) == ((), ("r1",), ("r2",))
        assert connected_heads(there) == ("r1",)
        assert replay(there, Scripts(there), "head", ignore).after == ("r2",)
    assert left(url) == []
    assert here.tables(database_url) == []
    assert connected_heads(target) == ()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_an_environment_script_that_goes_elsewhere_is_refused(
    project, request, kind, target_of, left
):
    url = request.getfixturevalue(f"{kind}_url")
    here = history(project, url)
    here.write(
        "migrations/env.py",
        f"""
        from alembic import context
        from sqlalchemy import create_engine

        with create_engine({url!r}).connect() as connection:
            context.configure(connection=connection)
            with context.begin_transaction():
                context.run_migrations()
        """,
    )
    with pytest.raises(ConfigError) as refused:
        run(target_of(here))
    assert refused.value.message.startswith(
        "something connects to another database than the scratch one, where nothing was run: "
    )
    assert refused.value.hint == MEND
    assert here.tables(url) == []
    assert left(url) == []


def test_an_environment_script_that_takes_its_url_from_the_configuration_is_run(
    project, database_url, target_of
):
    here = history(project, database_url)
    here.write(
        "migrations/env.py",
        """
        from alembic import context
        from sqlalchemy import engine_from_config, pool

        engine = engine_from_config(context.config.get_section("alembic"), poolclass=pool.NullPool)
        with engine.connect() as connection:
            context.configure(connection=connection)
            with context.begin_transaction():
                context.run_migrations()
        """,
    )
    with on_scratch(target_of(here)) as there:
        assert replay(there, Scripts(there), "head", ignore).after == ("r1",)
    assert here.tables(database_url) == []


@pytest.mark.parametrize(
    "engine",
    [
        "create_engine({url!r})",
        "create_engine(url, creator=connect)",
        "KEPT",
    ],
)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_an_engine_hook_that_does_not_ask_for_the_url_is_refused(
    project, request, kind, engine, target_of, left
):
    url = request.getfixturevalue(f"{kind}_url")
    here = history(project, url, engine='"hooks:engine"')
    here.write(
        "hooks.py",
        f"""
        from sqlalchemy import create_engine

        KEPT = create_engine({url!r})
        KEPT.connect().close()


        def connect():
            made = KEPT.raw_connection()
            made.detach()
            return made.dbapi_connection


        def engine(url):
            return {engine.format(url=url)}
        """,
    )
    with pytest.raises(ConfigError) as refused:
        run(target_of(here))
    sys.modules["hooks"].KEPT.dispose()
    assert refused.value.hint == MEND
    assert here.tables(url) == []
    assert left(url) == []


def test_an_engine_hook_is_used_and_what_it_made_is_closed(project, postgresql_url, target_of):
    here = history(project, postgresql_url, engine='"hooks:engine"')
    here.write(
        "hooks.py",
        """
        from sqlalchemy import create_engine

        MADE = []


        def engine(url):
            MADE.append(create_engine(url))
            return MADE[-1]
        """,
    )
    run(target_of(here))
    made = sys.modules["hooks"].MADE
    names = {engine.url.database.rpartition("_")[0].rpartition("_")[0] for engine in made}
    assert len(names) == 2  # the base's own, to make and drop it, and the scratch database
    for engine in made:
        engine.dispose()


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("sqlite", "ATTACH DATABASE 'other.db' AS other"),
        ("postgresql", "CREATE ROLE scratch_role"),
        ("postgresql", "-- why\nDROP ROLE IF EXISTS scratch_role"),
        ("postgresql", "DO $$ BEGIN CREATE ROLE scratch_role; END $$"),
        ("postgresql", "GRANT pg_monitor TO tester"),
        ("postgresql", "ALTER DATABASE postgres SET timezone = 'UTC'"),
        ("mariadb", "CREATE USER scratch_user"),
        ("mariadb", "DROP DATABASE IF EXISTS another"),
        ("mariadb", "CREATE TABLE another.t (n INT)"),
        ("mariadb", "ALTER TABLE `another`.`t` ADD m INT"),
        ("mariadb", "DELETE FROM another.t"),
        ("mariadb", "CREATE INDEX i ON another.t (n)"),
    ],
)
def test_a_statement_that_reaches_out_of_the_scratch_database_is_refused(
    project, request, kind, statement, target_of, left
):
    url = request.getfixturevalue(f"{kind}_url")
    if kind == "mariadb":
        server = request.getfixturevalue("mariadb_server")
        for text in ("DROP DATABASE IF EXISTS another", "CREATE DATABASE another"):
            server.execute(lambda cursor, text=text: cursor.execute(text))
    here = history(project, url, f"op.execute({statement!r})")
    with pytest.raises(MigrationError) as refused:
        run(target_of(here))
    shown = " ".join(statement.removeprefix("-- why\n").split())
    assert refused.value.message == (
        f"revision r1 failed in upgrade(): {here.root}/migrations/versions/r1.py:12: "
        f"this reaches out of the scratch database, and was not run: {shown}"
    )
    assert left(url) == []


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("postgresql", "GRANT SELECT ON book TO PUBLIC"),
        ("postgresql", "INSERT INTO book SELECT 1 WHERE 'create user' <> ''"),
        (
            "mariadb",
            "CREATE TABLE another AS SELECT book.id FROM book JOIN book t ON t.id = book.id",
        ),
        ("mariadb", "UPDATE book SET book.id = 1"),
        ("mariadb", "SELECT EXTRACT(YEAR FROM another.d) FROM (SELECT NOW() AS d) another"),
    ],
)
def test_what_stays_inside_the_scratch_database_is_run(
    project, request, kind, statement, target_of
):
    url = request.getfixturevalue(f"{kind}_url")
    here = history(project, url, MAKES, f"op.execute({statement!r})")
    with on_scratch(target_of(here)) as there:
        assert replay(there, Scripts(there), "head", ignore).after == ("r2",)


def test_a_server_of_its_own_may_be_changed_as_a_whole(
    project, postgresql_url, postgresql_server, target_of, left
):
    statements = "op.execute('CREATE ROLE scratch_role')\nop.execute('DROP ROLE scratch_role')"
    server = postgresql_server.url("postgres")
    here = history(project, "${NOWHERE}", statements, scratch_url=f'"{server}"')
    run(target_of(here))
    assert left(postgresql_url) == []


def test_url_and_scratch_url_have_to_be_of_one_kind(project, sqlite_url, target_of):
    here = history(project, sqlite_url, scratch_url='"postgresql+psycopg://u@h/d"')
    with pytest.raises(ConfigError) as refused:
        run(target_of(here))
    assert (refused.value.message, refused.value.hint) == (
        "url and scratch_url are of two kinds: postgresql and sqlite",
        "name a server of the kind that url has (pyproject.toml:4 [tool.alembic-migrate])",
    )


def test_what_a_history_expects_is_set_up_first(project, postgresql_url, target_of):
    here = history(
        project,
        postgresql_url,
        "op.execute('CREATE TABLE app.t (n INTEGER)')",
        version_table_schema='"Versions"',
        scratch_setup="['CREATE SCHEMA app', \"COMMENT ON SCHEMA app IS '100 %s'\"]",
    )
    with on_scratch(target_of(here)) as there:
        replay(there, Scripts(there), "head", ignore)
        assert connected_heads(there) == ("r1",)


def test_a_set_up_that_fails_is_told(project, postgresql_url, target_of, left):
    here = history(project, postgresql_url, scratch_setup="['CREATE EXTENSION nowhere']")
    with pytest.raises(DatabaseError) as refused:
        run(target_of(here))
    assert refused.value.message.startswith(
        "a scratch database could not be set up: CREATE EXTENSION nowhere: "
    )
    assert refused.value.hint == "correct scratch_setup"
    assert left(postgresql_url) == []


def test_a_version_table_in_another_database_of_mysqls_is_refused(
    project, mariadb_url, target_of, left
):
    here = history(project, mariadb_url, version_table_schema='"app"')
    with pytest.raises(AlembicMigrateError) as refused:
        run(target_of(here))
    assert refused.value.message == (
        "version_table_schema = 'app' is a database of its own on mysql: a scratch database "
        "cannot stand for it"
    )
    assert left(mariadb_url) == []


def test_models_are_asked_for_once(project, sqlite_url, target_of):
    here = history(project, sqlite_url)
    target = target_of(here)
    models = target.models
    with on_scratch(target) as there:
        assert there.models is models
        assert isinstance(there.url, sqlalchemy.URL)


def test_a_password_in_scratch_url_is_shown_nowhere(project, sqlite_url, command):
    here = history(project, sqlite_url, scratch_url='"postgresql+psycopg://u:${PASS}@h/d"')
    said = command(here, "config", "show", env={"PASS": "se@cret"})
    assert " ".join(said.stdout.split()).count(
        "scratch_url postgresql+psycopg://u:***@h/d pyproject.toml:4 [tool.alembic-migrate]"
    )
    assert "cret" not in said.stdout
