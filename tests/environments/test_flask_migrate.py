"""Folders that ``flask db init`` makes."""

from __future__ import annotations

import shutil

import alembic
import pytest

from tests import projects
from tests.environments.conftest import other, placed

APP = """
    import os

    from flask import Flask
    from flask_migrate import Migrate
    from flask_sqlalchemy import SQLAlchemy

    db = SQLAlchemy()


    class Book(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        title = db.Column(db.String(100), nullable=False)


    def create_app():
        app = Flask(__name__)
        here = os.path.dirname(__file__)
        app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get(
            "DATABASE_URL", f"sqlite:///{here}/shop.db"
        )
        db.init_app(app)
        Migrate(app, db)
        return app
    """

RECOGNISED = """\
Error: the environment script ROOT/migrations/env.py is one of Flask-Migrate's: it needs \
current_app, and there is no Flask application here
  use the built-in environment instead; in pyproject.toml:
  [tool.alembic-migrate]
  env = "builtin"
  metadata = "yourapp:db.metadata"  # where your SQLAlchemy() object lives
  url = "${DATABASE_URL}"  # what SQLALCHEMY_DATABASE_URI is
  or push a context in the base module: create_app().app_context().push()
"""


@pytest.fixture(scope="module")
def initialised(tmp_path_factory):
    here = projects.make(tmp_path_factory.mktemp("flask"), {"app.py": APP})
    if alembic.__version__ == "1.16.0":
        pytest.skip("Alembic 1.16.0 does not find Flask-Migrate's templates: flask db init fails")
    other("flask", here, "db", "init")
    return here


@pytest.fixture
def flask(initialised, tmp_path):
    shutil.copytree(initialised.root, tmp_path / "project")
    return projects.Project(tmp_path / "project")


@pytest.mark.parametrize("words", [("upgrade",), ("current",), ("migrate",), ("check",)])
def test_a_folder_of_flask_migrates_is_recognised(flask, command, words):
    assert placed(command(flask, *words, status=2).stderr, flask) == RECOGNISED


def test_commands_that_ask_no_database_need_no_flask(flask, command):
    assert command(flask, "revision", "-m", "first", "--rev-id", "aaa").stdout == (
        "Wrote migrations/versions/aaa_first.py\n"
    )
    assert command(flask, "heads").stdout == "aaa (head)\n"
    assert command(flask, "history").stdout == "<base> -> aaa (head), first\n"


def test_the_lines_that_the_message_has_to_paste_work(flask, command):
    told = command(flask, "upgrade", status=2).stderr.split("\n")
    first = told.index("  [tool.alembic-migrate]")
    pasted = "\n".join(line.strip() for line in told[first : first + 4])
    flask.write("pyproject.toml", pasted.replace("yourapp", "app"))
    with_url = {"DATABASE_URL": "sqlite:///shop.db"}

    made = command(flask, "migrate", "-m", "first", "--rev-id", "aaa", env=with_url)
    assert made.stdout == "Detected: add table book\nWrote migrations/versions/aaa_first.py\n"
    command(flask, "upgrade", env=with_url)
    assert command(flask, "check", "--drift", env=with_url).stdout == "No problems found\n"
    assert flask.tables("sqlite:///shop.db") == ["alembic_version", "book"]


def test_a_base_with_a_name_is_told_to_paste_under_its_own_heading(flask, command):
    flask.write(
        "pyproject.toml",
        """
        [tool.alembic-migrate.bases.shop]
        directory = "migrations"
        """,
    )

    failed = command(flask, "upgrade", "--base", "shop", status=2)

    assert placed(failed.stderr, flask) == RECOGNISED.replace(
        "[tool.alembic-migrate]", "[tool.alembic-migrate.bases.shop]"
    )


# The generated env.py asks Flask-SQLAlchemy for what it warns of.
of_its_own = pytest.mark.filterwarnings("ignore:'get_engine' is deprecated")

PUSHED = """
    from app import create_app, db

    create_app().app_context().push()


    def get_base():
        return {"base": db}
    """


@of_its_own
def test_with_a_context_from_the_base_module_the_folder_runs_as_it_is(flask, command):
    flask.write("model/__init__.py", "")
    flask.write("model/base.py", PUSHED)

    made = command(flask, "migrate", "-m", "first", "--rev-id", "aaa")
    assert made.stdout == "Detected: add table book\nWrote migrations/versions/aaa_first.py\n"
    assert command(flask, "upgrade").stdout == "Upgraded to aaa (head), 1 revision\n"
    assert flask.tables("sqlite:///shop.db") == ["alembic_version", "book"]
    assert command(flask, "migrate").stdout == "Nothing to do: no changes detected\n"
    assert command(flask, "current").stdout == "aaa (head)\n"
    assert command(flask, "check").stdout == "No problems found\n"
    # The URL is the application's alone.
    refused = command(flask, "--url", "sqlite://", "check", "--scratch", status=2).stderr
    assert "Error: something connects to another database than the scratch one" in refused
    assert command(flask, "downgrade", "--sql", "aaa:base").stdout.startswith(
        "-- Running downgrade aaa -> \n"
    )
    assert command(flask, "downgrade").stdout == "Downgraded to base, 1 revision\n"
    assert "book" not in flask.tables("sqlite:///shop.db")


def test_flask_db_and_alembic_db_take_turns_on_one_folder(flask):
    flask.write("wsgi.py", PUSHED)
    flask.write("pyproject.toml", '[tool.alembic-migrate]\nmodule = "wsgi"\n')

    other("flask", flask, "db", "migrate", "-m", "first", "--rev-id", "aaa")
    assert flask.run("upgrade").stdout == "Upgraded to aaa (head), 1 revision\n"
    assert other("flask", flask, "db", "current").stdout == "aaa (head)\n"


@of_its_own
@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_a_url_that_the_script_has_doubled_reaches_the_server(flask, command, request, server):
    flask.write("model/__init__.py", "")
    flask.write("model/base.py", PUSHED)
    real = {"DATABASE_URL": request.getfixturevalue(f"{server}_url")}
    assert "%40" in real["DATABASE_URL"]

    command(flask, "migrate", "-m", "first", "--rev-id", "aaa", env=real)
    assert command(flask, "upgrade", env=real).stdout == "Upgraded to aaa (head), 1 revision\n"
    assert command(flask, "check", env=real).stdout == "No problems found\n"
    assert "CREATE TABLE book" in command(flask, "upgrade", "--sql", env=real).stdout
