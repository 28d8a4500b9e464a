"""Where models are found: modules, globs, lists of MetaData, binds; files that shadow others."""

from __future__ import annotations

import pytest

from tests.environments.conftest import BOOK, placed

SECOND = """
    from sqlalchemy import Column, Integer, MetaData, Table

    metadata = MetaData()
    Table("turnover", metadata, Column("id", Integer, primary_key=True))
    """


def model(table, base="shop.base"):
    """Return a module with one model."""
    return f"""
    from sqlalchemy import Column, Integer

    from {base} import Base


    class Model(Base):
        __tablename__ = "{table}"

        id = Column(Integer, primary_key=True)
    """


PACKAGE = {
    "shop/__init__.py": "",
    "shop/base.py": "from sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n",
    "shop/goods/__init__.py": "",
    "shop/goods/book.py": model("book"),
    "shop/goods/games/__init__.py": "",
    "shop/goods/games/chess.py": model("chess"),
    "shop/people/__init__.py": model("person"),
    "shop/people/__main__.py": "raise RuntimeError('never imported')",
    "migrations/versions/.keep": "",
}


def detected(here, command):
    """Return the tables that ``migrate`` finds in the models, of an empty database."""
    told = command(here, "migrate", "--rev-id", "aaa").stdout.splitlines()
    front = "Detected: add table "
    return [line.removeprefix(front) for line in told if line.startswith(front)]


@pytest.mark.parametrize(
    ("keys", "tables"),
    [
        ('metadata = "shop.base:Base"\nmodels = ["shop.goods.book"]', ["book"]),
        ('metadata = "shop.base:Base"\nmodels = ["shop.goods.*"]', ["book", "chess"]),
        ('metadata = "shop.base:Base"\nmodels = ["shop.*"]', ["book", "chess", "person"]),
        ('metadata = "shop.base:Base.metadata"\nmodels = ["shop.people"]', ["person"]),
        ('models = ["shop.goods.book", "shop.people.*"]', ["book", "person"]),
        ('models = ["shop.*"]', ["book", "chess", "person"]),
        ('models = ["shop.goods.book", "second"]', ["book", "turnover"]),
        (
            'metadata = ["shop.base:Base", "second:metadata"]\nmodels = ["shop.people"]',
            ["person", "turnover"],
        ),
        ('metadata = ["second:metadata", "second:metadata"]', ["turnover"]),
        ('metadata = "lists:both"', ["person", "turnover"]),
        ('metadata = "lists:named"', ["person", "turnover"]),
        ('metadata = "lists:db.metadatas.reporting"', ["turnover"]),
        ('metadata = "lists:db"', ["person"]),
    ],
)
def test_models_are_found_where_the_toml_says(project, command, keys, tables):
    here = project(
        {
            **PACKAGE,
            "second.py": SECOND,
            "lists.py": """
                from types import SimpleNamespace

                import shop.people
                from second import metadata
                from shop.base import Base

                both = [Base, metadata]
                named = {"": Base.metadata, "reporting": metadata}
                db = SimpleNamespace(metadata=Base.metadata, metadatas={"reporting": metadata})
                """,
            "pyproject.toml": f'[tool.alembic-migrate]\nurl = "sqlite:///shop.db"\n{keys}\n',
        }
    )

    assert detected(here, command) == tables
    command(here, "upgrade")
    assert here.tables("sqlite:///shop.db") == ["alembic_version", *tables]
    assert command(here, "check").stdout == "No problems found\n"


@pytest.mark.parametrize(
    ("extra", "tables"),
    [
        ({}, ["author", "book"]),
        ({"pyproject.toml": '[tool.alembic-migrate]\nmodels = ["extra"]\n'}, None),
        (
            {
                "model/base.py": """
                    from sqlalchemy.orm import declarative_base

                    Base = declarative_base()


                    def get_base():
                        return {"base": Base, "sqlalchemy_url": "sqlite:///demo.db"}


                    def import_models():
                        import model.author
                    """
            },
            ["author"],
        ),
    ],
    ids=["beside the base", "and those of models", "import_models"],
)
def test_a_base_module_brings_its_models(tutorial, command, extra, tables):
    tutorial.write("model/author.py", model("author", "model.base"))
    tutorial.write("model/shelf/__init__.py", model("shelf", "model.base"))
    tutorial.write("extra.py", model("extra", "model.base"))
    for path, text in extra.items():
        tutorial.write(path, text)
    if tables is None:
        tutorial.write(
            "pyproject.toml", '[tool.alembic-migrate]\nmodule = "model.base"\nmodels = ["extra"]\n'
        )
        tables = ["author", "book", "extra"]
    tutorial.write("migrations/versions/.keep", "")

    assert detected(tutorial, command) == tables


def test_a_users_module_is_imported_once_a_run(tutorial, command):
    book = tutorial.read("model/book.py")
    tutorial.write("model/book.py", f"print('book is imported')\n{book}")
    tutorial.write("migrations/versions/.keep", "")

    assert command(tutorial, "migrate").stderr.count("book is imported") == 1


def test_a_base_without_tables_is_warned_of(tutorial, command):
    (tutorial.root / "model/book.py").unlink()
    tutorial.write("migrations/versions/.keep", "")

    assert command(tutorial, "migrate").stderr == (
        "Warning: the base has no tables at all: is every model imported? "
        'models = ["package.models.*"] imports what is missing\n'
    )


@pytest.mark.parametrize(
    "file", ["secrets.py", "uuid.py", "alembic/__init__.py", "click.py", "logging/__init__.py"]
)
def test_a_file_that_has_the_name_of_anothers_module_is_warned_of(tutorial, file):
    tutorial.write(file, "raise RuntimeError('this is not the one that was meant')\n")

    tutorial.write("migrations/versions/.keep", "")

    made = tutorial.run("migrate", "-m", "first", "--rev-id", "aaa")

    assert made.stdout == "Detected: add table book\nWrote migrations/versions/aaa_first.py\n"
    assert placed(made.stderr, tutorial) == (
        f"Warning: ROOT/{file} has the name of a module that others import too; rename it, or "
        "import it from a package of its own\n"
    )


def test_a_migrations_folder_that_is_a_package_called_alembic_works(tutorial):
    tutorial.write("pyproject.toml", '[tool.alembic-migrate]\ndirectory = "alembic"\n')

    tutorial.run("init", "--package")
    assert "alembic/__init__.py" in tutorial.files()
    tutorial.run("migrate", "-m", "first", "--rev-id", "aaa")

    assert tutorial.run("upgrade").stdout == "Upgraded to aaa (head), 1 revision\n"


def test_a_model_of_a_package_with_a_driver_of_the_same_name_works(tutorial):
    tutorial.write("sqlite3/__init__.py", "raise RuntimeError('not the one that was meant')\n")
    tutorial.write("migrations/versions/.keep", "")

    assert tutorial.run("migrate", "-m", "first").exit == 0


def test_a_model_beside_the_base_that_fails_is_told_with_its_line(tutorial, command):
    tutorial.write("model/broken.py", "x = 1\nx.nothing\n")
    tutorial.write("migrations/versions/.keep", "")

    assert placed(command(tutorial, "migrate", status=2).stderr, tutorial) == (
        "Error: module model.broken (asked for by the folder of model.base) failed while "
        "importing: ROOT/model/broken.py:2: AttributeError: 'int' object has no attribute "
        "'nothing'\n"
        "  --raiseerr shows the whole traceback\n"
    )


def test_two_models_of_one_table_are_told_with_the_second(tutorial, command):
    tutorial.write(
        "model/again.py",
        BOOK.replace("Base = declarative_base()", "").replace(
            "from sqlalchemy.orm import declarative_base", "from model.base import Base"
        ),
    )
    tutorial.write("migrations/versions/.keep", "")

    failed = command(tutorial, "migrate", status=2)

    assert placed(failed.stderr, tutorial).startswith(
        "Error: module model.book (asked for by the folder of model.base) failed while importing: "
        "ROOT/model/book.py:6: InvalidRequestError: Table 'book' is already defined"
    )
