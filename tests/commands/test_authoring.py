"""migrate --scratch: a revision from models and history alone, without a developer's database."""

from __future__ import annotations

import pytest

from tests.environments.conftest import alembic_init, edit, placed
from tests.projects import revision_text
from tests.servers import asynchronous

MODELS = """
    from sqlalchemy import Column, Integer, MetaData, String, Table

    metadata = MetaData()
    Table("book", metadata, Column("id", Integer, primary_key=True), Column("year", Integer))
    """
TOML = '[tool.alembic-migrate]\nmetadata = "shop:metadata"\n'
MAKE = "op.create_table('book', sa.Column('id', sa.Integer, primary_key=True))"
DETECTED = "Detected: add column book.year\nWrote migrations/versions/bbb_.py\n"


@pytest.fixture
def shop(project):
    """A project whose model has a column that its one revision does not make, without a URL."""
    made = project({"pyproject.toml": TOML, "shop.py": MODELS})
    made.write("migrations/versions/a.py", revision_text("aaa", upgrade=MAKE))
    return made


@pytest.mark.parametrize("driver", ["sync", "async"])
def test_pending_revisions_in_ones_own_database_do_not_matter(shop, command, database_url, driver):
    url = database_url if driver == "sync" else asynchronous(database_url)

    made = command(shop, "migrate", "--scratch", "--rev-id", "bbb", "--url", url)

    assert (made.stdout, made.stderr) == (DETECTED, "")
    assert shop.tables(database_url) == []
    assert "op.add_column('book', " in shop.read("migrations/versions/bbb_.py") or (
        "batch_op.add_column(" in shop.read("migrations/versions/bbb_.py")
    )
    again = command(shop, "migrate", "--scratch", "--url", url)
    assert again.stdout == "Nothing to do: no changes detected\n"


def test_the_url_of_scratch_databases_alone_suffices(shop, command, database_url):
    shop.write("pyproject.toml", f'{TOML}scratch_url = "{database_url}"\n')

    made = command(shop, "migrate", "--scratch", "--rev-id", "bbb")

    assert (made.stdout, made.stderr) == (DETECTED, "")


def test_a_variable_that_is_not_set_here_does_not_matter(shop, command):
    shop.write("pyproject.toml", f'{TOML}url = "${{DATABASE_URL}}"\nscratch_url = "sqlite:///"\n')

    assert command(shop, "migrate", "--scratch", "--rev-id", "bbb").stdout == DETECTED
    assert command(shop, "check", "--scratch").stdout == (
        "No database is configured: pending revisions were not looked for\nNo problems found\n"
    )


def test_without_any_url_it_is_said_what_to_set(shop, command):
    found = command(shop, "migrate", "--scratch", status=2)

    assert found.stderr.startswith("Error: the base has no database URL: ")


def test_a_database_that_is_behind_is_answered_with_the_way_around_it(shop, command, sqlite_url):
    assert command(shop, "migrate", "--url", sqlite_url, status=1).stderr == (
        "Error: the database is behind: 1 revision is pending, and models can only be compared "
        "with a database at head\n"
        "  first: alembic-db upgrade; or compare with the history instead: alembic-db migrate "
        "--scratch\n"
    )


@pytest.mark.parametrize(
    "words", [("migrate", "--scratch", "--sql"), ("revision", "--scratch", "-m", "x")]
)
def test_what_is_not_autogenerate_has_no_scratch_database(shop, command, words):
    assert command(shop, *words, status=2).stderr == (
        "Error: --scratch is for autogenerate, which compares the models with a real database\n"
        "  alembic-db migrate --scratch\n"
    )


def test_revision_autogenerate_takes_it_too(shop, command, sqlite_url):
    made = command(
        shop, "revision", "--autogenerate", "--scratch", "--rev-id", "bbb", "--url", sqlite_url
    )

    assert made.stdout == DETECTED


def test_a_branch_is_followed_after_all_heads_are_replayed(shop, command, sqlite_url):
    other = "op.create_table('gone', sa.Column('id', sa.Integer, primary_key=True))"
    shop.write("migrations/versions/c.py", revision_text("ccc", upgrade=other))
    words = ("migrate", "--scratch", "--rev-id", "bbb", "--url", sqlite_url)
    assert command(shop, *words, status=1).stderr.startswith("Error: the base has 2 heads:\n")

    made = command(shop, *words, "--head", "aaa")

    assert made.stdout.splitlines() == [
        "Detected: remove table gone",
        "Detected: add column book.year",
        "Wrote migrations/versions/bbb_.py",
    ]


def test_each_of_several_bases_gets_a_revision_of_its_own(two_bases, command):
    command(two_bases, "init", "--all")

    made = command(two_bases, "migrate", "--all", "--scratch", "-m", "first")

    told = [line.partition(": wrote")[0] for line in made.stdout.splitlines()]
    assert told == [
        "app: detected: add table customer",
        "app: detected: add table purchase",
        "app",
        "reporting: detected: add table turnover",
        "reporting",
    ]
    assert not (two_bases.root / "app.db").exists()
    assert command(two_bases, "check", "--scratch", status=4).exit == 4


def test_a_revision_that_fails_there_is_told_as_such(shop, command, sqlite_url):
    shop.write(
        "migrations/versions/b.py", revision_text("bad", "aaa", upgrade="op.drop_table('x')")
    )

    found = command(shop, "migrate", "--scratch", "--url", sqlite_url, status=1)

    assert placed(found.stderr, shop) == (
        "Error: revision bad failed in upgrade(): ROOT/migrations/versions/b.py:12: "
        "OperationalError: no such table: x (in a scratch database, where the history was "
        "replayed)\n"
        "  the history has to run on an empty database; what it expects there besides: "
        'scratch_setup = ["CREATE EXTENSION citext"]\n'
    )


OWN = (
    "from shop import metadata\n\ntarget_metadata = metadata",
    "target_metadata = None",
)


def test_an_env_py_of_ones_own_that_uses_the_url_is_followed(shop, command, database_url):
    text = shop.read("migrations/versions/a.py")
    (shop.root / "migrations/versions/a.py").unlink()
    (shop.root / "migrations/versions").rmdir()
    (shop.root / "migrations").rmdir()
    alembic_init(shop, "migrations")
    shop.write("migrations/versions/a.py", text)
    edit(shop, "migrations/env.py", *OWN[::-1])
    at = ("--url", database_url)

    assert command(shop, "migrate", "--scratch", "--rev-id", "bbb", *at).stdout == DETECTED
    command(shop, "upgrade", *at)
    shop.execute(database_url, "ALTER TABLE book ADD note integer")
    assert command(shop, "check", "--drift", *at, status=4).stdout == (
        "Changed by hand: column book.note was added\n"
        "  take it back in the database, or write a revision that does it\n"
    )


def test_an_env_py_that_goes_elsewhere_is_refused_and_touches_nothing(shop, command, database_url):
    shop.write(
        "migrations/env.py",
        f"""
        from alembic import context
        from shop import metadata
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        engine = create_engine({database_url!r}, poolclass=NullPool)
        with engine.connect() as connection:
            context.configure(connection=connection, target_metadata=metadata)
            with context.begin_transaction():
                context.run_migrations()
        """,
    )

    for words in (("migrate", "--scratch"), ("check", "--drift"), ("check", "--scratch")):
        found = command(shop, *words, "--url", database_url, status=2)
        assert found.stderr.startswith(
            "Error: something connects to another database than the scratch one, where nothing was "
            "run: "
        )
    assert shop.tables(database_url) == []
    assert shop.versions() == ["a.py"]


def test_revisions_may_import_the_projects_own_modules(shop, command, database_url):
    shop.write(
        "migrations/versions/a.py",
        f"from shop import metadata\n\n{revision_text('aaa', upgrade=MAKE)}",
    )

    # None of these imports the models before it reads the revisions.
    assert command(shop, "merge").stdout == "Nothing to merge: there is one head\n"
    assert command(shop, "upgrade", "--url", database_url).stdout == (
        "Upgraded to aaa (head), 1 revision\n"
    )
