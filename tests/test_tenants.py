"""Tenants: one history, a schema or a database each."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

from tests.projects import Project, revision_text
from tests.servers import asynchronous

FIRST = revision_text(
    "r1",
    upgrade='op.create_table("note", sa.Column("text", sa.String(20)))',
    downgrade='op.drop_table("note")',
)
SECOND = revision_text(
    "r2",
    "r1",
    upgrade="""op.execute("INSERT INTO note VALUES ('hello')")""",
    downgrade='op.execute("DELETE FROM note")',
)
MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
note = sa.Table("note", metadata, sa.Column("text", sa.String(20)))
"""


def write(here: Project, url: str, tenants: str, more: str = "") -> Project:
    here.write(
        "pyproject.toml",
        f'[tool.alembic-migrate]\nmetadata = "models:metadata"\nurl = "{url}"\n{more}\n'
        f"[tool.alembic-migrate.tenants]\n{tenants}\n",
    )
    here.write("models.py", MODELS)
    here.write("migrations/versions/r1.py", FIRST)
    here.write("migrations/versions/r2.py", SECOND)
    return here


@pytest.fixture
def prefix() -> str:
    """What the tenants of one test have in front: on MariaDB they are databases of the server."""
    return f"t{uuid.uuid4().hex[:8]}_"


@pytest.fixture(params=["postgresql", "mariadb"])
def server_url(request, prefix) -> Iterator[str]:
    """A database of a server on which the schemas of acme and globex were made."""
    url = request.getfixturevalue(f"{request.param}_url")
    server = request.getfixturevalue(f"{request.param}_server")
    here = Project.__new__(Project)
    for tenant in ("acme", "globex"):
        here.execute(url, f"CREATE SCHEMA {prefix}{tenant}")
    yield url
    if request.param == "mariadb":
        for tenant in ("acme", "globex"):
            server.execute(
                lambda cursor, name=tenant: cursor.execute(f"DROP DATABASE {prefix}{name}")
            )


@pytest.mark.parametrize("driver", ["sync", "async"])
def test_each_tenant_has_a_schema_with_a_version_table_of_its_own(
    project, server_url, prefix, command, driver
):
    url = asynchronous(server_url) if driver == "async" else server_url
    here = write(project(), url, f'names = ["acme", "globex"]\nschema = "{prefix}{{tenant}}"')

    said = command(here, "upgrade", "r1")
    assert said.stdout == ("acme: upgraded to r1, 1 revision\nglobex: upgraded to r1, 1 revision\n")
    said = command(here, "upgrade", "--tenant", "glob*")
    assert said.stdout == "globex: upgraded to r2 (head), 1 revision\n"

    for tenant, head, rows in (("acme", "r1", []), ("globex", "r2", [("hello",)])):
        schema = prefix + tenant
        assert here.rows(server_url, f"SELECT version_num FROM {schema}.alembic_version") == [
            (head,)
        ]
        assert here.rows(server_url, f"SELECT text FROM {schema}.note") == rows
    assert here.tables(server_url) == []

    assert command(here, "current").stdout == "acme: r1\nglobex: r2 (head)\n"
    assert command(here, "downgrade", "base", "--tenant", "acme").stdout == (
        "acme: downgraded to base, 1 revision\n"
    )
    assert here.rows(server_url, f"SELECT version_num FROM {prefix}acme.alembic_version") == []


def test_each_tenant_has_a_database_of_its_own(project, command):
    here = write(
        project(), "sqlite://", 'names = ["acme", "50% & co"]\nurl = "sqlite:///data/{tenant}.db"'
    )
    (here.root / "data").mkdir()

    assert command(here, "upgrade").stdout == (
        "acme: upgraded to r2 (head), 2 revisions\n50% & co: upgraded to r2 (head), 2 revisions\n"
    )
    for tenant in ("acme", "50% & co"):
        assert here.rows(
            f"sqlite:///{here.root / 'data' / f'{tenant}.db'}", "SELECT * FROM note"
        ) == [("hello",)]


def test_tenants_come_from_a_query_or_a_function(project, sqlite_url, command):
    here = write(project(), sqlite_url, "")
    here.execute(sqlite_url, "CREATE TABLE customer (name VARCHAR(20))")
    here.execute(sqlite_url, "INSERT INTO customer VALUES ('b'), ('a')")
    place = 'url = "sqlite:///{tenant}.db"'
    here.write("who.py", "def names():\n    yield from ('x', 'y')\n")

    write(here, sqlite_url, f'query = "SELECT name FROM customer ORDER BY name"\n{place}')
    assert command(here, "upgrade").stdout == (
        "a: upgraded to r2 (head), 2 revisions\nb: upgraded to r2 (head), 2 revisions\n"
    )
    write(here, sqlite_url, f'function = "who:names"\n{place}')
    assert command(here, "current").stdout == "x: (none)\ny: (none)\n"


@pytest.mark.parametrize(
    ("tenants", "said"),
    [
        ("", " says nowhere which tenants there are: one of names, query and function is needed"),
        (
            'names = ["a"]\nquery = "SELECT 1"',
            " has names and query: one of names, query and function is needed",
        ),
        (
            'names = ["a"]\nschema = "x"',
            ".schema is the same for every tenant: it needs {tenant} in it",
        ),
        ('names = ["a", "a"]', '.names has a name that is there twice: a string, "a"'),
        ('names = ["a"]\nschemas = "x"', ".schemas is not a known key"),
        ("names = 3", ".names must be an array of strings, but is an integer, 3"),
    ],
)
def test_a_wrong_table_is_told_with_its_place(project, command, tenants, said):
    here = write(project(), "sqlite://", tenants)

    failed = command(here, "current", status=2)

    assert f"tool.alembic-migrate.tenants{said}\n" in failed.stderr


def test_a_tenant_that_is_not_there_is_told_with_the_nearest(project, command):
    here = write(project(), "sqlite://", 'names = ["acme"]\nurl = "sqlite:///{tenant}.db"')

    assert command(here, "upgrade", "--tenant", "acne", status=2).stderr == (
        'Error: there is no tenant acne\n  did you mean "acme"? the tenants are: acme\n'
    )


def test_what_a_tenants_schema_lacks_is_not_found_elsewhere(project, postgresql_url, command):
    here = write(project(), postgresql_url, 'names = ["acme"]')
    here.execute(postgresql_url, "CREATE SCHEMA acme")
    here.execute(postgresql_url, "CREATE TABLE note (text VARCHAR(20))")
    here.write("migrations/versions/r1.py", revision_text("r1"))

    failed = command(here, "upgrade", status=1)

    assert 'relation "note" does not exist' in failed.stderr
    assert here.rows(postgresql_url, "SELECT * FROM note") == []


def test_a_projects_own_engine_keeps_its_search_path(project, postgresql_url, command):
    here = write(project(), postgresql_url, 'names = ["acme"]', 'engine = "engines:make"')
    here.write(
        "engines.py",
        f"""
        import sqlalchemy as sa

        engine = sa.create_engine({postgresql_url!r}, pool_size=1, max_overflow=0)

        def make(url):
            return engine
        """,
    )
    here.execute(postgresql_url, "CREATE SCHEMA acme")

    assert command(here, "upgrade").stdout == "acme: upgraded to r2 (head), 2 revisions\n"
    assert here.tables(postgresql_url) == []
    assert make_url(postgresql_url).database


def test_programs_get_the_tenant_beside_the_base(project, command):
    here = write(project(), "sqlite://", 'names = ["acme"]\nurl = "sqlite:///{tenant}.db"')

    shown = command(here, "upgrade", "--format", "json").json

    assert [(each["base"], each["tenant"]) for each in shown["bases"]] == [("default", "acme")]


def test_each_tenant_has_a_plan_of_its_own(project, server_url, prefix, command):
    schemas = f'names = ["acme", "globex"]\nschema = "{prefix}{{tenant}}"'
    here = write(project(), server_url, schemas)
    command(here, "upgrade", "r1", "--tenant", "acme")
    kept = command(here, "plan", "--out", "plan.json", "--format", "json").json["bases"]
    found = [(each["tenant"], each["before"], len(each["revisions"])) for each in kept]
    assert found == [("acme", ["r1"], 1), ("globex", [], 2)]
    done = command(here, "upgrade", "--plan", "plan.json", "--tenant", "globex")
    assert done.stdout == "globex: upgraded to r2 (head), 2 revisions\n"
    done = command(here, "upgrade", "--plan", "plan.json")
    assert done.stdout == (
        "acme: upgraded to r2 (head), 1 revision\nglobex: already at r2 (head)\n"
    )
    command(here, "plan", "--tenant", "acme", "--out", "plan.json")
    done = command(here, "upgrade", "--plan", "plan.json")
    assert done.stdout == "acme: already at r2 (head)\n"
    write(here, server_url, schemas.replace('"acme", ', ""))
    refused = command(here, "upgrade", "--plan", "plan.json", status=1)
    assert refused.stderr == (
        "Error: the plan is for tenants that are not there any more: default/acme; nothing was "
        "run\n  look at what would run now: alembic-db plan --out FILE\n"
    )
