"""Tenants: one history, a schema or a database each."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

from tests.projects import Project, revision_text
from tests.safety.histories import finish, started
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

SESSIONS = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"


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


def test_a_variable_may_bring_the_place_of_the_tenants(project, command):
    here = write(project(), "sqlite://", 'names = ["acme", "globex"]\nurl = "${TENANTS_URL}"')
    command(here, "upgrade", env={"TENANTS_URL": "sqlite:///{tenant}.db"})
    assert {file.name for file in here.root.glob("*.db")} == {"acme.db", "globex.db"}

    everybodys = {"TENANTS_URL": "postgresql+psycopg://me:s3cret%40home@db/all"}
    failed = command(here, "upgrade", env=everybodys, status=2)

    assert (
        "(tenants.url): is the same for every tenant: it needs {tenant} in it "
        "(postgresql+psycopg://me:***@db/all)\n" in failed.stderr
    )


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
        "Error: the plan is for tenants that are not there any more: acme; nothing was "
        "run\n  look at what would run now: alembic-db plan --out FILE\n"
    )


def test_a_schema_that_is_not_there_is_told_and_nothing_is_made_elsewhere(
    project, server_url, prefix, command
):
    here = write(
        project(),
        server_url,
        f'names = ["acme", "globex", "initech"]\nschema = "{prefix}{{tenant}}"\n'
        'shared = ["public"]',
    )
    for words in (["upgrade", "--keep-going"], ["upgrade", "r2", "--keep-going", "-j", "2"]):
        said = command(here, *words, status=6)
        assert "1 of 3 tenants failed: initech" in said.stderr
        assert "make it: alembic-db tenants create initech" in said.stderr
    assert here.tables(server_url) == []

    rows = {row["tenant"]: row for row in command(here, "status", "--format", "json").json["bases"]}
    assert {name: row["state"] for name, row in rows.items()} == {
        "acme": "at head",
        "globex": "at head",
        "initech": "missing",
    }
    assert rows["initech"]["error"]["code"] == "no-such-database"


def test_a_tenant_is_made_and_brought_to_head(project, request, server_url, prefix, command):
    names = [f'{prefix}o\'neil & 50% "x":y', f"{prefix}new"]
    here = write(project(), server_url, f"names = {json.dumps(names)}")
    try:
        for name in names:
            said = command(here, "tenants", "create", name)
            assert said.stdout == f"{name}: schema created; upgraded to r2 (head), 2 revisions\n"
            again = command(here, "tenants", "create", name)
            assert again.stdout == f"{name}: the schema was there; already at r2 (head)\n"
        assert [
            row["state"] for row in command(here, "status", "--format", "json").json["bases"]
        ] == [
            "at head",
            "at head",
        ]
        listed = command(here, "tenants", "list").stdout
        assert listed == "".join(f"{name}  schema {name}\n" for name in names)
    finally:
        quote = '"' if "postgresql" in server_url else "`"
        more = " CASCADE" if "postgresql" in server_url else ""
        for name in names:
            quoted = name.replace(quote, quote * 2).replace("%", "%%")
            here.execute(server_url, f"DROP SCHEMA IF EXISTS {quote}{quoted}{quote}{more}")


def test_a_tenants_database_is_made(project, request, server_url, prefix, command):
    place = server_url.rpartition("/")[0]
    here = write(
        project(), server_url, f'names = ["acme", "copy"]\nurl = "{place}/{prefix}db_{{tenant}}"'
    )
    made = f"{prefix}db_acme", f"{prefix}db_copy"
    try:
        said = command(here, "tenants", "create", "acme")
        assert said.stdout == "acme: database created; upgraded to r2 (head), 2 revisions\n"
        if "postgresql" in server_url:
            said = command(here, "tenants", "create", "copy", "--template", made[0])
            assert said.stdout == "copy: database created; already at r2 (head)\n"
        else:
            said = command(here, "tenants", "create", "copy", "--template", made[0], status=2)
            assert "--template is for tenants that have a database of their own" in said.stderr
            command(here, "tenants", "create", "copy")
        for name in made:
            assert here.rows(f"{place}/{name}", "SELECT text FROM note") == [("hello",)]
    finally:
        server = request.getfixturevalue(
            "postgresql_server" if "postgresql" in server_url else "mariadb_server"
        )
        for name in made:
            server.execute(lambda cursor, name=name: server.drop(cursor, name))


def test_who_is_no_tenant_is_not_made(project, command):
    here = write(project(), "sqlite://", 'names = ["acme"]\nurl = "sqlite:///{tenant}.db"')
    said = command(here, "tenants", "create", "akme", status=2)
    assert said.stderr == (
        'Error: there is no tenant akme in tenants.names\n  add it: names = [..., "akme"]\n'
    )
    assert command(here, "tenants", "create", "acme").stdout == (
        "acme: the database was there; upgraded to r2 (head), 2 revisions\n"
    )


def test_models_are_compared_with_one_tenant(project, server_url, prefix, command):
    here = write(
        project(), server_url, f'names = ["acme", "globex"]\nschema = "{prefix}{{tenant}}"'
    )
    command(here, "upgrade", "--tenant", "acme")
    said = command(here, "migrate", status=2)
    assert said.stderr == (
        "Error: the models are compared with one tenant\n  name one: --tenant NAME\n"
        "  or compare with the history alone: --scratch\n"
    )
    assert "and 2 are chosen" in command(here, "migrate", "--tenant", "*", status=2).stderr
    assert command(here, "migrate", "--tenant", "acme").stdout == (
        "Nothing to do: no changes detected\n"
    )


def test_the_tenants_at_head_are_found_without_a_connection_for_each(
    project, postgresql_url, command
):
    names = [f"t{number}" for number in range(12)]
    here = write(project(), postgresql_url, f"names = {names}")
    for name in names:
        here.execute(postgresql_url, f"CREATE SCHEMA {name}")
    command(here, "upgrade")
    here.execute(postgresql_url, "DELETE FROM t3.note")
    here.execute(postgresql_url, "UPDATE t3.alembic_version SET version_num = 'r1'")
    before = here.rows(postgresql_url, SESSIONS)
    said = command(here, "upgrade")
    assert said.stdout.splitlines()[3] == "t3: upgraded to r2 (head), 1 revision"
    assert said.stdout.count("already at r2 (head)") == 11
    assert here.rows(postgresql_url, SESSIONS)[0][0] - before[0][0] < 12


def test_status_tells_of_tenants_that_stand_alike_together(project, postgresql_url, command):
    names = [f"t{number:02}" for number in range(14)]
    here = write(project(), postgresql_url, f"names = {names}")
    for name in names[:13]:
        here.execute(postgresql_url, f"CREATE SCHEMA {name}")
    command(here, "upgrade", "--tenant", "t0*,t10")
    command(here, "downgrade", "r1", "--tenant", "t03")
    here.execute(postgresql_url, "UPDATE t05.alembic_version SET version_num = 'gone'")

    shown = command(here, "status").stdout.splitlines()
    columns = [line.split("   ") for line in shown[:6]]
    told = [(cells[0].strip(), cells[-1].strip()) for cells in columns]
    assert told == [
        ("base", "state"),
        ("default: 9 tenants", "at head"),
        ("t03", "behind"),
        ("t05", "unknown revision"),
        ("default: 2 tenants", "empty"),
        ("t13", "missing"),
    ]
    assert "default: 2 tenants: empty: t11, t12" in shown
    assert "default: 2 tenants: pending <base> -> r1, first" not in shown
    assert sum("pending r1 -> r2 (head)" in line for line in shown) == 2
    assert command(here, "status", "--exit-code", status=4).stdout.splitlines() == shown

    rows = command(here, "status", "--format", "json").json["bases"]
    assert [row["tenant"] for row in rows] == names
    command(here, "downgrade", "base", "--tenant", "t0*,t10", "--keep-going", status=6)
    shown = command(here, "status").stdout
    assert "t00, t01, t02, t03, t04, t06, t07, t08, t09, t10 and 2 more; -v shows all" in shown
    assert "t08, t09, t10, t11, t12\n" in command(here, "status", "-v").stdout


def test_who_holds_a_tenants_lock_is_told(project, server_url, prefix, command):
    here = write(
        project(), server_url, f'names = ["acme", "globex"]\nschema = "{prefix}{{tenant}}"'
    )
    command(here, "upgrade", "r1")
    here.write(
        "migrations/versions/r2.py",
        revision_text(
            "r2",
            "r1",
            upgrade="import os, pathlib, time\npathlib.Path('HERE').touch()\n"
            "while not os.path.exists('GO'):\n    time.sleep(0.02)",
        ),
    )
    with started(here, "upgrade", "--tenant", "globex") as process:
        while not (here.root / "HERE").exists():
            assert process.poll() is None
            time.sleep(0.02)
        rows = command(here, "status", "--format", "json").json["bases"]
        (here.root / "GO").touch()
        assert finish(process).exit == 0
    assert rows[0]["lock"] is None
    assert "connect" in rows[1]["lock"] or "process" in rows[1]["lock"]


def test_a_base_whose_only_databases_are_its_tenants_has_their_kind(project, command):
    here = write(project(), "", 'names = ["acme"]\nurl = "sqlite:///{tenant}.db"')
    here.write("pyproject.toml", here.read("pyproject.toml").replace('url = ""\n', ""))
    assert command(here, "migrate", "--scratch").stdout == "Nothing to do: no changes detected\n"
    assert command(here, "verify").exit == 0
    assert command(here, "lint", "--all").exit == 0
    assert not (here.root / "acme.db").exists()


@pytest.mark.parametrize("name", ["", "shop"])
def test_a_tenant_is_called_the_same_everywhere(project, command, name):
    """By its own name where its base has none, else with its base's in front."""
    acme, globex = (f"{name}/{each}" if name else each for each in ("acme", "globex"))
    here = write(
        project(), "sqlite://", 'names = ["acme", "globex"]\nurl = "sqlite:///{tenant}.db"'
    )
    table = f"tool.alembic-migrate.bases.{name}" if name else "tool.alembic-migrate"
    told = here.read("pyproject.toml").replace("tool.alembic-migrate", table)
    here.write("pyproject.toml", told)
    if name:
        (here.root / f"migrations/{name}").mkdir()
        (here.root / "migrations/versions").rename(here.root / f"migrations/{name}/versions")
    here.execute("sqlite:///globex.db", "CREATE TABLE note (text INTEGER)")

    failed = command(here, "upgrade", "--keep-going", status=6).stderr
    assert f"Error: 1 of 2 tenants failed: {globex}\n" in failed
    assert f"\n  {acme}: upgraded to r2 (head), 2 revisions\n" in failed
    assert f"\n  {globex}: failed: " in failed
    assert "tenant globex: " not in failed
    assert f"[{acme}] Running upgrade r1 -> r2" in failed
    command(here, "downgrade", "r1", "--tenant", "acme")
    events = command(here, "upgrade", "--format", "jsonl", "--keep-going", status=6).jsonl
    assert {each["base"] for each in events if "base" in each} == {acme, globex}
    last = events[-1]
    assert f"failed: {globex}" in last["error"]["message"]
    owner = name or "default"
    assert [(each["base"], each["tenant"]) for each in last["bases"]] == [
        (owner, "acme"),
        (owner, "globex"),
    ]

    rows = command(here, "status").stdout.splitlines()
    assert [line.split()[0] for line in rows[1:3]] == [acme, globex]
    behind = command(here, "current", "--check-heads", status=4)
    assert f"Not on all head revisions: {globex}\n" in behind.stderr
    kind = "base" if name else "tenant"
    script = command(here, "upgrade", "--sql", "r1:r2").stdout
    assert [line for line in script.splitlines() if line.startswith(f"-- {kind}: ")] == [
        f"-- {kind}: {acme}",
        f"-- {kind}: {globex}",
    ]
    command(here, "upgrade", "--sql", "r1:r2", "--sql-dir", "sql")
    assert here.files("sql") == [f"sql/{each.replace('/', '-')}.sql" for each in (acme, globex)]
