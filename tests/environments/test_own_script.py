"""A project's own env.py that fails, goes its own way, or disagrees with the TOML."""

from __future__ import annotations

import pytest

from tests.environments.conftest import BOOK, placed
from tests.projects import revision_text

# The least that an env.py does; what tests change is marked by a name.
ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

from shop import Base

URL = context.config.get_main_option("sqlalchemy.url")
MORE = {}

if context.is_offline_mode():
    context.configure(url=URL, target_metadata=Base.metadata, literal_binds=True, **MORE)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(URL, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, **MORE)
        with context.begin_transaction():
            context.run_migrations()
"""

TOML = """
[tool.alembic-migrate]
url = "sqlite:///shop.db"
"""

MADE = "op.create_table('book', sa.Column('id', sa.Integer(), primary_key=True), "
MADE += "sa.Column('title', sa.String(100), nullable=False))"

MEND = '  correct it, or use the built-in one: env = "builtin"\n'


@pytest.fixture
def here(project):
    return project(
        {
            "pyproject.toml": TOML,
            "shop.py": BOOK,
            "migrations/env.py": ENV,
            "migrations/versions/aaa_first.py": revision_text(
                "aaa", upgrade=MADE, downgrade="op.drop_table('book')", message="first"
            ),
        }
    )


def with_env(here, **changes):
    """Change the lines of env.py that begin with these names."""
    lines = ENV.split("\n")
    for name, value in changes.items():
        lines = [f"{name} = {value}" if line.startswith(f"{name} =") else line for line in lines]
    here.write("migrations/env.py", "\n".join(lines))


# --- that fail --------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["upgrade", "current", "migrate", "check"])
@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        (
            "import sqlalchemy as sa\nsa.Table('a', sa.MetaData(), sa.Column())\n",
            2,
            (
                "Error: the environment script ROOT/migrations/env.py failed: "
                "ROOT/migrations/env.py:2: ArgumentError: Column must be constructed with a "
                "non-blank name or assign a non-blank .name before adding to a Table.\n"
            ),
        ),
        (
            "from alembic import context\n",
            1,
            (
                "Error: the environment script ROOT/migrations/env.py ended without a call to "
                "context.run_migrations(): nothing was done\n"
            ),
        ),
        (
            "import sys\nsys.exit(3)\n",
            2,
            (
                "Error: the environment script ROOT/migrations/env.py failed: "
                "ROOT/migrations/env.py:2: it called sys.exit(3)\n"
            ),
        ),
        (
            "import sqlalchemy\nfrom sqlalchemy import nothing_like_it\n",
            2,
            (
                "Error: the environment script ROOT/migrations/env.py failed: "
                "ROOT/migrations/env.py:2: ImportError: cannot import name 'nothing_like_it' "
                "from 'sqlalchemy' (SQLALCHEMY)\n"
            ),
        ),
        (
            "import nowhere.at_all\n",
            2,
            (
                "Error: the environment script ROOT/migrations/env.py failed: "
                "ROOT/migrations/env.py:1: ModuleNotFoundError: No module named 'nowhere'\n"
            ),
        ),
        (
            "x = 1\nif x\n    pass\n",
            2,
            (
                "Error: the environment script ROOT/migrations/env.py failed: "
                "ROOT/migrations/env.py:2: SyntaxError: expected ':'\n"
            ),
        ),
        (
            "import os\nurl = os.environ['SHOP_URL']\n",
            2,
            (
                "Error: the environment script ROOT/migrations/env.py failed: "
                "ROOT/migrations/env.py:2: KeyError: 'SHOP_URL'\n"
            ),
        ),
        (
            "text = open('settings.json').read()\n",
            2,
            (
                "Error: the environment script ROOT/migrations/env.py failed: "
                "ROOT/migrations/env.py:1: FileNotFoundError: [Errno 2] No such file or "
                "directory: 'settings.json'\n"
            ),
        ),
        (
            "raise RuntimeError('postgresql://me:hunter2@host/db is no good')\n",
            2,
            (
                "Error: the environment script ROOT/migrations/env.py failed: "
                "ROOT/migrations/env.py:1: RuntimeError: postgresql://me:***@host/db is no good\n"
            ),
        ),
    ],
    ids=["models", "nothing", "exit", "name", "module", "syntax", "variable", "file", "password"],
)
def test_a_script_that_fails_is_told_with_its_line(here, command, verb, text, status, said):
    import sqlalchemy

    here.write("migrations/env.py", text)

    failed = command(here, verb, status=status)

    told = placed(failed.stderr, here).replace(str(sqlalchemy.__file__), "SQLALCHEMY")
    assert told == said + MEND
    assert failed.stdout == ""
    assert not (here.root / "shop.db").exists()


def test_a_script_that_swallows_what_a_revision_raises_does_not_make_it_a_success(here, command):
    fails = revision_text("zzz", "aaa", upgrade="raise ValueError(1)")
    here.write("migrations/versions/zzz_fails.py", fails)
    swallowing = ENV.replace(
        "            context.run_migrations()\n",
        "            try:\n                context.run_migrations()\n"
        "            except Exception:\n                pass\n",
    )
    here.write("migrations/env.py", swallowing)

    failed = command(here, "upgrade", status=1)

    assert "revision zzz failed in upgrade(): " in failed.stderr


def test_a_script_that_fails_is_one_json_document(here, command):
    here.write("migrations/env.py", "print('hello')\nimport sys\nsys.exit(3)\n")

    failed = command(here, "--format", "json", "upgrade", status=2)

    assert failed.json["error"]["code"] == "configuration"
    assert "hello" in failed.stderr


def test_a_script_that_fails_is_a_row_of_status(here, command):
    here.write("migrations/env.py", "import sys\nsys.exit(3)\n")

    told = placed(command(here, "status").stdout, here).split("\n")

    assert told[1].split() == ["default", "sqlite:///ROOT/shop.db", "-", "aaa", "-", "error"]
    assert told[3] == (
        "default: the environment script ROOT/migrations/env.py failed: "
        "ROOT/migrations/env.py:2: it called sys.exit(3)"
    )


def test_what_a_script_prints_is_no_answer(here, command):
    here.write(
        "migrations/env.py",
        f"import os, sys\nprint('hello')\nos.system('echo from a child')\n{ENV}",
    )

    command(here, "upgrade")

    ran = here.run("--format", "json", "current")
    assert ran.json["bases"][0]["at_head"] is True
    assert ran.stderr == "hello\nfrom a child\n"


def test_a_database_that_cannot_be_reached_is_named_where_it_is_the_configured_one(here, command):
    url = "postgresql+psycopg://me:hunter2@127.0.0.1:1/shop"

    failed = command(here, "upgrade", "--url", url, status=1)

    first, hint = failed.stderr.splitlines()[::2][:1] + failed.stderr.splitlines()[-1:]
    assert first.startswith(
        "Error: postgresql+psycopg://me:***@127.0.0.1:1/shop: nothing answers at that address ("
    )
    assert hint == "  is the server running, and are host and port right?"


def test_a_database_of_the_scripts_own_choice_is_not_called_by_the_configured_name(here, command):
    with_env(here, URL="'sqlite:////nowhere/at/all/shop.db'")

    failed = command(here, "upgrade", status=1)

    assert failed.stderr == (
        "Error: the database: the SQLite file cannot be opened (unable to open database file)\n"
        "  check that its folder exists and may be written\n"
    )


# --- that choose for themselves ------------------------------------------------------------------


def test_what_the_script_connects_to_is_what_is_told(here, command):
    with_env(here, URL="'sqlite:///elsewhere.db'")

    done = command(here, "--format", "json", "upgrade").json["bases"][0]
    assert done["database"] == "sqlite:///elsewhere.db"
    assert here.stamped("sqlite:///elsewhere.db") == ["aaa"]
    assert not (here.root / "shop.db").exists()
    assert command(here, "upgrade").stdout == "Already at aaa (head)\n"
    assert command(here, "current", "-v").stdout.startswith(
        "Current revision(s) for sqlite:///elsewhere.db:\nRev: aaa (head)\n"
    )
    row = command(here, "status").stdout.split("\n")[1]
    assert row.split() == ["default", "sqlite:///elsewhere.db", "aaa", "aaa", "0", "at", "head"]
    assert command(here, "check").stdout == "No problems found\n"
    found = command(here, "--format", "json", "check").json["bases"][0]
    assert found["database"] == "sqlite:///elsewhere.db"


def test_a_version_table_that_the_script_chooses_is_the_one_that_counts(here, command):
    with_env(here, MORE="{'version_table': 'shop_version'}")

    assert command(here, "upgrade").stdout == "Upgraded to aaa (head), 1 revision\n"
    assert here.tables("sqlite:///shop.db") == ["book", "shop_version"]
    assert command(here, "current").stdout == "aaa (head)\n"
    assert command(here, "status").stdout.split("\n")[1].split()[-2:] == ["at", "head"]
    assert command(here, "upgrade").stdout == "Already at aaa (head)\n"

    here.execute("sqlite:///shop.db", "UPDATE shop_version SET version_num = 'gone'")
    said = "the version table shop_version names revision gone, which ROOT/migrations does not have"
    for verb in ("upgrade", "migrate", "check"):
        failed = command(here, verb, status=1)
        assert placed(failed.stderr, here).split("\n")[0] == f"Error: {said}"
    assert f"default: {said}" in placed(command(here, "status").stdout, here)


def test_a_schema_that_the_script_chooses_is_the_one_that_counts(here, command, postgresql_url):
    here.execute(postgresql_url, "CREATE SCHEMA meta")
    with_env(here, MORE="{'version_table_schema': 'meta'}")
    at = ("--url", postgresql_url)

    command(here, "upgrade", *at)

    assert here.rows(postgresql_url, "SELECT version_num FROM meta.alembic_version") == [("aaa",)]
    assert command(here, "current", *at).stdout == "aaa (head)\n"
    assert command(here, "upgrade", *at).stdout == "Already at aaa (head)\n"
    assert command(here, "check", *at).stdout == "No problems found\n"
    here.execute(postgresql_url, "UPDATE meta.alembic_version SET version_num = 'gone'")
    assert placed(command(here, "upgrade", *at, status=1).stderr, here).split("\n")[0] == (
        "Error: the version table meta.alembic_version names revision gone, "
        "which ROOT/migrations does not have"
    )


# --- and the TOML --------------------------------------------------------------------------------


def test_what_the_script_leaves_out_is_filled_in_from_the_toml(here, command):
    here.write("pyproject.toml", TOML + 'version_table = "shop_version"\nrender_as_batch = true\n')
    with_env(here)

    ran = command(here, "upgrade")

    assert ran.stderr == "Running upgrade  -> aaa, first\n"
    assert here.tables("sqlite:///shop.db") == ["book", "shop_version"]
    assert command(here, "current").stdout == "aaa (head)\n"


def test_what_the_script_passes_wins_over_the_toml_with_a_warning(here, command):
    here.write("pyproject.toml", TOML + 'compare_type = true\nversion_table = "shop_version"\n')
    with_env(here, MORE="{'compare_type': False, 'version_table': 'shop_version'}")
    command(here, "upgrade")
    here.write("shop.py", BOOK.replace("String(100)", "Integer"))

    made = command(here, "migrate")

    assert made.stdout == "Nothing to do: no changes detected\n"
    assert [line for line in made.stderr.split("\n") if "arning" in line] == [
        (
            f"Warning: {here.root}/migrations/env.py passes compare_type = False, pyproject.toml:3 "
            "[tool.alembic-migrate] says True: env.py wins"
        )
    ]


def test_a_default_of_ours_is_no_reason_to_contradict_a_script(here, command):
    with_env(here, MORE="{'compare_type': False, 'render_as_batch': False}")

    assert command(here, "upgrade").stderr == "Running upgrade  -> aaa, first\n"


def test_models_of_the_toml_are_filled_in_where_the_script_has_none(here, command):
    here.write("pyproject.toml", TOML + 'metadata = "shop:Base"\n')
    here.write("migrations/env.py", ENV.replace("target_metadata=Base.metadata, ", ""))
    command(here, "upgrade")

    assert command(here, "check").stdout == "No problems found\n"


def test_models_of_the_script_win_over_those_of_the_toml(here, command):
    here.write("other.py", BOOK.replace("book", "other"))
    here.write("pyproject.toml", TOML + 'metadata = "other:Base"\n')
    command(here, "upgrade")

    assert command(here, "check").stdout == "No problems found\n"
