"""The ancestor's tutorial, command by command, as its users know it."""

from __future__ import annotations

import warnings
from functools import partial

import pytest

from tests import projects

# SQLAlchemy calls the ancestor's import deprecated; the command shows no such advice, see below.
pytestmark = pytest.mark.filterwarnings("ignore:The ``declarative_base")

# The first file as the ancestor's README has it, the deprecated import included.
FILES = {
    **projects.TUTORIAL,
    "model/base.py": """
        from sqlalchemy.ext.declarative import declarative_base

        Base = declarative_base()


        def get_base():
            return {"base": Base, "sqlalchemy_url": "sqlite:///demo.db"}
        """,
}


@pytest.fixture
def tutorial(project):
    return project(FILES)


def steps(run, cwd="."):
    """Run the tutorial's commands and return what they answered."""
    return [
        run(*words, cwd=cwd)
        for words in (
            ("init",),
            ("migrate", "-m", "first tables", "--rev-id", "a1"),
            ("upgrade",),
            ("current",),
        )
    ]


def test_the_tutorial_makes_the_table_of_its_book(tutorial):
    init, migrate, upgrade, current = steps(tutorial.run)
    assert init.stderr == migrate.stderr == current.stderr == ""
    assert init.stdout == (
        "Wrote migrations/README\n"
        "Wrote migrations/env.py\n"
        "Wrote migrations/script.py.mako\n"
        "Next:\n"
        '  alembic-db migrate -m "first tables"   (writes a revision; read it)\n'
        "  alembic-db upgrade   (applies it)\n"
    )
    assert migrate.stdout == (
        "Detected: add table book\nWrote migrations/versions/a1_first_tables.py\n"
    )
    assert upgrade.stdout == "Upgraded to a1 (head), 1 revision\n"
    assert upgrade.stderr == "Running upgrade  -> a1, first tables\n"
    assert current.stdout == "a1 (head)\n"
    assert tutorial.tables("sqlite:///demo.db") == ["alembic_version", "book"]
    assert [file for file in tutorial.files() if "model" not in file] == [
        "demo.db",
        "demo.db.migration-lock",
        "migrations/README",
        "migrations/env.py",
        "migrations/script.py.mako",
        "migrations/versions/a1_first_tables.py",
    ]


def test_the_tutorial_goes_on_with_a_new_column_and_back(tutorial, command):
    steps(partial(command, tutorial))
    book = FILES["model/book.py"] + "\n            year = Column(Integer)\n"
    tutorial.write("model/book.py", book)
    assert command(tutorial, "migrate", "-m", "year", "--rev-id", "b2").stdout == (
        "Detected: add column book.year\nWrote migrations/versions/b2_year.py\n"
    )
    assert command(tutorial, "upgrade").stdout == "Upgraded to b2 (head), 1 revision\n"
    assert command(tutorial, "history").stdout == (
        "a1 -> b2 (head), year\n<base> -> a1, first tables\n"
    )
    assert command(tutorial, "downgrade").stdout == "Downgraded to a1, 1 revision\n"
    assert command(tutorial, "downgrade").stdout == "Downgraded to base, 1 revision\n"
    assert tutorial.tables("sqlite:///demo.db") == ["alembic_version"]


def test_a_project_with_a_table_means_the_same_from_every_folder(tutorial, command):
    tutorial.write("pyproject.toml", "[tool.alembic-migrate]\n")
    tutorial.write("docs/deep/page.txt", "")
    init, migrate, upgrade, current = steps(partial(command, tutorial), cwd="docs/deep")
    root = tutorial.root
    assert init.stdout.splitlines()[:3] == [
        f"Wrote {root}/migrations/{name}" for name in ("README", "env.py", "script.py.mako")
    ]
    assert migrate.stdout == (
        f"Detected: add table book\nWrote {root}/migrations/versions/a1_first_tables.py\n"
    )
    assert upgrade.stdout == "Upgraded to a1 (head), 1 revision\n"
    assert current.stdout == "a1 (head)\n"
    assert tutorial.tables("sqlite:///demo.db") == ["alembic_version", "book"]
    assert tutorial.files("docs") == ["docs/deep/page.txt"]


def test_a_project_without_a_table_is_named_from_elsewhere(tutorial, command):
    tutorial.write("docs/page.txt", "")
    for words in (("init",), ("migrate",), ("upgrade",)):
        command(tutorial, "-C", "..", *words, cwd="docs")
    assert tutorial.tables("sqlite:///demo.db") == ["alembic_version", "book"]
    assert tutorial.files("docs") == ["docs/page.txt"]


def test_the_words_of_the_ancestor_choose_another_base_module(tutorial, command):
    tutorial.write("other/__init__.py", "")
    other = FILES["model/base.py"].replace("demo.db", "other.db")
    tutorial.write("other/base.py", other)
    tutorial.write("other/shelf.py", FILES["model/book.py"].replace("model.", "other."))
    env = {"ALEMBIC_BASE": "other.base"}
    command(tutorial, "init", env=env)
    command(tutorial, "migrate", env=env)
    command(tutorial, "upgrade", env=env)
    assert tutorial.tables("sqlite:///other.db") == ["alembic_version", "book"]
    assert not (tutorial.root / "demo.db").exists()


def test_a_warning_that_the_user_makes_an_error_is_told_with_the_users_line(tutorial, command):
    command(tutorial, "init")
    with warnings.catch_warnings(action="error"):
        said = command(tutorial, "migrate", status=2).stderr
    place = f"{tutorial.root}/model/base.py:3: MovedIn20Warning"
    front = "Error: module model.base (asked for by default) failed while importing: "
    assert said.startswith(f"{front}{place}: The ``declarative_base()`` function is now")
