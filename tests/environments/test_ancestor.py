"""Folders that alembic-migrate 2 generated: an alembic.ini inside, and an env.py that asks us."""

from __future__ import annotations

import pytest

from tests.environments.conftest import placed

ENV = """
    from __future__ import with_statement

    import logging
    from logging.config import fileConfig

    from alembic import context
    from sqlalchemy import engine_from_config, pool

    config = context.config

    fileConfig(config.config_file_name)
    logger = logging.getLogger("alembic.env")

    from alembic_migrate.cli import get_base, import_models

    target_base, url = get_base()
    import_models()

    config.set_main_option(
        "sqlalchemy.url",
        url)
    target_metadata = target_base.metadata


    def run_migrations_offline():
        url = config.get_main_option("sqlalchemy.url")
        context.configure(url=url, target_metadata=target_metadata, literal_binds=True)

        with context.begin_transaction():
            context.run_migrations()


    def run_migrations_online():
        def process_revision_directives(context, revision, directives):
            if getattr(config.cmd_opts, "autogenerate", False):
                script = directives[0]
                if script.upgrade_ops.is_empty():
                    directives[:] = []
                    logger.info("No changes in schema detected.")

        connectable = engine_from_config(
            config.get_section(config.config_ini_section),
            prefix="sqlalchemy.",
            poolclass=pool.NullPool,
        )

        with connectable.connect() as connection:
            context.configure(
                connection=connection,
                target_metadata=target_metadata,
                process_revision_directives=process_revision_directives,
            )

            with context.begin_transaction():
                context.run_migrations()


    if context.is_offline_mode():
        run_migrations_offline()
    else:
        run_migrations_online()
    """

INI = """
    # A generic, single database configuration.

    [alembic]
    # file_template = %%(rev)s_%%(slug)s
    # revision_environment = false

    [loggers]
    keys = root,sqlalchemy,alembic

    [handlers]
    keys = console

    [formatters]
    keys = generic

    [logger_root]
    level = WARN
    handlers = console
    qualname =

    [logger_sqlalchemy]
    level = WARN
    handlers =
    qualname = sqlalchemy.engine

    [logger_alembic]
    level = INFO
    handlers =
    qualname = alembic

    [handler_console]
    class = StreamHandler
    args = (sys.stderr,)
    level = NOTSET
    formatter = generic

    [formatter_generic]
    format = %(levelname)-5.5s [%(name)s] %(message)s
    datefmt = %H:%M:%S
    """

TEMPLATE = '''
    """${message}

    Revision ID: ${up_revision}
    Revises: ${down_revision | comma,n}
    Create Date: ${create_date}

    """
    from alembic import op
    import sqlalchemy as sa
    ${imports if imports else ""}

    revision = ${repr(up_revision)}
    down_revision = ${repr(down_revision)}
    branch_labels = ${repr(branch_labels)}
    depends_on = ${repr(depends_on)}


    def upgrade():
        ${upgrades if upgrades else "pass"}


    def downgrade():
        ${downgrades if downgrades else "pass"}
    '''

BASE = """
    import os

    from sqlalchemy.orm import declarative_base

    Base = declarative_base()


    def get_base():
        return {"base": Base, "sqlalchemy_url": os.environ.get("DATABASE_URL", "sqlite:///demo.db")}
    """

MODEL = """
    from sqlalchemy import Column, Integer, String

    from PACKAGE.base import Base


    class Book(Base):
        __tablename__ = "book"

        id = Column(Integer, primary_key=True)
        title = Column(String(100), nullable=False)
    """


def folder(package: str = "model") -> dict[str, str]:
    """Return the files of a project of the ancestor's."""
    return {
        "migrations/env.py": ENV,
        "migrations/alembic.ini": INI,
        "migrations/script.py.mako": TEMPLATE,
        "migrations/README": "Generic single-database configuration.",
        "migrations/versions/.keep": "",
        f"{package}/__init__.py": "",
        f"{package}/base.py": BASE,
        f"{package}/book.py": MODEL.replace("PACKAGE", package),
    }


def test_every_command_works_with_a_folder_of_the_ancestors(project, command):
    here = project(folder())

    made = command(here, "migrate", "-m", "first", "--rev-id", "aaa")
    assert made.stdout == "Detected: add table book\nWrote migrations/versions/aaa_first.py\n"
    assert command(here, "upgrade").stdout == "Upgraded to aaa (head), 1 revision\n"
    assert here.tables("sqlite:///demo.db") == ["alembic_version", "book"]
    assert command(here, "upgrade").stdout == "Already at aaa (head)\n"
    again = command(here, "migrate", "-m", "again")
    assert again.stdout == "Nothing to do: no changes detected\n"
    assert "INFO  [alembic.env] No changes in schema detected.\n" in again.stderr
    assert here.versions() == ["aaa_first.py"]

    second = command(here, "revision", "-m", "second", "--rev-id", "bbb")
    assert second.stdout == "Wrote migrations/versions/bbb_second.py\n"
    assert command(here, "current").stdout == "aaa\n"
    assert command(here, "heads").stdout == "bbb (head)\n"
    assert command(here, "branches").stdout == ""
    assert command(here, "show", "aaa").stdout.startswith("Rev: aaa\nParent: <base>\n")
    assert command(here, "history", "-i").stdout == (
        "aaa -> bbb (head), second\n<base> -> aaa (current), first\n"
    )
    assert command(here, "check", status=4).stdout == (
        "Revision bbb is not in the database: second\n  alembic-db upgrade\n"
        "The models were not compared, since revisions are pending: check --scratch compares them "
        "with the history\n"
    )
    assert command(here, "stamp", "bbb").stdout == "Stamped bbb (head)\n"
    assert command(here, "check").stdout == "No problems found\n"
    assert command(here, "check", "--drift").stdout == "No problems found\n"
    assert command(here, "current", "--head-only").stdout == "bbb (head)\n"
    assert command(here, "downgrade").stdout == "Downgraded to aaa, 1 revision\n"
    assert command(here, "downgrade", "--sql", "aaa:base").stdout.startswith(
        "-- Running downgrade aaa -> \n\n"
        "DROP TABLE book;\n\n"
        "DELETE FROM alembic_version WHERE alembic_version.version_num = 'aaa';\n"
    )
    row = command(here, "status").stdout.split("\n")[1]
    assert placed(row, here).split() == [
        "default",
        "sqlite:///ROOT/demo.db",
        "aaa",
        "bbb",
        "1",
        "behind",
    ]


def test_the_variable_chooses_the_base_module_of_an_ancestors_folder(project, command):
    here = project(folder("library"))
    chosen = {"ALEMBIC_BASE": "library.base"}

    command(here, "migrate", "-m", "first", "--rev-id", "aaa", env=chosen)
    here.run("upgrade", env=chosen)

    assert command(here, "current", env=chosen).stdout == "aaa (head)\n"
    assert here.tables("sqlite:///demo.db") == ["alembic_version", "book"]


def test_import_models_of_the_base_module_says_what_is_imported(project, command):
    here = project(
        {
            **folder(),
            "model/base.py": BASE
            + """

    def import_models():
        import elsewhere
    """,
            "model/broken.py": "raise RuntimeError('nobody asked for this one')",
            "elsewhere.py": MODEL.replace("PACKAGE", "model").replace("book", "shelf"),
        }
    )

    made = command(here, "migrate", "-m", "first", "--rev-id", "aaa")

    assert made.stdout == "Detected: add table shelf\nWrote migrations/versions/aaa_first.py\n"


def test_a_percent_in_the_url_of_the_ancestor_needs_no_doubling(project, command):
    here = project(folder())
    odd = {"DATABASE_URL": "sqlite:///50%25 of %(it)s.db"}

    command(here, "migrate", "-m", "first", "--rev-id", "aaa", env=odd)
    command(here, "upgrade", env=odd)

    assert command(here, "current", env=odd).stdout == "aaa (head)\n"
    assert here.tables(odd["DATABASE_URL"]) == ["alembic_version", "book"]


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_a_password_with_a_percent_reaches_the_server(project, command, request, server):
    here = project(folder())
    real = {"DATABASE_URL": request.getfixturevalue(f"{server}_url")}
    assert "%40" in real["DATABASE_URL"]

    command(here, "migrate", "-m", "first", "--rev-id", "aaa", env=real)
    command(here, "upgrade", env=real)

    assert command(here, "current", env=real).stdout == "aaa (head)\n"
    assert command(here, "check", "--drift", env=real).stdout == "No problems found\n"


def test_the_two_names_answer_for_the_base_that_is_being_run(project, command):
    here = project(
        {
            **{path.replace("migrations/", "old/"): text for path, text in folder().items()},
            **folder("library"),
            "pyproject.toml": """
                [tool.alembic-migrate.bases.old]
                module = "model.base"
                directory = "old"
                url = "sqlite:///old.db"

                [tool.alembic-migrate.bases.new]
                module = "library.base"
                directory = "migrations"
                url = "sqlite:///new.db"
                """,
            "library/book.py": MODEL.replace("PACKAGE", "library").replace("book", "shelf"),
        }
    )

    assert command(here, "migrate", "--all", "-m", "first").stdout.count("etected") == 2
    command(here, "upgrade", "--all")

    assert here.tables("sqlite:///old.db") == ["alembic_version", "book"]
    assert here.tables("sqlite:///new.db") == ["alembic_version", "shelf"]


def test_an_ancestors_folder_may_get_models_from_the_toml_alone(project, command):
    here = project(
        {
            **folder(),
            "pyproject.toml": """
                [tool.alembic-migrate]
                metadata = "model.book:Base"
                url = "sqlite:///toml.db"
                """,
        }
    )

    made = command(here, "migrate", "-m", "first", "--rev-id", "aaa")

    assert made.stdout == "Detected: add table book\nWrote migrations/versions/aaa_first.py\n"


@pytest.mark.parametrize(
    ("base", "said"),
    [
        (
            "",
            (
                "Error: ROOT/model/base.py: the module model.base (asked for by default) has no "
                "get_base()\n"
                "  add it, or set metadata in pyproject.toml:\n"
                "  def get_base():\n"
                "      return {'base': Base, 'sqlalchemy_url': 'sqlite:///demo.db'}\n"
            ),
        ),
        (
            "import nowhere",
            (
                "Error: module model.base (asked for by default) failed while importing: "
                "ROOT/model/base.py:1: ModuleNotFoundError: No module named 'nowhere'\n"
                "  --raiseerr shows the whole traceback\n"
            ),
        ),
    ],
)
def test_what_is_wrong_with_the_base_module_is_told_as_without_an_env_py(
    project, command, base, said
):
    here = project({**folder(), "model/base.py": base})

    assert placed(command(here, "upgrade", status=2).stderr, here) == said
