"""Catalogues: equal databases are equal however they came about; each change by hand is told."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import sqlalchemy
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from alembic_migrate.databases.catalogue.comparing import Difference, compare
from alembic_migrate.databases.catalogue.items import Catalogue
from alembic_migrate.databases.catalogue.reading import read_catalogue
from alembic_migrate.databases.catalogue.texts import clauses
from alembic_migrate.databases.connecting import run_on
from tests.servers import asynchronous


@pytest.fixture
def two(request, tmp_path):
    """``two(kind)`` gives the URLs of two empty databases of one server."""
    with ExitStack() as stack:

        def make(kind: str) -> tuple[str, str]:
            if kind == "sqlite":
                return f"sqlite:///{tmp_path / 'one.db'}", f"sqlite:///{tmp_path / 'two.db'}"
            server = request.getfixturevalue(f"{kind}_server")
            one, other = (stack.enter_context(server.database()) for _ in range(2))
            return one, other

        yield make


def filled(url: str, statements: tuple[str, ...]) -> Catalogue:
    """Run statements and return what the database holds then."""
    engine = sqlalchemy.create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()
        return read_catalogue(connection)


def told(one: Difference) -> tuple[object, ...]:
    return (one.verb, one.item.kind, one.item.table, one.item.name, one.fact, one.before, one.after)


POSTGRESQL = (
    "CREATE TYPE mood AS ENUM ('good', 'bad')",
    "CREATE DOMAIN positive AS integer DEFAULT 1 CHECK (VALUE > 0)",
    "CREATE SEQUENCE numbers INCREMENT 5",
    "CREATE TABLE author (id serial PRIMARY KEY, name varchar(50) NOT NULL DEFAULT 'x')",
    (
        "CREATE TABLE book (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text,"
        " author_id integer REFERENCES author ON DELETE CASCADE, mood mood DEFAULT 'good',"
        " price numeric(8, 2) CHECK (price > 0), at timestamptz DEFAULT now(),"
        " tags jsonb DEFAULT '{}', twice numeric GENERATED ALWAYS AS (price * 2) STORED,"
        " n positive, UNIQUE (title, author_id),"
        ' code text COLLATE "C", EXCLUDE USING btree (title WITH =))'
    ),
    "COMMENT ON TABLE book IS 'books'",
    "COMMENT ON COLUMN book.title IS 'its title'",
    "CREATE INDEX ix_lower ON book (lower(title) DESC NULLS LAST)",
    "CREATE UNIQUE INDEX ix_partial ON book (author_id) WHERE price > 10 AND mood = 'good'",
    "CREATE VIEW titles AS SELECT title FROM book WHERE price > 1",
    "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER watch BEFORE UPDATE ON book FOR EACH ROW EXECUTE FUNCTION nothing()",
    "CREATE TABLE event (day date NOT NULL, n integer) PARTITION BY RANGE (day)",
    "CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    "CREATE INDEX ix_event ON event (n)",
    "CREATE SCHEMA archive",
    "CREATE TABLE archive.book (id integer PRIMARY KEY)",
)
# The same with another past: other column orders, renamed tables, columns that came and went.
POSTGRESQL_OTHERWISE = (
    "CREATE EXTENSION IF NOT EXISTS plpgsql",
    "CREATE TYPE mood AS ENUM ('good')",
    "ALTER TYPE mood ADD VALUE 'bad'",
    "CREATE DOMAIN positive AS integer DEFAULT 1 CHECK (VALUE > 0)",
    "CREATE SEQUENCE numbers INCREMENT 5 START 77",
    "CREATE TABLE writer (gone integer, name varchar(50), id serial PRIMARY KEY)",
    "ALTER TABLE writer RENAME TO author",
    "ALTER TABLE author DROP COLUMN gone, ALTER name SET DEFAULT 'x', ALTER name SET NOT NULL",
    "CREATE TABLE volume (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, author_id integer)",
    "ALTER TABLE volume RENAME TO book",
    'ALTER TABLE book ADD code text COLLATE "C", ADD n positive, ADD price numeric(8, 2)',
    "ALTER TABLE book ADD tags jsonb DEFAULT '{}'::jsonb, ADD name varchar(5), ADD at timestamptz",
    "ALTER TABLE book RENAME name TO title",
    "ALTER TABLE book ALTER title TYPE text, ALTER at SET DEFAULT now()",
    "ALTER TABLE book ADD CONSTRAINT book_price_check1 CHECK (price > 0)",
    "ALTER TABLE book ADD UNIQUE (title, author_id), ADD mood mood DEFAULT 'good'::mood",
    "ALTER TABLE book ADD FOREIGN KEY (author_id) REFERENCES author (id) ON DELETE CASCADE",
    "ALTER TABLE book ADD twice numeric GENERATED ALWAYS AS (price * 2) STORED",
    "ALTER TABLE book ADD EXCLUDE USING btree (title WITH =)",
    "COMMENT ON COLUMN book.title IS 'its title'",
    "COMMENT ON TABLE book IS 'books'",
    "CREATE INDEX ix_lower ON book (LOWER(title) DESC NULLS LAST)",
    "CREATE UNIQUE INDEX ix_partial ON book (author_id) WHERE (price > 10) AND (mood = 'good')",
    "CREATE VIEW titles AS SELECT book.title FROM book WHERE book.price > 1",
    "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER watch BEFORE UPDATE ON book FOR EACH ROW EXECUTE PROCEDURE nothing()",
    "CREATE TABLE event (n integer, day date NOT NULL) PARTITION BY RANGE (day)",
    "CREATE INDEX ix_event ON event (n)",
    "CREATE TABLE event_1 (n integer, day date NOT NULL)",
    "ALTER TABLE event ATTACH PARTITION event_1 FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    "CREATE SCHEMA archive",
    "CREATE TABLE archive.book (id integer PRIMARY KEY)",
    "CREATE TEMPORARY TABLE passing (id integer)",
)

MARIADB = (
    (
        "CREATE TABLE author (id integer PRIMARY KEY AUTO_INCREMENT, name varchar(50) NOT NULL"
        " DEFAULT 'x' COMMENT 'their name')"
    ),
    (
        "CREATE TABLE book (id bigint PRIMARY KEY AUTO_INCREMENT, title varchar(100), about json,"
        " author_id integer, mood enum('good', 'bad') DEFAULT 'good', price decimal(8, 2),"
        " at datetime DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, flag bool DEFAULT 0,"
        " twice decimal(9, 2) AS (price * 2) STORED, FOREIGN KEY (author_id) REFERENCES author (id)"
        " ON DELETE CASCADE, CHECK (price > 0), UNIQUE (title, author_id)) COMMENT 'books'"
    ),
    "CREATE INDEX ix_title ON book (title(10))",
    "CREATE VIEW titles AS SELECT title FROM book WHERE price > 1",
    "CREATE TRIGGER watch BEFORE INSERT ON author FOR EACH ROW SET NEW.name = 'y'",
    "CREATE PROCEDURE nothing() SELECT title FROM book",
)
MARIADB_OTHERWISE = (
    "CREATE TABLE writer (gone integer, name varchar(50), id integer PRIMARY KEY AUTO_INCREMENT)",
    "RENAME TABLE writer TO author",
    (
        "ALTER TABLE author DROP COLUMN gone, MODIFY name varchar(50) NOT NULL DEFAULT 'x'"
        " COMMENT 'their name'"
    ),
    (
        "CREATE TABLE volume (author_id integer, id bigint PRIMARY KEY AUTO_INCREMENT,"
        " FOREIGN KEY (author_id) REFERENCES author (id) ON DELETE CASCADE)"
    ),
    "ALTER TABLE volume RENAME TO book",
    "ALTER TABLE book ADD name varchar(5), ADD flag tinyint(1) DEFAULT false, ADD about json",
    "ALTER TABLE book CHANGE name title varchar(100), ADD price decimal(8, 2)",
    "ALTER TABLE book ADD mood enum('good', 'bad') DEFAULT 'good', COMMENT 'books'",
    "ALTER TABLE book ADD at datetime DEFAULT NOW() ON UPDATE NOW()",
    "ALTER TABLE book ADD twice decimal(9, 2) AS (price * 2) STORED, ADD CHECK (price > 0)",
    "ALTER TABLE book ADD UNIQUE title_2 (title, author_id), ADD INDEX ix_title (title(10))",
    "CREATE VIEW titles AS SELECT book.title FROM book WHERE book.price > 1",
    "CREATE TRIGGER watch BEFORE INSERT ON author FOR EACH ROW SET NEW.name = 'y'",
    "CREATE PROCEDURE nothing() SELECT title FROM book",
)

SQLITE = (
    (
        "CREATE TABLE author (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(50) NOT NULL"
        " DEFAULT 'x')"
    ),
    (
        "CREATE TABLE book (id INTEGER NOT NULL, title TEXT, author_id INTEGER,"
        " price NUMERIC(8, 2), at DATETIME DEFAULT CURRENT_TIMESTAMP, n INTEGER DEFAULT (1 + 1),"
        " twice INTEGER GENERATED ALWAYS AS (n * 2) STORED, PRIMARY KEY (id),"
        " CONSTRAINT positive CHECK (price > 0), UNIQUE (title, author_id),"
        " FOREIGN KEY(author_id) REFERENCES author (id) ON DELETE CASCADE)"
    ),
    "CREATE INDEX ix_title ON book (title COLLATE NOCASE DESC)",
    "CREATE INDEX ix_lower ON book (lower(title))",
    "CREATE UNIQUE INDEX ix_partial ON book (author_id) WHERE price > 10",
    "CREATE VIEW titles AS SELECT title FROM book",
    "CREATE TRIGGER watch AFTER INSERT ON book BEGIN DELETE FROM author; END",
    "CREATE TABLE strict (id INTEGER PRIMARY KEY, name TEXT) STRICT, WITHOUT ROWID",
)
# As batch operations leave a table behind.
SQLITE_OTHERWISE = (
    (
        'CREATE TABLE "author" (id INTEGER PRIMARY KEY AUTOINCREMENT,'
        " name VARCHAR(50) DEFAULT ('x') NOT NULL)"
    ),
    (
        'CREATE TABLE "_alembic_tmp_book" (\n\tat datetime DEFAULT (CURRENT_TIMESTAMP), \n\t'
        "n INTEGER DEFAULT ((1 + 1)), \n\ttwice INTEGER GENERATED ALWAYS AS (n * 2) STORED, \n\t"
        "price NUMERIC( 8,2 ), \n\ttitle TEXT, \n\tauthor_id INTEGER, \n\tid INTEGER NOT NULL,\n\t"
        "PRIMARY KEY (id), \n\tUNIQUE (title, author_id), \n\t"
        "CONSTRAINT positive CHECK (price > 0),"
        ' \n\tFOREIGN KEY(author_id) REFERENCES "author" (id) ON DELETE CASCADE\n)'
    ),
    'ALTER TABLE "_alembic_tmp_book" RENAME TO book',
    'CREATE INDEX "ix_title" ON "book" ("title" COLLATE NOCASE DESC)',
    'CREATE INDEX ix_lower ON "book" (lower("title"))',
    "CREATE UNIQUE INDEX ix_partial ON book (author_id) WHERE  price > 10",
    'CREATE VIEW "titles" AS SELECT "title"\nFROM book',
    "CREATE TRIGGER watch AFTER INSERT ON book BEGIN DELETE FROM author; END",
    "CREATE TABLE strict (name TEXT, id INTEGER PRIMARY KEY) WITHOUT ROWID, STRICT",
)


@pytest.mark.parametrize(
    ("kind", "statements", "otherwise"),
    [
        ("postgresql", POSTGRESQL, POSTGRESQL_OTHERWISE),
        ("mariadb", MARIADB, MARIADB_OTHERWISE),
        ("sqlite", SQLITE, SQLITE_OTHERWISE),
    ],
)
def test_databases_are_equal_that_came_about_in_different_ways(two, kind, statements, otherwise):
    one, other = two(kind)
    first, second = filled(one, statements), filled(other, otherwise)

    assert [told(each) for each in compare(first, second)] == []
    assert {item.kind for item in first.items.values()} >= {"table", "column", "index", "view"}
    assert len(first.items) == len(second.items)


def test_checks_are_read_from_a_tables_text():
    sql = """
        CREATE TABLE t (a TEXT DEFAULT 'CHECK (no)' CHECK (a <> ')'), "check" INTEGER,
        CONSTRAINT "named" CHECK ( (a IS NULL) OR length( a )>1 ), -- CHECK (nor this)
        /* CHECK (nor that) */ check("check" > 0))
        """
    assert list(clauses(sql, "CHECK")) == [
        (None, "a <> ')'"),
        ("named", "(a IS NULL)OR length(a)>1"),
        (None, "check > 0"),
    ]
    assert list(clauses("UNIQUE (a), CONSTRAINT [b] UNIQUE(`a`, b)", "UNIQUE")) == [
        (None, "a"),
        ("b", "a,b"),
    ]


@pytest.mark.parametrize("driver", ["asyncpg", "aiomysql", "aiosqlite"])
def test_asynchronous_drivers_tell_the_same(two, driver):
    kind = {"asyncpg": "postgresql", "aiomysql": "mariadb", "aiosqlite": "sqlite"}[driver]
    one, _ = two(kind)
    expected = filled(one, STATEMENTS[kind])

    assert run_on(make_url(asynchronous(one)), read_catalogue) == expected


def added(kind, table, name, **facts):
    return ("add", kind, table, name, None, None, facts)


POSTGRESQL_CHANGES = {
    "ALTER TABLE author ALTER name TYPE varchar(60)": (
        "change",
        "column",
        "author",
        "name",
        "type",
        "character varying(50)",
        "character varying(60)",
    ),
    "ALTER TABLE author ALTER name DROP NOT NULL": (
        "change",
        "column",
        "author",
        "name",
        "nullable",
        False,
        True,
    ),
    "ALTER TABLE author ALTER name SET DEFAULT 'y'": (
        "change",
        "column",
        "author",
        "name",
        "default",
        "'x'::character varying",
        "'y'::character varying",
    ),
    "COMMENT ON TABLE book IS NULL": ("change", "table", None, "book", "comment", "books", None),
    "ALTER TABLE book ALTER id SET GENERATED BY DEFAULT": (
        "change",
        "column",
        "book",
        "id",
        "identity",
        "always",
        "by default",
    ),
    "ALTER TABLE author ALTER id DROP DEFAULT": (
        "change",
        "column",
        "author",
        "id",
        "default",
        "nextval of its own sequence",
        None,
    ),
    "ALTER TYPE mood ADD VALUE 'so so' AFTER 'good'": (
        "change",
        "type",
        None,
        "mood",
        "values",
        ["good", "bad"],
        ["good", "so so", "bad"],
    ),
    "ALTER TABLE book DISABLE TRIGGER watch": (
        "change",
        "trigger",
        "book",
        "watch",
        "enabled",
        True,
        False,
    ),
    "ALTER TABLE author ADD CONSTRAINT short CHECK (length(name) < 9)": added(
        "constraint",
        "author",
        "short",
        type="check",
        definition="CHECK ((length((name)::text) < 9))",
    ),
    "ALTER TABLE book RENAME CONSTRAINT book_author_id_fkey TO mine": (
        "rename",
        "constraint",
        "book",
        "mine",
        "name",
        "book_author_id_fkey",
        "mine",
    ),
    "ALTER INDEX ix_lower RENAME TO ix_low": (
        "rename",
        "index",
        "book",
        "ix_low",
        "name",
        "ix_lower",
        "ix_low",
    ),
    "CREATE INDEX more ON book (title) WHERE title <> ''": added(
        "index", "book", "more", unique=False, definition="btree (title) WHERE (title <> ''::text)"
    ),
    "ALTER TABLE archive.book ADD n integer": added(
        "column",
        "book",
        "n",
        type="integer",
        nullable=True,
        default=None,
        comment=None,
        collation=None,
    ),
    "DROP VIEW titles": (
        "remove",
        "view",
        None,
        "titles",
        None,
        {
            "materialized": False,
            "definition": "SELECT title\n   FROM book\n  WHERE (price > (1)::numeric);",
        },
        None,
    ),
    "CREATE TABLE another (id serial PRIMARY KEY)": added("table", None, "another", comment=None),
    "ALTER SEQUENCE numbers INCREMENT 6": (
        "change",
        "sequence",
        None,
        "numbers",
        "increment",
        5,
        6,
    ),
}

MARIADB_CHANGES = {
    "ALTER TABLE author MODIFY name varchar(60) NOT NULL DEFAULT 'x' COMMENT 'their name'": (
        "change",
        "column",
        "author",
        "name",
        "type",
        "varchar(50)",
        "varchar(60)",
    ),
    "ALTER TABLE author MODIFY name varchar(60) NOT NULL DEFAULT 'y' COMMENT 'their name'": (
        "change",
        "column",
        "author",
        "name",
        "default",
        "'x'",
        "'y'",
    ),
    "ALTER TABLE book MODIFY mood enum('good', 'bad', 'so so') DEFAULT 'good'": (
        "change",
        "column",
        "book",
        "mood",
        "type",
        "enum('good','bad')",
        "enum('good','bad','so so')",
    ),
    "ALTER TABLE book COMMENT 'volumes'": (
        "change",
        "table",
        None,
        "book",
        "comment",
        "books",
        "volumes",
    ),
    "ALTER TABLE book DROP FOREIGN KEY book_ibfk_1": (
        "remove",
        "constraint",
        "book",
        "book_ibfk_1",
        None,
        {
            "type": "foreign key",
            "columns": ["author_id"],
            "references": ["author.id"],
            "on update": None,
            "on delete": "CASCADE",
        },
        None,
    ),
    "ALTER TABLE book ENGINE = MyISAM": (
        "change",
        "table",
        None,
        "book",
        "engine",
        "InnoDB",
        "MyISAM",
    ),
    "ALTER TABLE book DROP INDEX ix_title, ADD INDEX ix_title (title(20))": (
        "change",
        "index",
        "book",
        "ix_title",
        "columns",
        ["title(10)"],
        ["title(20)"],
    ),
    "ALTER TABLE author ADD CONSTRAINT short CHECK (length(name) < 9)": added(
        "constraint", "author", "short", type="check", definition="octet_length(`name`) < 9"
    ),
    "ALTER TABLE book MODIFY title varchar(100) COLLATE latin1_bin": (
        "change",
        "column",
        "book",
        "title",
        "collation",
        None,
        "latin1_bin",
    ),
    "DROP TRIGGER watch": (
        "remove",
        "trigger",
        "author",
        "watch",
        None,
        {"when": "BEFORE INSERT", "definition": "SET NEW.name = 'y'"},
        None,
    ),
}

SQLITE_CHANGES = {
    "ALTER TABLE book ADD note VARCHAR(5) NOT NULL DEFAULT ''": added(
        "column", "book", "note", type="VARCHAR(5)", nullable=False, default="''"
    ),
    "CREATE INDEX more ON book (title) WHERE price > 1": added(
        "index",
        "book",
        "more",
        unique=False,
        columns=["title"],
        where="price > 1",
    ),
    "DROP TRIGGER watch": (
        "remove",
        "trigger",
        "book",
        "watch",
        None,
        {"definition": "AFTER INSERT ON book BEGIN DELETE FROM author; END"},
        None,
    ),
    "CREATE TABLE another (id INTEGER)": added("table", None, "another"),
}
CHANGES = {"postgresql": POSTGRESQL_CHANGES, "mariadb": MARIADB_CHANGES, "sqlite": SQLITE_CHANGES}
STATEMENTS = {"postgresql": POSTGRESQL, "mariadb": MARIADB, "sqlite": SQLITE}


@pytest.mark.parametrize("kind", ["postgresql", "mariadb", "sqlite"])
def test_each_change_by_hand_is_told(two, kind):
    one, _ = two(kind)
    before = filled(one, STATEMENTS[kind])
    for statement, change in CHANGES[kind].items():
        after = filled(one, (statement,))

        assert [told(each) for each in compare(before, after)] == [change], statement
        assert compare(after, after) == ()
        before = after


def made(url: str, *statements: str, everything: bool = False) -> list[tuple[str, str, str]]:
    """Return what statements add, remove or change in a database."""
    engine = sqlalchemy.create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        before = read_catalogue(connection, everything=everything)
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()
        after = read_catalogue(connection, everything=everything)
    return [(one.verb, one.item.kind, one.item.name) for one in compare(before, after)]


def test_types_policies_and_rules_of_postgresqls_are_told(postgresql_url):
    found = made(
        postgresql_url,
        "CREATE TYPE pair AS (a integer, b text)",
        "CREATE TYPE span AS RANGE (subtype = date)",
        "CREATE TABLE book (id integer)",
    )
    expected = [("add", "table", "book"), ("add", "type", "pair"), ("add", "type", "span")]
    assert [one for one in found if "multirange" not in one[2]] == expected
    found = made(
        postgresql_url,
        "CREATE POLICY own ON book USING (id = 1)",
        "CREATE RULE quiet AS ON DELETE TO book DO INSTEAD NOTHING",
    )
    assert found == [("add", "policy", "own"), ("add", "rule", "quiet")]


@pytest.mark.parametrize(
    ("everything", "expected"), [(False, []), (True, [("add", "schema", "other")])]
)
def test_schemas_are_told_where_everything_is_asked_for(postgresql_url, everything, expected):
    assert made(postgresql_url, "CREATE SCHEMA other", everything=everything) == expected


def test_a_table_of_sqlites_that_is_made_anew_is_read_anew(sqlite_url):
    assert made(sqlite_url, "CREATE TABLE t (a INTEGER, b TEXT)") == [("add", "table", "t")]
    assert made(sqlite_url, "ALTER TABLE t DROP COLUMN b") == [("remove", "column", "b")]
    assert made(sqlite_url, "ALTER TABLE t ADD COLUMN b TEXT") == [("add", "column", "b")]
