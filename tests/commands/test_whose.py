"""check --drift looks at what is the base's own, and at nobody else's."""

from __future__ import annotations

import pytest

from tests.environments.conftest import edit
from tests.projects import revision_text

TOML = '[tool.alembic-migrate]\nmetadata = "shop:metadata"\njournal = true\n'
MODELS = """
    from sqlalchemy import Column, Integer, MetaData, Table

    metadata = MetaData()
    Table("book", metadata, Column("id", Integer, primary_key=True))
    """
MAKE = "op.create_table('book', sa.Column('id', sa.Integer, primary_key=True))"
LEFT = (
    "Left alone, because no revision of this history made them: {} "
    "(drop_unowned = true drops such tables)\n"
)
VIEW = "Left alone, because the history does not make it: view titles\n"
CLEAN = "No problems found\n"


@pytest.fixture
def shop(project, command, database_url):
    """A project at head, with a journal, and how to reach its database."""
    made = project({"pyproject.toml": TOML, "shop.py": MODELS})
    made.write("migrations/versions/a.py", revision_text("aaa", upgrade=MAKE))
    at = ("--url", database_url)
    command(made, "upgrade", *at)
    return made, at


def test_tables_and_views_that_nobody_here_knows_are_listed_apart(shop, command):
    made, at = shop
    made.execute(at[1], "CREATE TABLE celery_jobs (id integer PRIMARY KEY, name varchar(5))")
    made.execute(at[1], "CREATE VIEW titles AS SELECT id FROM book")

    found = command(made, "check", "--drift", *at)

    assert found.stdout == LEFT.format("celery_jobs") + VIEW + CLEAN
    assert command(
        made, "check", "--drift", *at, "--set", "drop_unowned=true", status=4
    ).stdout == (
        "Changed by hand: table celery_jobs was added\n"
        "  take it back in the database, or write a revision that does it\n" + VIEW
    )


def test_a_table_of_the_models_that_was_made_by_hand_is_drift(shop, command):
    made, at = shop
    edit(
        made,
        "shop.py",
        'Table("book"',
        'Table("shelf", metadata, Column("id", Integer))\nTable("book"',
    )
    made.execute(at[1], "CREATE TABLE shelf (id integer)")

    assert command(made, "check", "--drift", *at, status=4).stdout == (
        "No revision does this: add table shelf\n"
        "  alembic-db migrate\n"
        "Changed by hand: table shelf was added\n"
        "  take it back in the database, or write a revision that does it\n"
    )


def test_a_table_that_is_gone_is_drift_whoever_looks(shop, command):
    made, at = shop
    made.execute(at[1], "DROP TABLE book")

    assert command(made, "check", "--drift", *at, status=4).stdout == (
        "Changed by hand: table book was removed\n"
        "  take it back in the database, or write a revision that does it\n"
    )


HOOKS = """
    def include_object(item, name, kind, reflected, compared):
        return not (kind == "index" and name == "ix_tuning") and name != "legacy"


    def include_name(name, kind, parents):
        return not (kind == "column" and name.startswith("tmp_"))
    """


def test_what_the_hooks_leave_out_is_not_looked_at(shop, command):
    made, at = shop
    made.write("hooks.py", HOOKS)
    made.write(
        "pyproject.toml",
        TOML + 'include_object = "hooks:include_object"\ninclude_name = "hooks:include_name"\n',
    )
    made.execute(at[1], "CREATE TABLE legacy (id integer)")
    made.execute(at[1], "CREATE INDEX ix_tuning ON book (id)")
    made.execute(at[1], "ALTER TABLE book ADD tmp_note integer")

    assert command(made, "check", "--drift", *at).stdout == CLEAN
    made.execute(at[1], "ALTER TABLE book ADD note integer")
    assert command(made, "check", "--drift", *at, status=4).stdout.splitlines()[0] == (
        "Changed by hand: column book.note was added"
    )


def test_two_bases_in_one_database_leave_each_other_alone(two_bases, command, database_url):
    edit(
        two_bases,
        "pyproject.toml",
        'metadata = "shop.app:Base"',
        'metadata = "shop.app:Base"\nversion_table = "app_version"',
    )
    env = {"APP_URL": database_url, "REPORTING_URL": database_url}
    command(two_bases, "init", "--all")
    command(two_bases, "migrate", "--all", "--scratch", "-m", "first", env=env)
    command(two_bases, "upgrade", "--all", env=env)

    assert command(two_bases, "check", "--drift", env=env).stdout == (
        f"app: l{LEFT[1:].format('turnover')}app: no problems found\n"
        f"reporting: l{LEFT[1:].format('customer, purchase')}reporting: no problems found\n"
    )


def test_tenants_are_held_against_the_history_one_by_one(project, command, postgresql_url):
    made = project({"shop.py": MODELS})
    made.write(
        "pyproject.toml",
        f"""
        [tool.alembic-migrate]
        metadata = "shop:metadata"
        url = "{postgresql_url}"

        [tool.alembic-migrate.tenants]
        names = ["acme", "globex"]
        schema = "{{tenant}}"
        """,
    )
    made.write("migrations/versions/a.py", revision_text("aaa", upgrade=MAKE))
    for schema in ("acme", "globex"):
        made.execute(postgresql_url, f"CREATE SCHEMA {schema}")
    command(made, "upgrade")
    made.execute(postgresql_url, "ALTER TABLE globex.book ADD note integer")

    assert command(made, "check", "--drift", status=4).stdout == (
        "acme: no problems found\n"
        "globex: changed by hand: column book.note was added\n"
        "  take it back in the database, or write a revision that does it\n"
    )
