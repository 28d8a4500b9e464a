"""Files that declare a table and were not imported, and files that only seem to."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from alembic_migrate.discovery.declaring import Declarations, Places
from alembic_migrate.discovery.modules import import_user_module

BASE = """
    from sqlalchemy import MetaData
    from sqlalchemy.orm import DeclarativeBase, declared_attr


    class Base(DeclarativeBase):
        @declared_attr.directive
        def __tablename__(cls):
            return cls.__name__.lower()


    class Db:
        metadata = Base.metadata
        Model = Base


    db = Db()
    metadata = Base.metadata


    class Other(DeclarativeBase):
        pass
    """


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A project whose module app.db is imported: ``shop(path, text)`` writes another file."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def write(path: str, text: str) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
        return file

    write("app/__init__.py", "from app.db import db\n")
    write("app/db.py", BASE)
    import_user_module("app.db", "a test")
    return write


def found(tmp_path: Path, table: str = "book", package: str = "app") -> Path | None:
    metadata = sys.modules["app.db"].Base.metadata
    places = Places((tmp_path / package,), (tmp_path,), (metadata,), (tmp_path / "migrations",))
    return Declarations(places).file_of(table)


COLUMNS = "    id: Mapped[int] = mapped_column(primary_key=True)\n"
IMPORTS = "from sqlalchemy.orm import Mapped, mapped_column\n"


@pytest.mark.parametrize(
    "text",
    [
        "class Book(Base):\n    __tablename__ = 'book'",
        "class Whatever(Base):\n    __tablename__: str = 'book'",
        f"class Book(Base):\n{COLUMNS}",
        "class Book(Base):\n    id = Column(Integer, primary_key=True)",
        "class Book(Base):\n    id = db.Column(db.Integer, primary_key=True)",
        "class Book(SQLModel, table=True):\n    id: int | None = None",
        f"class Book(Base):\n    @declared_attr\n    def __tablename__(cls): ...\n{COLUMNS}",
        "book = Table('book', metadata, Column('id', Integer))",
        "book = sa.Table(name='book', metadata=metadata)",
    ],
)
def test_a_file_of_the_package_counts_whose_base_nobody_can_tell(shop, tmp_path, text):
    file = shop("app/more/books.py", text)

    assert found(tmp_path) == file


@pytest.mark.parametrize(
    "text",
    [
        f"from app.db import Base\nclass Book(Base):\n{COLUMNS}",
        "from app.db import Base\nclass Book(Base, table=True): ...",
        "from app.db import Base\nclass Book(Columns, Base): ...",
        "from app import db\nclass Book(db.Model): ...",
        "from .app.db import Base as B\nclass Book(B):\n    __tablename__ = 'book'",
        "import app.db\nclass Book(app.db.Base): ...",
        "import app.db as d\nclass Book(d.db.Model): ...",
        "from app.db import Base\nclass Own(Base):\n    __abstract__ = True\nclass Book(Own): ...",
        "from app.db import metadata as m\nbook = Table('book', m)",
        "from app.db import Base\nbook = Table('book', Base.metadata)",
    ],
)
@pytest.mark.parametrize("path", ["books.py", "billing/deep/books.py"])
def test_a_file_outside_of_the_package_counts_whose_base_is_this_one(shop, tmp_path, text, path):
    if "from ." in text and "/" in path:
        path, text = "billing/books.py", text.replace("from .", "from ..")
    file = shop(path, text)

    assert found(tmp_path) == file


@pytest.mark.parametrize(
    "text",
    [
        f"from elsewhere import Base\nclass Book(Base):\n{COLUMNS}",
        "from app.db import Other\nclass Book(Other):\n    __tablename__ = 'book'",
        "from app.db import Base\nclass Book(Base):\n    __tablename__ = 'volume'",
        "from app.db import Base\nclass Book(Base):\n    __abstract__ = True",
        "from app.db import Base\nclass Shelf(Base):\n    book: Mapped[int]",
        "book = Table('book', MetaData())",
        "from app.db import Base\n'book'",
        "from app.db import Base\nclass Book(Base:",
        "from app.db import Base\nclass Book: ...",
    ],
)
def test_a_file_outside_of_the_package_does_not_count_otherwise(shop, tmp_path, text):
    shop("billing/books.py", text)

    assert found(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [
        "from app.db import Other\nclass Book(Other):\n    __tablename__ = 'book'",
        f"class Base(DeclarativeBase): ...\nclass Book(Base):\n{COLUMNS}",
        "Base = declarative_base()\nclass Book(Base):\n    __tablename__ = 'book'",
        "metadata = MetaData()\nbook = Table('book', metadata)",
        "book = Table('book', sa.MetaData())",
        "class Book:\n    id = Column(Integer)",
        "class Book(Schema):\n    id = Field()",
    ],
)
def test_a_file_of_the_package_does_not_count_whose_base_is_another(shop, tmp_path, text):
    shop("app/more/books.py", f"from sqlalchemy.orm import DeclarativeBase\n{text}")

    assert found(tmp_path) is None


@pytest.mark.parametrize(
    "path",
    [
        "tests/books.py",
        "app/tests/books.py",
        "app/test_books.py",
        "conftest.py",
        "build/lib/app/books.py",
        ".venv/books.py",
        "env/lib/books.py",
        "migrations/books.py",
    ],
)
def test_files_that_are_no_applications_models_do_not_count(shop, tmp_path, path):
    shop("env/pyvenv.cfg", "")
    shop(path, "from app.db import Base\nclass Book(Base):\n    __tablename__ = 'book'")

    assert found(tmp_path) is None


@pytest.mark.parametrize("table", ["bookshelf", "book_shelf", "bookshelfs", "book_shelfs"])
def test_a_class_names_its_table_in_words(shop, tmp_path, table):
    file = shop(
        "shelves.py", f"from app.db import Base\n{IMPORTS}class BookShelf(Base):\n{COLUMNS}"
    )

    assert found(tmp_path, table) == file
    assert found(tmp_path, "shelf") is None


def test_what_is_imported_does_not_count(shop, tmp_path):
    shop("books.py", f"from app.db import Base\n{IMPORTS}class Book(Base):\n{COLUMNS}")
    import_user_module("books", "a test")

    assert found(tmp_path) is None
