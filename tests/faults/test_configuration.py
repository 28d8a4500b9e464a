"""URLs, drivers and SQLite files that cannot be; what tests/config cannot tell alone."""

from __future__ import annotations

import pytest

from tests.faults.conftest import MODELS
from tests.faults.faulty import SECRET, refused
from tests.projects import revision_text

OF = "the database URL of the base (pyproject.toml:4 [tool.alembic-migrate])"
EXAMPLE = 'for example: url = "postgresql+psycopg://user:${PASSWORD}@host:5432/name"'
ESCAPED = (
    "write @ as %40, : as %3A, / as %2F and % as %25; or keep the password in a variable of its "
    'own, which is escaped for you: url = "postgresql+psycopg://user:${PASSWORD}@host/name"'
)
DIALECTS = (
    "known dialects: postgresql, mysql, mariadb, sqlite, oracle, mssql; others need their package "
    "installed"
)
ODD = "the user or the password in {} holds a character that has to be escaped there"


def test_without_any_project_it_says_where_it_looked_and_how_to_begin(project):
    assert refused(project({}), "upgrade") == (
        "Error: the migrations folder ROOT/migrations does not exist (directory: default; no "
        "pyproject.toml at or above ROOT has a [tool.alembic-migrate] table)\n"
        "  make it: alembic-db init\n"
    )


@pytest.mark.parametrize(
    ("url", "message", "hint"),
    [
        (
            "driver://user:pass@localhost/dbname",
            f"{OF} is still the placeholder of alembic init",
            EXAMPLE,
        ),
        ("app.db", f"{OF} cannot be read: it has no dialect:// at its start", EXAMPLE),
        (
            f"nosuch://u:{SECRET}@h/d",
            f"{OF} has an unknown dialect or driver: nosuch",
            DIALECTS,
        ),
        (
            f"postgres://u:{SECRET}@h/d",
            f"{OF} has an unknown dialect or driver: postgres",
            "write postgresql:// instead of postgres://",
        ),
        (
            f"oracle+oracledb://u:{SECRET}@h/d",
            "the driver of oracle+oracledb:// is not installed: there is no module oracledb",
            "install it: pip install 'oracledb'",
        ),
        (
            f"mysql://u:{SECRET}@h/d",
            "the driver of mysql:// is not installed: there is no module MySQLdb",
            (
                "install it: pip install 'mysqlclient'; or choose another driver in the URL: "
                "mysql+pymysql://"
            ),
        ),
        (f"postgresql+psycopg://u:{SECRET}@h:port/d", f"the port in {OF} is not a number", EXAMPLE),
        ("postgresql+psycopg://u:p@ss-w0rd@h/d", ODD.format(OF), ESCAPED),
        ("postgresql+psycopg://u:p@ss-w0rd:x@h/d", ODD.format(OF), ESCAPED),
        ("postgresql+psycopg://u:p/@ss-w0rd@h/d", ODD.format(OF), ESCAPED),
        ("postgresql+psycopg://u:p?@ss-w0rd@h/d", ODD.format(OF), ESCAPED),
        ("postgresql+psycopg://u:p#@ss-w0rd@h/d", ODD.format(OF), ESCAPED),
        (
            "sqlite:///no/folder/app.db",
            (
                "the SQLite file ROOT/no/folder/app.db cannot be made: there is no folder "
                "ROOT/no/folder"
            ),
            "make it: mkdir -p ROOT/no/folder",
        ),
        (
            None,
            "the base has no database URL: no --url, no url in ROOT/pyproject.toml",
            'set it: url = "postgresql+psycopg://user:${PASSWORD}@host/name"',
        ),
    ],
)
def test_a_url_that_cannot_be_is_told_with_the_line_that_mends_it(shop, url, message, hint):
    assert refused(shop(url=url), "upgrade") == f"Error: {message}\n  {hint}\n"


def test_a_colon_in_a_password_needs_no_escape(shop):
    said = refused(shop(url="postgresql+psycopg://u:p:ss@127.0.0.1:1/d"), "upgrade", status=1)
    assert said.startswith("Error: postgresql+psycopg://u:***@127.0.0.1:1/d: nothing answers")


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite"])
@pytest.mark.parametrize(
    ("args", "status"),
    [
        (("current",), 0),
        (("status",), 0),
        (("check",), 4),
        (("history", "-i"), 0),
        (("show", "current"), 0),
        (("migrate", "-m", "x"), 1),
        (("upgrade", "--sql"), 0),
    ],
)
def test_what_only_reads_does_not_create_a_sqlite_file(shop, scheme, args, status):
    project = shop(url=f"{scheme}:///app.db")
    before = project.files()
    project.run(*args, status=status)
    assert project.files() == before


BASES = """
[tool.alembic-migrate.bases.app]
{app}

[tool.alembic-migrate.bases.rep]
{rep}
"""
SAME = (
    'Error: bases "app" and "rep" have the same database and the same version table, '
    '"alembic_version" ({})\n'
    "  give one of them a table of its own, below [tool.alembic-migrate.bases.rep]:\n"
    '  version_table = "alembic_version_rep"\n'
)


@pytest.mark.parametrize(
    ("app", "rep", "message"),
    [
        (
            'url = "sqlite:///a.db"',
            'url = "sqlite:///./x/../a.db"',
            SAME.format("pyproject.toml:5 [tool.alembic-migrate.bases.rep]"),
        ),
        (
            f'url = "postgresql+psycopg://u:{SECRET}@h/d"',
            'url = "postgresql+asyncpg://u:other@h/d"',
            SAME.format("pyproject.toml:5 [tool.alembic-migrate.bases.rep]"),
        ),
        ('module = "first"', 'module = "second"', SAME.format("sqlite:///ROOT/a.db")),
        (
            "",
            'directory = "migrations/app"',
            (
                "Error: ROOT/pyproject.toml:5: tool.alembic-migrate.bases.rep.directory is the "
                'folder of two bases, "app" and "rep": migrations/app\n'
                '  directory = "migrations/rep"\n'
            ),
        ),
    ],
    ids=["one file", "one database", "by get_base()", "one folder"],
)
def test_two_bases_that_would_get_into_each_others_way_touch_nothing(project, app, rep, message):
    module = f"{MODELS}\n\ndef get_base():\n"
    module += "    return {'base': Base, 'sqlalchemy_url': 'sqlite:///a.db'}\n"
    files = {"first.py": module, "second.py": module}
    files["pyproject.toml"] = BASES.format(app=app, rep=rep)
    files["migrations/app/versions/a1.py"] = revision_text("a1")
    files["migrations/rep/versions/b1.py"] = revision_text("b1")
    assert refused(project(files), "upgrade", "--all") == message
