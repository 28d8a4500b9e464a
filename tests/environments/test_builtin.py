"""Our own environment: without an env.py, and from the thin one that ``init`` writes."""

from __future__ import annotations

import pytest

from tests import servers
from tests.environments.conftest import BOOK, other, placed

INI = """
    [alembic]
    script_location = %(here)s/migrations
    prepend_sys_path = .
    """

ONE_BASE = {
    "pyproject.toml": """
        [tool.alembic-migrate]
        metadata = "shop:Base"
        url = "${DATABASE_URL:-sqlite:///shop.db}"
        """,
    "shop.py": BOOK,
}


@pytest.fixture
def here(project):
    return project(ONE_BASE)


@pytest.fixture(params=["without", "thin"])
def env_py(request, here, command):
    """Whether the folder has an env.py: it makes no difference."""
    command(here, "init")
    if request.param == "without":
        (here.root / "migrations/env.py").unlink()
    return request.param


@pytest.mark.usefixtures("env_py")
def test_every_command_works_with_our_environment(here, command):
    made = command(here, "migrate", "-m", "first", "--rev-id", "aaa")
    assert made.stdout == "Detected: add table book\nWrote migrations/versions/aaa_first.py\n"
    assert command(here, "upgrade", "--sql").stdout.startswith("CREATE TABLE alembic_version (")
    assert command(here, "upgrade").stdout == "Upgraded to aaa (head), 1 revision\n"
    assert command(here, "upgrade").stdout == "Already at aaa (head)\n"
    assert command(here, "current").stdout == "aaa (head)\n"
    assert command(here, "check").stdout == "No problems found\n"
    assert command(here, "history", "-i").stdout == "<base> -> aaa (head) (current), first\n"
    assert command(here, "migrate").stdout == "Nothing to do: no changes detected\n"
    assert command(here, "downgrade").stdout == "Downgraded to base, 1 revision\n"
    assert command(here, "stamp").stdout == "Stamped aaa (head)\n"
    assert command(here, "ensure-version").exit == 0


@pytest.mark.usefixtures("env_py")
@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mariadb"])
def test_an_asynchronous_driver_needs_nothing_but_its_url(here, command, request, database):
    sync = request.getfixturevalue(f"{database}_url")
    env = {"DATABASE_URL": servers.asynchronous(sync)}

    command(here, "migrate", "-m", "first", "--rev-id", "aaa", env=env)
    assert command(here, "upgrade", env=env).stdout == "Upgraded to aaa (head), 1 revision\n"
    assert here.tables(sync) == ["alembic_version", "book"]
    assert command(here, "check", env=env).stdout == "No problems found\n"
    assert "CREATE TABLE book (" in command(here, "upgrade", "--sql", env=env).stdout


def test_the_thin_env_py_works_under_plain_alembic(here, command):
    command(here, "init")
    here.write("alembic.ini", INI)

    other("alembic", here, "revision", "--autogenerate", "-m", "first", "--rev-id", "aaa")
    assert here.versions() == ["aaa_first.py"]
    assert 'op.create_table("book"' in here.read("migrations/versions/aaa_first.py").replace(
        "'", '"'
    )
    sql = other("alembic", here, "upgrade", "head", "--sql").stdout
    assert "CREATE TABLE book (" in sql
    other("alembic", here, "upgrade", "head")
    assert here.tables("sqlite:///shop.db") == ["alembic_version", "book"]
    assert other("alembic", here, "check").stdout == "No new upgrade operations detected.\n"
    assert command(here, "current").stdout == "aaa (head)\n"


def test_plain_alembic_with_an_asynchronous_url(here, command, sqlite_url):
    command(here, "init")
    here.write("alembic.ini", INI)
    env = {"DATABASE_URL": servers.asynchronous(sqlite_url)}

    other("alembic", here, "revision", "--autogenerate", "--rev-id", "aaa", env=env)
    other("alembic", here, "upgrade", "head", env=env)

    assert here.tables(sqlite_url) == ["alembic_version", "book"]


def test_plain_alembic_leaves_tables_alone_that_are_not_this_historys(here, command):
    command(here, "init")
    here.write("alembic.ini", INI)
    here.execute("sqlite:///shop.db", "CREATE TABLE spatial_ref_sys (id INTEGER)")

    other("alembic", here, "revision", "--autogenerate", "--rev-id", "aaa")

    assert "spatial_ref_sys" not in here.read("migrations/versions/aaa_.py")


def test_under_plain_alembic_the_base_is_the_one_of_the_folder(two_bases, command):
    command(two_bases, "init", "--all")
    two_bases.write("alembic.ini", INI.replace("/migrations", "/migrations/reporting"))

    other("alembic", two_bases, "revision", "--autogenerate", "--rev-id", "aaa")
    other("alembic", two_bases, "upgrade", "head")

    assert two_bases.tables("sqlite:///reporting.db") == ["alembic_version", "turnover"]
    assert not (two_bases.root / "app.db").exists()


def test_plain_alembic_in_a_folder_of_no_base_says_which_there_are(two_bases, command):
    command(two_bases, "init", "--base", "app")
    (two_bases.root / "migrations/app").rename(two_bases.root / "migrations/elsewhere")
    two_bases.write("alembic.ini", INI.replace("/migrations", "/migrations/elsewhere"))

    failed = other("alembic", two_bases, "current", status=255)

    assert " ".join(placed(failed.stdout + failed.stderr, two_bases).split()) == (
        "FAILED: no configured base has the folder ROOT/migrations/elsewhere (bases: app, "
        "reporting in ROOT/pyproject.toml); name it: "
        'directory = "elsewhere" under [tool.alembic-migrate]'
    )


def test_several_bases_run_one_after_the_other(two_bases, command):
    command(two_bases, "init", "--all")
    (two_bases.root / "migrations/reporting/env.py").unlink()

    made = command(two_bases, "migrate", "--all", "-m", "first")
    assert [line for line in made.stdout.splitlines() if "etected" in line] == [
        "app: detected: add table customer",
        "app: detected: add table purchase",
        "reporting: detected: add table turnover",
    ]
    command(two_bases, "upgrade", "--all")
    assert two_bases.tables("sqlite:///app.db") == ["alembic_version", "customer", "purchase"]
    assert two_bases.tables("sqlite:///reporting.db") == ["alembic_version", "turnover"]
    assert command(two_bases, "check", "--all").stdout == (
        "app: no problems found\nreporting: no problems found\n"
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "builtin"),
        ("# and a remark\n", "builtin"),
        ("print('mine')\n", "own"),
    ],
)
def test_the_thin_env_py_is_a_users_own_once_it_does_more(here, command, text, kind):
    command(here, "init")
    thin = here.read("migrations/env.py")
    here.write("migrations/env.py", thin + text)
    command(here, "migrate", "-m", "first", "--rev-id", "aaa")

    ran = command(here, "upgrade")

    assert ran.stdout == "Upgraded to aaa (head), 1 revision\n"
    assert ("mine" in ran.stderr) == (kind == "own")


def test_env_builtin_ignores_an_env_py(here, command):
    command(here, "init")
    here.write("migrations/env.py", "raise RuntimeError('never run')")

    assert command(here, "current", "--set", "env=builtin").stdout == ""
    assert command(here, "migrate", "--set", "env=builtin").exit == 0


def test_the_full_template_works_under_both_commands(here, command):
    command(here, "init", "-t", "full")
    here.write("alembic.ini", INI)

    command(here, "migrate", "-m", "first", "--rev-id", "aaa")
    assert command(here, "upgrade").stdout == "Upgraded to aaa (head), 1 revision\n"
    assert other("alembic", here, "current").stdout == "aaa (head)\n"
    assert "CREATE TABLE book (" in command(here, "upgrade", "--sql").stdout


def test_the_bare_template_needs_no_env_py(here, command):
    command(here, "init", "-t", "bare")

    assert not (here.root / "migrations/env.py").exists()
    command(here, "migrate", "-m", "first", "--rev-id", "aaa")
    assert command(here, "upgrade").stdout == "Upgraded to aaa (head), 1 revision\n"
