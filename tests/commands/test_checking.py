"""check, three ways apart: pending revisions, changed models, a database changed by hand."""

from __future__ import annotations

import pytest

from tests.projects import revision_text
from tests.servers import asynchronous

TOML = '[tool.alembic-migrate]\nmetadata = "shop:metadata"\n'

MODELS = """
    from sqlalchemy import Column, Integer, MetaData, String, Table

    metadata = MetaData()
    book = Table(
        "book",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("title", String(50)),
        Column("year", Integer),
    )
    """
FIRST = (
    "op.create_table('book', sa.Column('id', sa.Integer, primary_key=True), "
    "sa.Column('title', sa.String(50)))"
)
SECOND = "op.add_column('book', sa.Column('year', sa.Integer))"


@pytest.fixture
def shop(project, database_url):
    """A project of two revisions and the model that they make, and how to reach its database."""
    made = project({"pyproject.toml": TOML, "shop.py": MODELS})
    made.write("migrations/versions/a.py", revision_text("aaa", upgrade=FIRST, message="books"))
    made.write("migrations/versions/b.py", revision_text("bbb", "aaa", upgrade=SECOND))
    return made, ("--url", database_url)


def test_models_are_compared_with_the_history_while_revisions_are_pending(shop, command):
    made, at = shop
    command(made, "upgrade", "aaa", *at)
    made.write("shop.py", MODELS.replace('Column("year"', 'Column("more", Integer), Column("year"'))

    assert command(made, "check", *at, status=4).stdout == (
        "Revision bbb is not in the database: a step\n"
        "  alembic-db upgrade\n"
        "The models were not compared, since revisions are pending: check --scratch compares them "
        "with the history\n"
    )
    for driver in (at[1], asynchronous(at[1])):
        assert command(made, "check", "--scratch", "--url", driver, status=4).stdout == (
            "Revision bbb is not in the database: a step\n"
            "  alembic-db upgrade\n"
            "No revision does this: add column book.more\n"
            "  alembic-db migrate --scratch\n"
        )


def test_what_was_changed_by_hand_is_told_apart_from_the_rest(shop, command):
    made, at = shop
    command(made, "upgrade", "aaa", *at)
    made.write("shop.py", MODELS.replace('Column("year"', 'Column("more", Integer), Column("year"'))
    made.execute(at[1], "ALTER TABLE book ADD note varchar(7)")
    made.execute(at[1], "CREATE INDEX ix_note ON book (note)")

    for driver in (at[1], asynchronous(at[1])):
        assert command(made, "check", "--drift", "--url", driver, status=4).stdout == (
            "Revision bbb is not in the database: a step\n"
            "  alembic-db upgrade\n"
            "No revision does this: add column book.more\n"
            "  alembic-db migrate --scratch\n"
            "Changed by hand: column book.note was added\n"
            "Changed by hand: index ix_note on book was added\n"
            "  take it back in the database, or write a revision that does it\n"
        )


RICH = """
    import datetime
    import enum

    import sqlalchemy as sa
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Mood(enum.Enum):
        good = 1
        bad = 2


    class Base(DeclarativeBase):
        pass


    class Author(Base):
        __tablename__ = "author"
        __table_args__ = (sa.CheckConstraint("length(name) > 1"), {"comment": "who writes"})

        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(sa.String(50), server_default="x", comment="their name")
        mood: Mapped[Mood] = mapped_column(sa.Enum(Mood, create_constraint=True), index=True)


    class Book(Base):
        __tablename__ = "book"
        __table_args__ = (
            sa.UniqueConstraint("title", "author_id"),
            sa.Index("ix_recent", "year", unique=True, postgresql_where=sa.text("year > 1"),
                     sqlite_where=sa.text("year > 1")),
            {"sqlite_autoincrement": True},
        )

        id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
        title: Mapped[str] = mapped_column(sa.String(100), unique=True)
        author_id: Mapped[int] = mapped_column(sa.ForeignKey("author.id", ondelete="CASCADE"))
        year: Mapped[int] = mapped_column(sa.SmallInteger, server_default=sa.text("7"))
        price: Mapped[float] = mapped_column(sa.Numeric(8, 2))
        twice: Mapped[float | None] = mapped_column(sa.Numeric(9, 2), sa.Computed("price * 2"))
        about: Mapped[dict] = mapped_column(sa.JSON)
        at: Mapped[datetime.datetime] = mapped_column(server_default=sa.func.now())
        ok: Mapped[bool] = mapped_column(sa.Boolean(create_constraint=True), default=True)
    """
RICH_TOML = '[tool.alembic-migrate]\nmetadata = "library:Base"\n'
MAKE = (
    "import sys, sqlalchemy, library; "
    "library.Base.metadata.create_all(sqlalchemy.create_engine(sys.argv[1]))"
)


def drift_of(made, command, at):
    """Return what was changed by hand; what models and history differ in is another matter."""
    found = command(made, "check", "--drift", "--format", "json", *at, status=None).json
    return [one for one in found["bases"][0]["findings"] if one["code"] == "drift"]


@pytest.fixture
def rich(project, command, database_url):
    """A project with models of many kinds and a revision that makes them, without a database."""
    made = project(
        {"pyproject.toml": RICH_TOML, "library.py": RICH, "migrations/versions/.keep": ""}
    )
    at = ("--url", database_url)
    command(made, "migrate", "--scratch", "--rev-id", "aaa", *at)
    assert made.tables(database_url) == []
    return made, at


def test_a_database_that_the_history_made_shows_no_drift(rich, command):
    made, at = rich
    command(made, "upgrade", *at)

    assert drift_of(made, command, at) == []


def test_a_database_that_create_all_made_shows_no_drift(rich, command):
    made, at = rich
    made.run(at[1], python=("-c", MAKE))
    command(made, "stamp", "head", *at)

    assert drift_of(made, command, at) == []


RENAMES = """
op.create_table('writer', sa.Column('id', sa.Integer, primary_key=True),
                sa.Column('mail', sa.String(9), unique=True), sa.Column('gone', sa.Integer))
op.create_table('volume', sa.Column('id', sa.Integer, primary_key=True),
                sa.Column('writer_id', sa.Integer, sa.ForeignKey('writer.id')),
                sa.Column('n', sa.Integer, server_default='3'))
op.create_table('tome', sa.Column('n', sa.Integer, sa.CheckConstraint('n > 0'), unique=True))
op.rename_table('tome', 'work')
with op.batch_alter_table('writer') as batch:
    batch.drop_column('gone')
op.rename_table('writer', 'author')
op.rename_table('volume', 'book')
with op.batch_alter_table('book') as batch:
    batch.alter_column('writer_id', new_column_name='author_id', existing_type=sa.Integer())
"""
STRAIGHT = """
op.create_table('author', sa.Column('mail', sa.String(9), unique=True),
                sa.Column('id', sa.Integer, primary_key=True))
op.create_table('work', sa.Column('n', sa.Integer, sa.CheckConstraint('n > 0'), unique=True))
op.create_table('book', sa.Column('n', sa.Integer, server_default='3'),
                sa.Column('id', sa.Integer, primary_key=True),
                sa.Column('author_id', sa.Integer, sa.ForeignKey('author.id')))
"""


def test_a_history_that_was_written_anew_shows_no_drift(project, command, database_url):
    files = {
        "pyproject.toml": TOML,
        "shop.py": "import sqlalchemy\nmetadata = sqlalchemy.MetaData()",
    }
    made, at = project(files), ("--url", database_url)
    made.write("migrations/versions/a.py", revision_text("aaa", upgrade=RENAMES))
    command(made, "upgrade", *at)
    made.write("migrations/versions/a.py", revision_text("aaa", upgrade=STRAIGHT))

    assert drift_of(made, command, at) == []


def test_each_change_by_hand_is_told_as_data(shop, command):
    made, at = shop
    command(made, "upgrade", *at)
    made.execute(at[1], "ALTER TABLE book ADD note varchar(7) DEFAULT 'x' NOT NULL")
    made.execute(at[1], "CREATE UNIQUE INDEX ix_note ON book (note)")

    [base] = command(made, "--format", "json", "check", "--drift", *at, status=4).json["bases"]

    backend = at[1].partition(":")[0].partition("+")[0]
    facts = {
        "sqlite": {"type": "VARCHAR(7)", "nullable": False, "default": "'x'"},
        "mysql": {
            "type": "varchar(7)",
            "nullable": False,
            "default": "'x'",
            "comment": None,
            "collation": None,
        },
        "postgresql": {
            "type": "character varying(7)",
            "nullable": False,
            "default": "'x'::character varying",
            "comment": None,
            "collation": None,
        },
    }
    index = {
        "sqlite": {"unique": True, "columns": ["note"]},
        "mysql": {"unique": True, "columns": ["note"], "type": "BTREE", "comment": None},
        "postgresql": {"unique": True, "definition": "btree (note)"},
    }
    nothing = dict.fromkeys(("schema", "column", "index", "constraint", "from"))
    hint = "take it back in the database, or write a revision that does it"
    assert base["findings"] == [
        {
            "code": "drift",
            "message": "changed by hand: column book.note was added",
            "hint": hint,
            "data": {
                **nothing,
                "kind": "add_column",
                "change": "column book.note was added",
                "table": "book",
                "column": "note",
                "to": facts[backend],
                "name": "note",
            },
        },
        {
            "code": "drift",
            "message": "changed by hand: index ix_note on book was added",
            "hint": hint,
            "data": {
                **nothing,
                "kind": "add_index",
                "change": "index ix_note on book was added",
                "table": "book",
                "index": "ix_note",
                "to": index[backend],
                "name": "ix_note",
            },
        },
    ]
    del base["findings"], base["database"]
    assert base == {
        "base": "default",
        "compared": True,
        "left_out": [],
        "drift": True,
        "unowned": [],
    }
