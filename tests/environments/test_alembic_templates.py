"""Folders that ``alembic init`` makes, with the edits that its users make."""

from __future__ import annotations

import re
from pathlib import Path

import alembic
import pytest

from tests.environments.conftest import BOOK, alembic_init, edit, other, placed
from tests.projects import Project, revision_text

PLACEHOLDER = "driver://user:pass@localhost/dbname"


def with_models(project: Project, template: str) -> Project:
    """Make a folder with Alembic's own command and name the models in its env.py."""
    project.write("shop/__init__.py", "")
    project.write("shop/models.py", BOOK)
    alembic_init(project, "-t", template, "migrations")
    edit(project, "migrations/env.py", "target_metadata = None", METADATA)
    return project


METADATA = "from shop.models import Base\n\ntarget_metadata = Base.metadata"


def set_url(project: Project, where: str, url: str) -> None:
    """Put the URL where Alembic's users have it, or into our own table."""
    if where == "ini":
        edit(project, "alembic.ini", PLACEHOLDER, url)
    else:
        toml = project.root / "pyproject.toml"
        before = toml.read_text() if toml.exists() else ""
        project.write("pyproject.toml", f'{before}\n[tool.alembic-migrate]\nurl = "{url}"\n')


def url_of(template: str) -> str:
    return "sqlite+aiosqlite:///shop.db" if "async" in template else "sqlite:///shop.db"


# The newest of them is younger than the oldest Alembic that is supported.
WANTED = ("generic", "async", "pyproject", "pyproject_async")
TEMPLATES = [name for name in WANTED if (Path(alembic.__path__[0]) / "templates" / name).is_dir()]


@pytest.fixture(params=TEMPLATES)
def template(request):
    return request.param


@pytest.mark.parametrize("where", ["ini", "toml"])
def test_every_command_works_with_a_folder_of_alembics(project, command, template, where):
    here = with_models(project(), template)
    set_url(here, where, url_of(template))

    made = command(here, "migrate", "-m", "first", "--rev-id", "aaa")
    assert made.stdout == "Detected: add table book\nWrote migrations/versions/aaa_first.py\n"
    assert command(here, "status").stdout.split("\n")[1].split()[2:] == ["-", "aaa", "1", "empty"]
    assert command(here, "check", status=4).stdout == (
        "Revision aaa is not in the database: first\n  alembic-db upgrade\n"
        "The models were not compared, since revisions are pending: check --scratch compares them "
        "with the history\n"
    )
    up = command(here, "upgrade")
    assert up.stdout == "Upgraded to aaa (head), 1 revision\n"
    # The script's own fileConfig() has Alembic log to the console, and each step is told once.
    assert up.stderr == (
        "INFO  [alembic.runtime.migration] Context impl SQLiteImpl.\n"
        "INFO  [alembic.runtime.migration] Will assume non-transactional DDL.\n"
        "Running upgrade  -> aaa, first\n"
    )
    assert here.tables("sqlite:///shop.db") == ["alembic_version", "book"]
    assert command(here, "upgrade").stdout == "Already at aaa (head)\n"
    assert command(here, "current").stdout == "aaa (head)\n"
    assert command(here, "history", "-i").stdout == "<base> -> aaa (head) (current), first\n"
    assert command(here, "check").stdout == "No problems found\n"
    assert command(here, "status").stdout.split("\n")[1].split()[2:] == [
        "aaa",
        "aaa",
        "0",
        "at",
        "head",
    ]
    assert command(here, "migrate").stdout == "Nothing to do: no changes detected\n"
    assert here.versions() == ["aaa_first.py"]

    sql = command(here, "upgrade", "--sql").stdout
    assert sql.startswith("CREATE TABLE alembic_version (")
    assert "CREATE TABLE book (" in sql
    assert command(here, "downgrade", "--sql", "aaa:base").stdout.startswith(
        "-- Running downgrade aaa -> "
    )

    assert command(here, "downgrade").stdout == "Downgraded to base, 1 revision\n"
    assert here.tables("sqlite:///shop.db") == ["alembic_version"]
    assert command(here, "stamp").stdout == "Stamped aaa (head)\n"
    assert command(here, "current", "-c").stdout == "aaa (head)\n"
    assert command(here, "stamp", "--purge", "base").stdout == "Stamped base\n"


@pytest.mark.parametrize("template", TEMPLATES[::3])
def test_the_installed_command_works_with_a_folder_of_alembics(project, template):
    here = with_models(project(), template)
    set_url(here, "ini", url_of(template))

    here.run("migrate", "-m", "first", "--rev-id", "aaa")
    done = here.run("--format", "json", "upgrade").json

    assert [(base["before"], base["after"]) for base in done["bases"]] == [([], ["aaa"])]


def test_alembic_and_alembic_db_take_turns_on_one_folder(project, command):
    here = with_models(project(), "generic")
    set_url(here, "ini", "sqlite:///shop.db")

    other("alembic", here, "revision", "--autogenerate", "-m", "first", "--rev-id", "aaa")
    assert command(here, "upgrade").stdout == "Upgraded to aaa (head), 1 revision\n"
    command(here, "revision", "-m", "second", "--rev-id", "bbb")
    assert other("alembic", here, "upgrade", "head").stdout == ""
    assert other("alembic", here, "current").stdout == "bbb (head)\n"
    assert command(here, "current").stdout == "bbb (head)\n"


@pytest.mark.parametrize(
    ("template", "wanted", "scheme"),
    [
        ("generic", "a synchronous driver", "sqlite+aiosqlite"),
        ("async", "an asynchronous driver", "sqlite"),
    ],
)
def test_a_driver_of_the_wrong_kind_for_the_script_is_told(
    project, command, template, wanted, scheme
):
    here = with_models(project(), template)
    set_url(here, "ini", f"{scheme}:///shop.db")

    assert placed(command(here, "current", status=2).stderr, here) == (
        f"Error: the environment script ROOT/migrations/env.py needs {wanted}; "
        f"the URL has {scheme}\n"
        "  choose another driver in the URL, or use the built-in script, which takes both: "
        'env = "builtin"\n'
    )


@pytest.mark.parametrize("env", ["auto", "builtin"])
def test_an_asynchronous_sqlite_file_that_cannot_be_opened_is_one_error(project, env):
    here = with_models(project(), "async")
    (here.root / "folder.db").mkdir()
    here.write(
        "pyproject.toml",
        f"""
        [tool.alembic-migrate]
        url = "sqlite+aiosqlite:///folder.db"
        metadata = "shop.models:Base"
        env = "{env}"
        """,
    )

    failed = here.run("upgrade", status=1)

    assert placed(failed.stderr, here) == (
        "Error: sqlite+aiosqlite:///ROOT/folder.db: the SQLite file cannot be opened "
        "(unable to open database file)\n"
        "  check that its folder exists and may be written\n"
    )


def test_our_url_wins_over_the_one_of_alembic_ini(project, command):
    here = with_models(project(), "generic")
    set_url(here, "ini", "sqlite:///ini.db")
    set_url(here, "toml", "sqlite:///toml.db")

    assert placed(command(here, "current", "-v").stdout, here) == (
        "Current revision(s) for sqlite:///ROOT/toml.db:\n"
    )
    assert placed(command(here, "current", "-v", "--url", "sqlite:///flag.db").stdout, here) == (
        "Current revision(s) for sqlite:///ROOT/flag.db:\n"
    )


def test_the_placeholder_of_alembic_ini_is_no_url(project, command):
    here = with_models(project(), "generic")

    failed = command(here, "upgrade", status=2)

    assert placed(failed.stderr, here) == (
        "Error: the environment script ROOT/migrations/env.py found no database URL\n"
        '  set it under [tool.alembic-migrate]: url = "sqlite:///app.db"; '
        "or sqlalchemy.url in alembic.ini\n"
    )


def test_models_that_only_the_toml_names_reach_an_unedited_env_py(project, command, template):
    here = project(
        {
            "shop/__init__.py": "",
            "shop/models.py": BOOK,
        }
    )
    alembic_init(here, "-t", template, "migrations")
    set_url(here, "toml", url_of(template))
    edit(here, "pyproject.toml", "\nurl =", '\nmetadata = "shop.models:Base"\nurl =')

    made = command(here, "migrate", "-m", "first", "--rev-id", "aaa")

    assert made.stdout == "Detected: add table book\nWrote migrations/versions/aaa_first.py\n"


def test_a_folder_that_alembic_ini_names_is_found_by_its_line(project, command):
    here = project()
    alembic_init(here, "alembic")
    set_url(here, "ini", "sqlite:///shop.db")

    failed = command(here, "current", status=2)
    assert failed.stderr.splitlines()[1] == (
        "  make it: alembic-db init; or, since alembic.ini says so: "
        'directory = "alembic" under [tool.alembic-migrate]'
    )
    assert command(here, "current", "-d", "alembic").stdout == ""


ASKING = """
    from alembic import context

    config = context.config
    given = context.get_x_argument(as_dictionary=True)
    options = config.cmd_opts
    print("x", sorted(given.items()), context.get_x_argument())
    print("tag", context.get_tag_argument())
    print("cmd", options.cmd[0].__name__, options.x, options.config, options.name)
    print("opts", options.autogenerate, options.sql, options.tag, options.raiseerr)
    print("offline", context.is_offline_mode())
    """


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("upgrade", "--sql", "--tag", "blue", "-x", "tenant=a", "-x", "dry"),
            (
                "x [('dry', ''), ('tenant', 'a')] ['tenant=a', 'dry']\n"
                "tag blue\n"
                "cmd upgrade ['tenant=a', 'dry'] None alembic\n"
                "opts False True blue False\n"
                "offline True\n"
            ),
        ),
        (
            ("-x", "tenant=a", "migrate"),
            (
                "x [('tenant', 'a')] ['tenant=a']\n"
                "tag None\n"
                "cmd revision ['tenant=a'] None alembic\n"
                "opts True False None False\n"
                "offline False\n"
            ),
        ),
        (
            ("current",),
            (
                "x [] []\n"
                "tag None\n"
                "cmd current None None alembic\n"
                "opts False False None False\n"
                "offline False\n"
            ),
        ),
    ],
)
def test_an_env_py_reads_what_was_typed_as_under_alembic(project, command, words, told):
    here = with_models(project(), "generic")
    set_url(here, "ini", "sqlite:///shop.db")
    here.write("asking.py", ASKING)
    edit(
        here,
        "migrations/env.py",
        METADATA,
        f"{METADATA}\nimport asking",
    )

    ran = command(here, *words)

    assert told in ran.stderr
    assert "tenant" not in ran.stdout


MULTIDB_INI = """
    [alembic]
    script_location = %(here)s/migrations
    databases = shop, stock

    [shop]
    sqlalchemy.url = sqlite:///shop.db

    [stock]
    sqlalchemy.url = sqlite:///stock.db
    """

MULTIDB_MODELS = """
    from sqlalchemy import Column, Integer, MetaData, Table

    shop, stock = MetaData(), MetaData()
    Table("book", shop, Column("id", Integer, primary_key=True))
    Table("shelf", stock, Column("id", Integer, primary_key=True))
    """


@pytest.fixture
def multidb(project):
    here = project({"models.py": MULTIDB_MODELS})
    alembic_init(here, "-t", "multidb", "migrations")
    here.write("alembic.ini", MULTIDB_INI)
    edit(
        here,
        "migrations/env.py",
        "target_metadata = {}",
        "import models\n\ntarget_metadata = {'shop': models.shop, 'stock': models.stock}",
    )
    edit(
        here,
        "migrations/env.py",
        "    fileConfig(config.config_file_name)",
        "    pass",
    )
    return here


def test_a_multidb_folder_runs_each_of_its_databases(multidb, command):
    made = command(multidb, "migrate", "-m", "first", "--rev-id", "aaa")
    assert made.stdout == (
        "Detected: add table book\n"
        "Detected: add table shelf\n"
        "Wrote migrations/versions/aaa_first.py\n"
    )
    assert command(multidb, "upgrade").stdout == "Upgraded to aaa (head), 1 revision\n"
    assert multidb.tables("sqlite:///shop.db") == ["alembic_version", "book"]
    assert multidb.tables("sqlite:///stock.db") == ["alembic_version", "shelf"]
    assert command(multidb, "current").stdout == (
        "sqlite:///shop.db: aaa (head)\nsqlite:///stock.db: aaa (head)\n"
    )
    assert command(multidb, "check").stdout == "No problems found\n"
    assert command(multidb, "history", "-i").stdout == "<base> -> aaa (head) (current), first\n"
    assert command(multidb, "upgrade").stdout == "Already at aaa (head)\n"
    assert command(multidb, "downgrade").stdout == "Downgraded to base, 1 revision\n"
    assert multidb.tables("sqlite:///stock.db") == ["alembic_version"]


def test_each_database_of_a_multidb_folder_is_told(multidb, command):
    command(multidb, "revision", "-m", "first", "--rev-id", "aaa")
    command(multidb, "upgrade")
    multidb.execute("sqlite:///stock.db", "DELETE FROM alembic_version")

    assert command(multidb, "current").stdout == (
        "sqlite:///shop.db: aaa (head)\nsqlite:///stock.db: (none)\n"
    )
    assert command(multidb, "current", "-c", status=4).stderr == (
        "Not on all head revisions: default\n"
    )
    assert command(multidb, "check", status=4).stdout == (
        "Revision aaa is not in the database: first\n  alembic-db upgrade\n"
        "The models were not compared, since revisions are pending: check --scratch compares them "
        "with the history\n"
    )
    row = command(multidb, "status").stdout.split("\n")[1]
    assert re.split("   +", row) == [
        "default",
        "sqlite:///shop.db, sqlite:///stock.db",
        "aaa",
        "aaa",
        "1",
        "behind",
    ]
    assert command(multidb, "upgrade").stdout == "Upgraded to aaa (head), 1 revision\n"
    assert command(multidb, "current", "-c").exit == 0


def test_the_scripts_of_a_multidb_folder_are_the_files_that_its_env_py_writes(multidb, command):
    command(multidb, "migrate", "-m", "first", "--rev-id", "aaa")

    assert command(multidb, "upgrade", "--sql").stdout == ""
    assert "CREATE TABLE book (" in multidb.read("shop.sql")
    assert "CREATE TABLE shelf (" in multidb.read("stock.sql")


def test_the_folders_that_alembic_ini_puts_on_the_path_count(project, command):
    here = project(
        {
            "alembic.ini": "[alembic]\nscript_location = migrations\nprepend_sys_path = src\n"
            "path_separator = os\n",
            "src/shop/__init__.py": "",
            "src/shop/db.py": "from sqlalchemy import MetaData\n\nmetadata = MetaData()\n",
            "pyproject.toml": '[tool.alembic-migrate]\nmetadata = "shop.db:metadata"\n'
            'url = "sqlite:///shop.db"\n',
            "migrations/versions/a.py": revision_text("a"),
        }
    )
    assert command(here, "upgrade").stdout == "Upgraded to a (head), 1 revision\n"
