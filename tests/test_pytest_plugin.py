"""The pytest plugin, as a user's own tests see it: in a process of its own."""

from __future__ import annotations

import re

import pytest

from tests.projects import Project, Result, revision_text
from tests.servers import asynchronous

PYTEST = ("-W", "error", "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", "-q")
COLUMNS = "sa.Column('id', sa.Integer, primary_key=True)"

BOOKS = """
    import sqlalchemy as sa

    metadata = sa.MetaData()
    book = sa.Table("book", metadata, sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("cents", sa.Integer))
    """


def run(here: Project, *words: str, status: int = 0) -> Result:
    return here.run(*words, python=PYTEST, status=status)


def plain(result: Result) -> str:
    return re.sub(r"in \d+\.\d\ds", "in <time>", result.stdout)


@pytest.fixture
def books(project):
    """``books(url)`` writes a base whose second revision turns prices into cents."""

    def make(url: str) -> Project:
        here = project(
            {
                "pyproject.toml": f"""
                [tool.alembic-migrate.bases.books]
                metadata = "db:metadata"
                url = "{url}"
                """,
                "db.py": BOOKS,
            }
        )
        make = f"op.create_table('book', {COLUMNS}, sa.Column('price', sa.Numeric(8, 2)))"
        turn = "op.add_column('book', sa.Column('cents', sa.Integer))\n"
        turn += "op.execute('UPDATE book SET cents = price * 100')\nop.drop_column('book', 'price')"
        back = "op.add_column('book', sa.Column('price', sa.Numeric(8, 2)))\n"
        back += "op.drop_column('book', 'cents')"
        for text in (
            revision_text("aaa", upgrade=make, downgrade="op.drop_table('book')"),
            revision_text("bbb", "aaa", upgrade=turn, downgrade=back),
        ):
            name = "bbb" if "'bbb'" in text else "aaa"
            here.write(f"migrations/books/versions/{name}.py", text)
        return here

    return make


def test_nothing_is_imported_for_a_run_that_does_not_ask(books, sqlite_url):
    here = books(sqlite_url)
    here.write(
        "test_it.py",
        """
        import sys


        def test_it():
            found = {name.partition(".")[0] for name in sys.modules}
            assert not found & {"alembic", "sqlalchemy", "pydantic", "click", "db"}
            ours = {name for name in sys.modules if name.startswith("alembic_migrate")}
            light = ("", ".pytest_plugin", ".version")
            assert ours == {f"alembic_migrate{name}" for name in light}
        """,
    )
    assert plain(run(here)).splitlines()[-1] == "1 passed in <time>"


def test_each_base_and_question_is_a_test(two_bases):
    here = two_bases
    assert plain(run(here, "--alembic-db", "--co")).splitlines() == [
        *(
            f"alembic-db::{base}::{question}"
            for base in ("app", "reporting")
            for question in ("history", "up", "models", "down", "again")
        ),
        "",
        "10 tests collected in <time>",
    ]
    assert plain(run(here, "--alembic-db=rep*", "--co", "-k", "up or down")).splitlines() == [
        "alembic-db::reporting::up",
        "alembic-db::reporting::down",
        "",
        "2/5 tests collected (3 deselected) in <time>",
    ]


@pytest.mark.parametrize("words", [("--alembic-db", "tests"), ("tests", "--alembic-db")])
def test_what_stands_behind_the_option_is_no_base(books, sqlite_url, words):
    here = books(sqlite_url)
    here.write("other/test_other.py", "def test_other():\n    pass\n")
    here.write(
        "tests/conftest.py", "def pytest_addoption(parser):\n    parser.addoption('--mine')\n"
    )
    here.write("tests/test_it.py", "def test_it():\n    pass\n")
    said = plain(run(here, *words, "--mine=1", "--co")).splitlines()
    asked = [f"alembic-db::books::{each}" for each in ("history", "up", "models", "down", "again")]
    assert said == ["tests/test_it.py::test_it", *asked, "", "6 tests collected in <time>"]


def test_the_option_may_stand_in_the_configuration_and_before_two_dashes(books, sqlite_url):
    here = books(sqlite_url)
    here.write("pytest.ini", "[pytest]\naddopts = --alembic-db\n")
    here.write("tests/test_it.py", "def test_it():\n    pass\n")
    for words in (("tests",), ("--alembic-db", "--", "tests")):
        assert plain(run(here, "--co", *words)).splitlines()[-1] == "6 tests collected in <time>"


@pytest.mark.parametrize("words", [(), ("-n2",), ("-p", "no:xdist", "-k", "down or models")])
def test_a_good_history_passes(books, sqlite_url, words):
    here = books(sqlite_url)
    here.write("test_it.py", "def test_it():\n    pass\n")
    said = plain(run(here, "--alembic-db", *words)).splitlines()[-1]
    count = "6 passed" if len(words) < 3 else "2 passed, 4 deselected"
    assert said == f"{count} in <time>"


def test_a_failure_is_the_findings_and_no_traceback(books, sqlite_url):
    here = books(sqlite_url)
    path = "migrations/books/versions/bbb.py"
    text = here.read(path)
    here.write(path, text[: text.index("def downgrade")] + "def downgrade():\n    pass\n")
    here.write("db.py", here.read("db.py").replace('"cents", sa.Integer', '"cents", sa.String(9)'))
    said = plain(run(here, "--alembic-db", status=1))
    assert said.partition("FAILURES")[2] == (
        " ===================================\n"
        "________________________________ books: models _________________________________\n"
        "no revision does this: change type of book.cents: INTEGER -> VARCHAR(9)\n"
        "  alembic-db migrate --base books --scratch\n"
        "_________________________________ books: down __________________________________\n"
        "the downgrade of revision bbb does nothing: it leaves column book.cents and does not "
        "bring back column book.price\n"
        '  write it, or say that there is no way back: raise NotImplementedError("why")\n'
        "=========================== short test summary info ============================\n"
        "FAILED alembic-db::books::models - no revision does this: change type of book...\n"
        "FAILED alembic-db::books::down - the downgrade of revision bbb does nothing: ...\n"
        "2 failed, 3 passed in <time>\n"
    )


def test_what_depends_on_a_question_that_failed_is_skipped(books, sqlite_url):
    here = books(sqlite_url)
    here.write("migrations/books/versions/ccc.py", revision_text("ccc", "nowhere"))
    said = plain(run(here, "--alembic-db", "-rs", status=1)).splitlines()
    skipped = [line for line in said if line.startswith("SKIPPED")]
    assert len(skipped) == 1
    assert skipped[0].startswith("SKIPPED [4] ")
    assert skipped[0].endswith(": the history cannot be read")
    assert said[-1] == "1 failed, 4 skipped in <time>"


def test_an_error_is_told_without_a_traceback(books, sqlite_url):
    here = books(f"{sqlite_url}")
    here.write("db.py", "raise ValueError('broken')\n")
    said = plain(run(here, "--alembic-db", "-k", "up", status=1))
    assert f"{here.root}/db.py:1" in said
    assert "pytest_plugin" not in said


def test_a_base_that_there_is_not_is_a_usage_error(books, sqlite_url):
    said = run(books(sqlite_url), "--alembic-db=nope", status=4).stderr
    assert said == (
        'ERROR: there is no base "nope" (asked for by --base)\n'
        "  the base is: books\n"
        "  --base books\n\n"
    )


USE = """
    import pytest


    def test_prices_become_cents(alembic_scratch):
        scratch = alembic_scratch("books")
        scratch.before("bbb")
        assert scratch.current == ("aaa",)
        with scratch.engine.begin() as connection:
            connection.execute(scratch.table("book").insert().values(id=1, price=1.5))
        assert [step.revision for step in scratch.upgrade("bbb").steps] == ["bbb"]
        with scratch.connect() as connection:
            assert connection.execute(scratch.table("book").select()).all() == [(1, 150)]
        scratch.downgrade()
        assert scratch.current == ("aaa",)
        scratch.downgrade("base")
        assert scratch.current == ()


    def test_the_one_base_needs_no_name(alembic_scratch, alembic_db):
        one, other = alembic_scratch(), alembic_scratch()
        one.upgrade()
        assert (one.base, one.current, other.current) == ("books", ("bbb",), ())
        assert [each.revision for each in alembic_db.base("books").heads()[0].revisions] == ["bbb"]
        assert alembic_db.project.names == ("books",)


    @pytest.mark.parametrize("alembic_scratch", ["books"], indirect=True)
    def test_a_base_may_be_a_parameter(alembic_scratch):
        assert alembic_scratch().base == "books"
    """


@pytest.mark.parametrize("driver", ["sync", "async"])
def test_a_migration_is_tested_on_a_scratch_database(books, database_url, driver):
    url = database_url if driver == "sync" else asynchronous(database_url)
    here = books(url)
    here.write("test_it.py", USE)
    assert plain(run(here)).splitlines()[-1] == "3 passed in <time>"
    assert here.tables(database_url) == []


def test_a_scratch_database_goes_with_its_test(books, postgresql_url):
    here = books(postgresql_url)
    here.write(
        "test_it.py",
        """
        def test_it(alembic_scratch):
            scratch = alembic_scratch()
            scratch.upgrade()
            assert scratch.current == ()
        """,
    )
    asked = "SELECT datname FROM pg_database WHERE datname LIKE 'alembic%%'"
    assert "1 failed" in run(here, status=1).stdout
    assert here.rows(postgresql_url, asked) == []


def test_the_project_may_be_elsewhere(books, sqlite_url):
    here = books(sqlite_url)
    here.write("tests/pytest.ini", "[pytest]\nalembic_db_project = ..\n")
    result = here.run("--alembic-db", "--co", cwd="tests", python=PYTEST)
    assert "alembic-db::books::up" in result.stdout.splitlines()
