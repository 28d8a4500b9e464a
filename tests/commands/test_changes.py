"""Each difference between models and database as plain JSON."""

from __future__ import annotations

from typing import Any

import pytest

TOML = '[tool.alembic-migrate]\nmetadata = "shop:metadata"\ncompare_server_default = true\n'

BEFORE = """
    from sqlalchemy import (
        Column, ForeignKeyConstraint, Index, Integer, MetaData, String, Table, UniqueConstraint,
        func, text,
    )

    metadata = MetaData()

    Table("old", metadata, Column("id", Integer, primary_key=True))
    author = Table("author", metadata, Column("id", Integer, primary_key=True))
    Table(
        "book",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("title", String(50)),
        Column("price", Integer, server_default="0", nullable=False),
        Column("gone", String(20), server_default="x", nullable=False),
        Column("author_id", Integer),
        Index("ix_title", "title"),
        UniqueConstraint("title", name="uq_title"),
    )
    """

AFTER = """
    from sqlalchemy import (
        Column, ForeignKeyConstraint, Index, Integer, MetaData, String, Table, UniqueConstraint,
        func, text,
    )

    metadata = MetaData()

    Table("new", metadata, Column("id", Integer, primary_key=True), Column("name", String(5)))
    author = Table("author", metadata, Column("id", Integer, primary_key=True))
    book = Table(
        "book",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("title", String(100), nullable=False),
        Column("price", Integer, server_default="1", nullable=False),
        Column("year", Integer, server_default=text("7")),
        Column("author_id", Integer),
        ForeignKeyConstraint(["author_id"], ["author.id"], name="fk_author"),
        UniqueConstraint("price", "title", name="uq_price"),
    )
    Index("ix_lower", func.lower(book.c.title), book.c.price, unique=True)
    """


def found(kind: str, change: str, **given: Any) -> dict[str, Any]:
    """Return the finding of a change; what is not given of its data is null."""
    keys = ("schema", "table", "column", "index", "constraint", "from", "to")
    return {
        "code": "model-change",
        "message": f"no revision does this: {change}",
        "hint": "alembic-db migrate",
        "data": {"kind": kind, "change": change, **dict.fromkeys(keys), **given},
    }


def of_book(kind: str, change: str, **given: Any) -> dict[str, Any]:
    return found(kind, change, table="book", **given)


ON_ALL = [
    found("add_table", "add table new", table="new", to={"columns": ["id", "name"]}),
    found("remove_table", "remove table old", table="old", **{"from": {"columns": ["id"]}}),
    of_book(
        "add_column",
        "add column book.year",
        column="year",
        to={"type": "INTEGER", "nullable": True, "default": "7"},
    ),
    of_book(
        "modify_type",
        "change type of book.title: VARCHAR(50) -> VARCHAR(100)",
        column="title",
        **{"from": "VARCHAR(50)", "to": "VARCHAR(100)"},
    ),
    of_book(
        "modify_nullable",
        "change nullable of book.title: True -> False",
        column="title",
        **{"from": True, "to": False},
    ),
    of_book(
        "remove_index",
        "remove index ix_title on book(title)",
        index="ix_title",
        **{"from": {"columns": ["title"], "unique": False}},
    ),
    of_book(
        "add_constraint",
        "add unique constraint uq_price on book(price, title)",
        constraint="uq_price",
        to={"type": "unique constraint", "columns": ["price", "title"]},
    ),
    of_book(
        "add_fk",
        "add foreign key fk_author on book(author_id)",
        constraint="fk_author",
        to={"type": "foreign key", "columns": ["author_id"], "references": ["author.id"]},
    ),
]


def gone(default: str) -> dict[str, Any]:
    facts = {"type": "VARCHAR(20)", "nullable": False, "default": default}
    return of_book("remove_column", "remove column book.gone", column="gone", **{"from": facts})


def default(before: str) -> dict[str, Any]:
    change = f"change default of book.price: {before} -> 1"
    return of_book("modify_default", change, column="price", **{"from": before, "to": "1"})


NO_MORE_UNIQUE = of_book(
    "remove_constraint",
    "remove unique constraint uq_title on book(title)",
    constraint="uq_title",
    **{"from": {"type": "unique constraint", "columns": ["title"]}},
)
# A unique constraint of MariaDB's is an index.
NO_MORE_UNIQUE_INDEX = of_book(
    "remove_index",
    "remove index uq_title on book(title)",
    index="uq_title",
    **{"from": {"columns": ["title"], "unique": True}},
)
BY_AN_EXPRESSION = of_book(
    "add_index",
    "add index ix_lower on book(lower(book.title), price)",
    index="ix_lower",
    to={"columns": ["lower(book.title)", "price"], "unique": True},
)

EXPECTED = {
    # Alembic compares no indexes of expressions on SQLite.
    "sqlite": [*ON_ALL, default("'0'"), gone("'x'"), NO_MORE_UNIQUE],
    "postgresql": [
        *ON_ALL,
        default("0"),
        gone("'x'::character varying"),
        NO_MORE_UNIQUE,
        BY_AN_EXPRESSION,
    ],
    "mysql": [
        *ON_ALL,
        default("0"),
        gone("'x'"),
        NO_MORE_UNIQUE_INDEX,
        BY_AN_EXPRESSION,
    ],
}


@pytest.fixture
def changed(project, command, database_url):
    made = project({"pyproject.toml": TOML, "shop.py": BEFORE, "migrations/versions/.keep": ""})
    at = ("--url", database_url)
    command(made, "migrate", *at, "-m", "first", "--rev-id", "aaa")
    command(made, "upgrade", *at)
    made.write("shop.py", AFTER)
    return made, at


def test_check_tells_each_change_as_data(changed, command):
    made, at = changed

    answer = command(made, "--format", "json", "check", *at, status=4).json

    [base] = answer["bases"]
    backend = at[1].partition(":")[0].partition("+")[0]
    order = sorted(EXPECTED[backend], key=lambda finding: str(finding["message"]))
    assert sorted(base["findings"], key=lambda finding: str(finding["message"])) == order
