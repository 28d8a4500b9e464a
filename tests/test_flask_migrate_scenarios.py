"""What users of Flask-Migrate do with it, done with this tool: its own suite's scenarios."""

from __future__ import annotations

import sqlite3

import pytest

PYPROJECT = """
    [tool.alembic-migrate]
    metadata = "app:Base"
    url = "sqlite:///app.db"
    """

APP = """
    from sqlalchemy import Column, Integer, String
    from sqlalchemy.orm import DeclarativeBase


    class Base(DeclarativeBase):
        pass


    class User(Base):
        __tablename__ = "user"

        id = Column(Integer, primary_key=True)
        name = Column(String(256))
    """

BINDS = """
    from sqlalchemy import Column, Integer, MetaData, String, Table

    main, other = MetaData(), MetaData()
    Table("user", main, Column("id", Integer, primary_key=True), Column("name", String(128)))
    Table("group", other, Column("id", Integer, primary_key=True), Column("name", String(128)))
    """


@pytest.fixture
def app(project):
    return project({"pyproject.toml": PYPROJECT, "app.py": APP})


def add_user(app, table="user", database="app.db"):
    """Use the table as the application does."""
    connection = sqlite3.connect(app.root / database)
    with connection:
        connection.execute(f'INSERT INTO "{table}" (name) VALUES (?)', ("test",))
        names = connection.execute(f'SELECT name FROM "{table}"').fetchall()
    connection.close()
    assert names == [("test",)]


def versions(app, folder):
    return [file for file in app.files(folder) if "/versions/" in file]


def test_check_fails_until_the_models_are_migrated_and_upgraded(app, command):
    command(app, "init")
    assert command(app, "check", status=4).stdout == (
        "No revision does this: add table user\n  alembic-db migrate\n"
    )
    command(app, "migrate", "--rev-id", "a1", "-m", "users")
    assert command(app, "check", status=4).stdout == (
        "Revision a1 is not in the database: users\n  alembic-db upgrade\n"
        "The models were not compared, since revisions are pending: check --scratch compares them "
        "with the history\n"
    )
    command(app, "upgrade")
    assert command(app, "check").stdout == "No problems found\n"
    add_user(app)


@pytest.mark.parametrize("how", ["flag", "key", "argument"])
def test_the_folder_may_be_another_one(app, command, how):
    folder = "temp_folder/temp_migrations"
    words = ("--directory", folder) if how == "flag" else ()
    if how == "key":
        app.write("pyproject.toml", f'{app.read("pyproject.toml")}directory = "{folder}"\n')
    if how == "argument":
        command(app, "init", folder)
        words = ("-d", folder)
    else:
        command(app, "init", *words)
    command(app, "migrate", *words)
    command(app, "upgrade", *words)
    assert len(versions(app, folder)) == 1
    assert not (app.root / "migrations").exists()
    add_user(app)


def test_the_library_takes_a_folder_as_a_string_and_as_a_path(app):
    import alembic_migrate

    folder = app.root / "temp_folder" / "temp_migrations"
    for directory in (folder, str(folder)):
        found = alembic_migrate.load(app.root, directory=directory)
        assert found.config_rows()[0].base == "default"
        values = {row.key: row.value for row in found.config_rows()}
        assert values["directory"] == str(folder)


def test_a_template_of_ones_own_is_copied_and_used(app, command):
    app.write("custom/README", "Custom template.\n")
    app.write("custom/alembic.ini.mako", "# Custom template\n[alembic]\n")
    app.write(
        "custom/env.py",
        """
        # Custom template
        from alembic_migrate.environment import run_migrations

        run_migrations()
        """,
    )
    app.write(
        "custom/script.py.mako",
        '''
        # Custom template
        """${message}"""
        from alembic import op
        import sqlalchemy as sa
        ${imports if imports else ""}
        revision = ${repr(up_revision)}
        down_revision = ${repr(down_revision)}


        def upgrade():
            ${upgrades if upgrades else "pass"}


        def downgrade():
            ${downgrades if downgrades else "pass"}
        ''',
    )
    assert command(app, "init", "-t", "./custom").stdout == (
        "Wrote migrations/README\n"
        "Wrote migrations/alembic.ini\n"
        "Wrote migrations/env.py\n"
        "Wrote migrations/script.py.mako\n"
        "Next:\n"
        '  alembic-db migrate -m "first tables"   (writes a revision; read it)\n'
        "  alembic-db upgrade   (applies it)\n"
    )
    command(app, "migrate", "-m", "users")
    command(app, "upgrade")
    add_user(app)
    assert app.read("migrations/README") == "Custom template.\n"
    written = [*versions(app, "migrations"), "migrations/alembic.ini", "migrations/env.py"]
    assert [app.read(file).splitlines()[0] for file in written] == ["# Custom template"] * 3


@pytest.mark.parametrize("words", [(), ("--set", "compare_type=true")])
def test_a_changed_type_is_detected(app, command, words):
    change_the_type(app, command)
    assert command(app, "migrate", "--rev-id", "b2", *words).stdout == (
        "Detected: change type of user.name: VARCHAR(256) -> VARCHAR(10)\n"
        "Wrote migrations/versions/b2_.py\n"
    )


def test_a_changed_type_is_left_alone_where_compare_type_is_off(app, command):
    change_the_type(app, command)
    words = ("--set", "compare_type=false")
    assert command(app, "migrate", *words).stdout == "Nothing to do: no changes detected\n"


def change_the_type(app, command):
    for word in ("init", "migrate", "upgrade"):
        command(app, word)
    app.write("app.py", APP.replace("256", "10"))


def test_binds_are_bases_with_a_database_and_a_history_each(project, command):
    app = project(
        {
            "pyproject.toml": """
                [tool.alembic-migrate.bases.main]
                metadata = "app:main"
                url = "sqlite:///app1.db"

                [tool.alembic-migrate.bases.db1]
                metadata = "app:other"
                url = "sqlite:///app2.db"
                """,
            "app.py": BINDS,
        }
    )
    command(app, "init", "--multidb")
    command(app, "migrate", "--all")
    command(app, "upgrade", "--all")
    assert app.tables("sqlite:///app1.db") == ["alembic_version", "user"]
    assert app.tables("sqlite:///app2.db") == ["alembic_version", "group"]
    add_user(app, "user", "app1.db")
    add_user(app, "group", "app2.db")

    command(app, "downgrade", "--all")
    assert app.tables("sqlite:///app1.db") == ["alembic_version"]
    assert app.tables("sqlite:///app2.db") == ["alembic_version"]
