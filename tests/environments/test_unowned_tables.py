"""Tables that no revision of a history made: never dropped unless that is asked for."""

from __future__ import annotations

import pytest

from tests.environments.conftest import BOOK, alembic_init, edit, placed
from tests.projects import revision_text

TOML = '[tool.alembic-migrate]\nmetadata = "shop:Base"\nurl = "sqlite:///shop.db"\n'
LEFT = "left alone, because no revision of this history made them: {} "
LEFT += "(drop_unowned = true drops such tables)"


MADE = "op.create_table('celery_jobs', sa.Column('id', sa.Integer(), primary_key=True))"

IN_A_SCHEMA = (
    BOOK
    + """

    class OldBook(Base):
        __tablename__ = "old_book"
        __table_args__ = {"schema": "archive"}

        id = Column(Integer, primary_key=True)
    """
)


@pytest.fixture
def here(project, command):
    """A project at head whose database holds a table of another tool's."""
    made = project({"pyproject.toml": TOML, "shop.py": BOOK, "migrations/versions/.keep": ""})
    command(made, "migrate", "-m", "first", "--rev-id", "aaa")
    command(made, "upgrade")
    made.execute("sqlite:///shop.db", "CREATE TABLE celery_jobs (id INTEGER PRIMARY KEY)")
    return made


def test_another_tools_table_is_left_alone_and_said(here, command):
    made = command(here, "migrate", "-m", "second")
    assert made.stdout == (
        f"L{LEFT.format('celery_jobs')[1:]}\nNothing to do: no changes detected\n"
    )
    assert here.versions() == ["aaa_first.py"]
    assert command(here, "--format", "json", "migrate").json["bases"][0]["left_out"] == [
        "celery_jobs"
    ]


def test_check_uses_the_same_filter(here, command):
    found = command(here, "check")
    assert found.stdout == f"L{LEFT.format('celery_jobs')[1:]}\nNo problems found\n"
    assert command(here, "check", "--set", "drop_unowned=true", status=4).stdout == (
        "No revision does this: remove table celery_jobs\n  alembic-db migrate\n"
    )


def test_drop_unowned_drops_it(here, command):
    here.write("pyproject.toml", TOML + "drop_unowned = true\n")

    made = command(here, "migrate", "-m", "second", "--rev-id", "bbb")

    assert made.stdout == (
        "Detected: remove table celery_jobs\nWrote migrations/versions/bbb_second.py\n"
    )
    command(here, "upgrade")
    assert here.tables("sqlite:///shop.db") == ["alembic_version", "book"]


def test_a_table_of_this_history_is_dropped_with_its_model(here, command):
    here.write("shop.py", BOOK.replace('"book"', '"volume"'))

    made = command(here, "migrate", "-m", "second", "--rev-id", "bbb")

    assert made.stdout.splitlines() == [
        "Detected: add table volume",
        "Detected: remove table book",
        f"L{LEFT.format('celery_jobs')[1:]}",
        "Wrote migrations/versions/bbb_second.py",
    ]


def test_a_revision_file_that_was_edited_is_read_again(here, command):
    command(here, "check")
    text = here.read("migrations/versions/aaa_first.py")
    here.write("migrations/versions/aaa_first.py", f"{text}\n\nMADE = 'CREATE TABLE celery_jobs'\n")

    assert command(here, "check", status=4).stdout == (
        "No revision does this: remove table celery_jobs\n  alembic-db migrate\n"
    )


def test_a_view_is_no_table(here, command):
    here.execute("sqlite:///shop.db", "DROP TABLE celery_jobs")
    here.execute("sqlite:///shop.db", "CREATE VIEW titles AS SELECT title FROM book")

    assert command(here, "migrate").stdout == "Nothing to do: no changes detected\n"


@pytest.mark.parametrize("kind", ["VIEW", "MATERIALIZED VIEW"])
def test_the_views_of_a_server_are_no_tables(here, command, postgresql_url, kind):
    at = ("--url", postgresql_url)
    command(here, "upgrade", *at)
    here.execute(postgresql_url, f"CREATE {kind} titles AS SELECT title FROM book")

    assert command(here, "migrate", *at).stdout == "Nothing to do: no changes detected\n"
    assert command(here, "check", *at).stdout == "No problems found\n"


def test_tables_of_other_schemas_are_left_alone(here, command, postgresql_url):
    here.write("pyproject.toml", TOML + "include_schemas = true\n")
    at = ("--url", postgresql_url)
    command(here, "upgrade", *at)
    here.execute(postgresql_url, "CREATE SCHEMA topology")
    here.execute(postgresql_url, "CREATE TABLE topology.layer (id integer primary key)")

    assert command(here, "migrate", *at).stdout == (
        f"L{LEFT.format('topology.layer')[1:]}\nNothing to do: no changes detected\n"
    )


def test_a_table_of_the_same_name_in_another_schema_is_left_alone(here, command, postgresql_url):
    here.write("pyproject.toml", TOML + "include_schemas = true\n")
    at = ("--url", postgresql_url)
    command(here, "upgrade", *at)
    here.execute(postgresql_url, "CREATE SCHEMA archive")
    here.execute(postgresql_url, "CREATE TABLE archive.book (id integer primary key)")

    assert command(here, "migrate", *at).stdout == (
        f"L{LEFT.format('archive.book')[1:]}\nNothing to do: no changes detected\n"
    )


def test_a_table_that_this_history_made_in_a_schema_is_dropped_with_its_model(
    here, command, postgresql_url
):
    here.write("pyproject.toml", TOML + "include_schemas = true\n")
    at = ("--url", postgresql_url)
    command(here, "upgrade", *at)
    here.execute(postgresql_url, "CREATE SCHEMA archive")
    here.write("shop.py", IN_A_SCHEMA)
    command(here, "migrate", *at, "-m", "second", "--rev-id", "bbb")
    assert command(here, "upgrade", *at).stdout == "Upgraded to bbb (head), 1 revision\n"
    here.write("shop.py", BOOK)

    assert command(here, "migrate", *at, "--rev-id", "ccc").stdout == (
        "Detected: remove table archive.old_book\nWrote migrations/versions/ccc_.py\n"
    )


def test_an_index_of_a_table_that_is_left_alone_is_left_alone(here, command):
    here.execute("sqlite:///shop.db", "CREATE INDEX job ON celery_jobs (id)")

    assert command(here, "migrate").stdout == (
        f"L{LEFT.format('celery_jobs')[1:]}\nNothing to do: no changes detected\n"
    )


def test_under_an_env_py_of_the_users_the_same_holds(here, command):
    (here.root / "migrations/versions/aaa_first.py").rename(here.root / "aaa_first.py")
    (here.root / "migrations/versions/.keep").unlink()
    (here.root / "migrations/versions").rmdir()
    (here.root / "migrations").rmdir()
    alembic_init(here, "migrations")
    (here.root / "aaa_first.py").rename(here.root / "migrations/versions/aaa_first.py")
    edit(
        here,
        "migrations/env.py",
        "target_metadata = None",
        "from shop import Base\n\ntarget_metadata = Base.metadata",
    )

    assert command(here, "migrate").stdout == (
        f"L{LEFT.format('celery_jobs')[1:]}\nNothing to do: no changes detected\n"
    )


@pytest.fixture
def one_database(two_bases, command):
    """Two bases in one database, each with a version table of its own."""
    edit(
        two_bases,
        "pyproject.toml",
        'metadata = "shop.app:Base"',
        'metadata = "shop.app:Base"\nversion_table = "app_version"',
    )
    edit(two_bases, "pyproject.toml", "sqlite:///reporting.db", "sqlite:///app.db")
    command(two_bases, "init", "--all")
    command(two_bases, "migrate", "--all", "-m", "first")
    command(two_bases, "upgrade", "--all")
    return two_bases


def test_two_bases_in_one_database_leave_each_others_tables_alone(one_database, command):
    made = command(one_database, "migrate", "--all", "-m", "second")

    assert made.stdout == (
        f"app: {LEFT.format('turnover')}\n"
        "app: nothing to do: no changes detected\n"
        f"reporting: {LEFT.format('customer, purchase')}\n"
        "reporting: nothing to do: no changes detected\n"
    )
    assert command(one_database, "check", "--all").exit == 0


def test_not_even_drop_unowned_drops_another_bases_version_table(one_database, command):
    made = command(one_database, "migrate", "--base", "app", "--set", "drop_unowned=true")

    assert made.stdout.splitlines()[:-1] == ["app: detected: remove table turnover"]


SUBPACKAGE = """
    from sqlalchemy import Column, Integer

    from model.base import Base


    class Shelf(Base):
        __tablename__ = "shelf"

        id = Column(Integer, primary_key=True)
    """


@pytest.fixture
def forgotten(tutorial, command):
    """The tutorial with a model that was imported once and now is in a package that is not."""
    tutorial.write("model/shelf.py", SUBPACKAGE)
    command(tutorial, "init")
    command(tutorial, "migrate", "-m", "first", "--rev-id", "aaa")
    command(tutorial, "upgrade")
    (tutorial.root / "model/shelf.py").unlink()
    tutorial.write("model/furniture/__init__.py", "")
    tutorial.write("model/furniture/shelf.py", SUBPACKAGE)
    return tutorial


WARNING = (
    "Warning: ROOT/model/furniture/shelf.py declares the table shelf and was not imported: its "
    "DROP was left out. Import it in import_models(), or name it in models = [...]\n"
)


def test_a_model_that_was_not_imported_does_not_lose_its_table(forgotten, command):
    made = command(forgotten, "migrate", "-m", "second")

    assert made.stdout == "Nothing to do: no changes detected\n"
    assert placed(made.stderr, forgotten) == WARNING


def test_check_finds_a_model_that_was_not_imported(forgotten, command):
    found = command(forgotten, "check", status=4)

    assert placed(found.stdout, forgotten) == (
        "ROOT/model/furniture/shelf.py declares the table shelf and was not imported\n"
        "  import it in import_models(), or name it in models = [...]\n"
    )
    assert placed(found.stderr, forgotten) == WARNING


def test_a_base_that_lost_all_its_models_drops_no_table(forgotten, command):
    for file in ("model/book.py", "model/furniture/shelf.py"):
        (forgotten.root / file).unlink()

    made = command(forgotten, "migrate")
    found = command(forgotten, "check", status=4)

    assert made.stdout == "Nothing to do: no changes detected\n"
    assert "the models have no table at all, and this history made book: its DROP" in made.stderr
    assert found.stdout == (
        "The models have no table at all, and this history made book\n"
        "The models have no table at all, and this history made shelf\n"
        '  are they imported? models = ["package.models.*"]; drop_unowned = true drops it\n'
    )
    made = command(forgotten, "--set", "drop_unowned=true", "migrate", "--rev-id", "ccc")
    detected, wrote = made.stdout.splitlines()[:-1], made.stdout.splitlines()[-1]
    assert sorted(detected) == ["Detected: remove table book", "Detected: remove table shelf"]
    assert wrote == "Wrote migrations/versions/ccc_.py"


def test_naming_the_package_ends_the_warning(forgotten, command):
    forgotten.write(
        "pyproject.toml",
        '[tool.alembic-migrate]\nmodule = "model.base"\nmodels = ["model.furniture.*"]\n',
    )

    found = command(forgotten, "migrate")

    assert (found.stdout, found.stderr) == ("Nothing to do: no changes detected\n", "")


def test_a_model_that_is_gone_everywhere_does_lose_its_table(forgotten, command):
    (forgotten.root / "model/furniture/shelf.py").unlink()

    assert command(forgotten, "migrate", "--rev-id", "bbb").stdout == (
        "Detected: remove table shelf\nWrote migrations/versions/bbb_.py\n"
    )


def test_metadata_that_is_named_does_not_lose_tables_of_models_that_are_not(forgotten, command):
    forgotten.write(
        "pyproject.toml",
        '[tool.alembic-migrate]\nmetadata = "model.base:Base"\nmodels = ["model.book"]\n'
        'url = "sqlite:///demo.db"\n',
    )

    made = command(forgotten, "migrate", "-m", "second")

    assert made.stdout == "Nothing to do: no changes detected\n"
    assert placed(made.stderr, forgotten) == WARNING


def test_a_model_beside_a_base_module_without_a_package_does_not_lose_its_table(here, command):
    here.write(
        "furniture.py",
        """
        from shop import Base
        from sqlalchemy import Column, Integer


        class Celery_Job(Base):
            __tablename__ = "celery_jobs"

            id = Column(Integer, primary_key=True)
        """,
    )
    here.write("migrations/versions/bbb_.py", revision_text("bbb", "aaa", upgrade=MADE))
    command(here, "stamp", "bbb")

    found = command(here, "check", status=4)

    assert placed(found.stdout, here) == (
        "ROOT/furniture.py declares the table celery_jobs and was not imported\n"
        "  import it in import_models(), or name it in models = [...]\n"
    )


def test_a_table_that_moved_to_another_base_is_dropped(here, command):
    here.write(
        "furniture.py",
        """
        from sqlalchemy import Column, Integer
        from sqlalchemy.orm import declarative_base

        Base = declarative_base()


        class CeleryJobs(Base):
            __tablename__ = "celery_jobs"

            id = Column(Integer, primary_key=True)
        """,
    )
    here.write("migrations/versions/bbb_.py", revision_text("bbb", "aaa", upgrade=MADE))
    command(here, "stamp", "bbb")

    assert command(here, "check", status=4).stdout == (
        "No revision does this: remove table celery_jobs\n  alembic-db migrate\n"
    )
